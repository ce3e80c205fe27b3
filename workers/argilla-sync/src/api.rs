//! The HTTP side, for operators: `POST /sync`, `GET /syncs`, `GET /healthz`, all behind the admin token.

use living_kit::{Problem, QueryString, log};
use serde::{Deserialize, Serialize};

use crate::{Copy, Failure, Refused, Report, Source, Sources, Task};

/// Which datasets to sync, of those that are configured: all, or those of a name or workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SyncRequest {
    dataset: Option<String>,
    workspace: Option<String>,
    /// Write all records, changed or not. One whose scan is under way goes on with that.
    whole: bool,
}

impl SyncRequest {
    pub(crate) fn parse(body: &str) -> Result<Self, Problem> {
        if body.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(body).map_err(|error| Problem::bad_request(format!("body: {error}")))
    }

    fn wants(&self, source: &Source) -> bool {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        fits(&self.dataset, &source.name) && fits(&self.workspace, &source.workspace)
    }

    /// The messages that begin what is asked for.
    pub(crate) fn tasks(&self, sources: &Sources, copies: &[Copy]) -> Vec<Task> {
        let wanted = sources.sources.iter().filter(|source| self.wants(source));
        let task = |source: &Source, copy| Task {
            copy,
            source: source.clone(),
            whole: self.whole,
            generation: None,
            looks: 0,
        };
        wanted.flat_map(|source| copies.iter().map(move |copy| task(source, *copy))).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SyncReply {
    queued: Vec<Queued>,
    refused: Vec<Refused>,
    note: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Queued {
    copy: Copy,
    #[serde(flatten)]
    source: Source,
}

impl SyncReply {
    pub(crate) fn new(tasks: Vec<Task>, refused: Vec<Refused>) -> Self {
        let queued = tasks.into_iter().map(|Task { copy, source, .. }| Queued { copy, source }).collect();
        Self { queued, refused, note: "GET /syncs says what becomes of it" }
    }
}

/// Datasets that are published and not read, for the log.
pub(crate) fn log_refused(refused: &[Refused]) {
    for Refused { workspace, name, reason } in refused {
        log::error("dataset_refused").with("workspace", workspace).with("dataset", name).with("reason", reason).write();
    }
}

/// What of Argilla's error a client is told.
pub(crate) fn problem(failure: &Failure) -> Problem {
    match failure {
        Failure::Argilla(error) if !error.is_passing() => {
            Problem::new(502, "Bad gateway", "Argilla refuses to be read: the Worker's log says why").because(error)
        }
        failure => Problem::unavailable().because(failure),
    }
}

/// `GET /syncs?cursor=…`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Syncs {
    pub(crate) syncs: Vec<Report>,
    /// Where the next page begins, if there is one.
    pub(crate) cursor: Option<String>,
}

/// The cursor of a request for a page.
pub(crate) fn cursor(pairs: impl Iterator<Item = (String, String)>) -> Result<Option<String>, Problem> {
    let query = QueryString::parse(pairs)?;
    query.only(&["cursor"])?;
    Ok(query.get("cursor").map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn sources() -> Sources {
        let source = |n, workspace: &str, name: &str| Source {
            id: Uuid::from_u128(n),
            workspace: workspace.into(),
            name: name.into(),
            folder: name.into(),
        };
        Sources { sources: vec![source(1, "a", "x"), source(2, "a", "y"), source(3, "b", "z")], refused: Vec::new() }
    }

    #[test]
    fn a_request_names_what_it_wants() {
        let asked = |body: &str| {
            let tasks = SyncRequest::parse(body).unwrap().tasks(&sources(), &[Copy::Parquet, Copy::Postgres]);
            tasks.iter().map(|task| format!("{} {}", task.copy.name(), task.source.name)).collect::<Vec<_>>()
        };
        assert_eq!(asked("").len(), 6);
        assert_eq!(asked(r#"{"workspace": "b"}"#), ["parquet z", "postgres z"]);
        assert_eq!(asked(r#"{"dataset": "x", "workspace": "b"}"#), Vec::<String>::new());
    }

    #[test]
    fn a_request_that_makes_no_sense_is_refused() {
        for body in ["7", "{", r#"{"colour": "red"}"#, r#"{"whole": "yes"}"#] {
            assert_eq!(SyncRequest::parse(body).unwrap_err().status, 400, "{body}");
        }
    }
}
