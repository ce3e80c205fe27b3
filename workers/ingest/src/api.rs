//! The HTTP side, for operators: `POST /replay`, `GET /loads`, `GET /healthz`, all behind the admin token.

use living_core::{
    landing::event::{self, Notification},
    sql::{Literal, Statement},
    time::Timestamp,
};
use living_kit::{Host, ObjectStore, Problem, log};
use living_warehouse::Warehouse;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Announcer, Ingest};

/// A replay lists objects until it has so many, and the reply says where to go on. A page of the listing is taken whole (1,000 objects
/// at most), so that it may have up to 1,999.
const REPLAY_OBJECTS: usize = 1_000;

/// What the reply to a replay says of what comes of it.
const REPLAY_NOTE: &str = "an object whose present content is committed is skipped when its turn comes";

/// Most loads in one reply. The warehouse may give fewer: as many as it has room for in one answer.
const PAGE: u64 = 50;

/// Longest value in the reply, in characters, so that the warehouse has room for a few loads in any case (50,000 characters). A key
/// has at most 1,024 bytes; what is cut is long reasons, and metadata that nobody can mean.
const VALUE_CHARACTERS: usize = 1_024;

/// Columns of a load in the reply.
const LOAD_COLUMNS: [&str; 18] = [
    "load_id",
    "bucket",
    "key",
    "etag",
    "uploaded_at",
    "size",
    "dataset",
    "source",
    "state",
    "reason",
    "commit_seq",
    "row_count",
    "rejected_count",
    "transfer",
    "batch_id",
    "git_sha",
    "started_at",
    "ended_at",
];

/// Puts messages on the landing queue.
pub(crate) trait LandingQueue {
    /// # Errors
    /// Why they weren't sent.
    async fn send(&self, messages: Vec<Notification>) -> Result<(), String>;
}

/// What to try again: one object, or those below a prefix, all or uploaded in a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    bucket: String,
    key: Option<String>,
    prefix: Option<String>,
    /// Uploaded at or after.
    from: Option<Timestamp>,
    /// Uploaded before.
    to: Option<Timestamp>,
    cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ReplayReply {
    queued: usize,
    /// Objects that no route takes.
    not_ours: usize,
    note: &'static str,
    /// There are more objects: send the request again with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// `POST /replay`
pub(crate) async fn replay<S, W, A, H>(
    ingest: &Ingest<S, W, A, H>,
    queue: &impl LandingQueue,
    body: &str,
) -> Result<ReplayReply, Problem>
where
    S: ObjectStore,
    H: Host,
{
    let request: ReplayRequest =
        serde_json::from_str(body).map_err(|error| Problem::bad_request(format!("body: {error}")))?;
    let now = ingest.host.now();
    let (keys, cursor) = match (&request.key, &request.prefix, request.from.or(request.to)) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            return Err(Problem::bad_request("body: key goes neither with prefix nor with from and to"));
        }
        (None, None, None) => return Err(Problem::bad_request("body: one of key, prefix, from and to is needed")),
        (Some(key), ..) => (vec![key.clone()], None),
        (None, ..) => list(&ingest.store, &request).await?,
    };
    let found = keys.len();
    let messages: Vec<Notification> = keys
        .iter()
        .filter(|key| ingest.config.routes.find(&request.bucket, key).is_some())
        .map(|key| event::replay(&request.bucket, key, now))
        .collect();
    let queued = messages.len();
    queue.send(messages).await.map_err(|error| Problem::unavailable().because(format!("landing queue: {error}")))?;
    log::info("replay").with("bucket", &request.bucket).with("queued", queued).write();
    Ok(ReplayReply { queued, not_ours: found - queued, note: REPLAY_NOTE, cursor })
}

/// Keys of the objects that a request means, from where it says on.
async fn list(store: &impl ObjectStore, request: &ReplayRequest) -> Result<(Vec<String>, Option<String>), Problem> {
    let prefix = request.prefix.as_deref().unwrap_or_default();
    let mut cursor = request.cursor.clone();
    let mut keys = Vec::new();
    loop {
        let page = store
            .list(&request.bucket, prefix, cursor)
            .await
            .map_err(|error| Problem::unavailable().because(format!("R2 bucket {:?}: {error}", request.bucket)))?;
        let wanted = |at: Timestamp| request.from.is_none_or(|from| at >= from) && request.to.is_none_or(|to| at < to);
        keys.extend(page.objects.into_iter().filter(|(_, uploaded_at)| wanted(*uploaded_at)).map(|(key, _)| key));
        cursor = page.cursor;
        if cursor.is_none() || keys.len() >= REPLAY_OBJECTS {
            return Ok((keys, cursor));
        }
    }
}

/// Which loads to show: the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LoadsQuery {
    bucket: Option<String>,
    key: Option<String>,
    prefix: Option<String>,
    state: Option<String>,
    cursor: Option<String>,
}

impl LoadsQuery {
    /// From the parameters of a URL.
    pub(crate) fn parse(pairs: impl Iterator<Item = (String, String)>) -> Result<Self, Problem> {
        let mut query = Self::default();
        for (name, value) in pairs {
            let place = match name.as_str() {
                "bucket" => &mut query.bucket,
                "key" => &mut query.key,
                "prefix" => &mut query.prefix,
                "state" => &mut query.state,
                "cursor" => &mut query.cursor,
                other => {
                    return Err(Problem::bad_request(format!(
                        "parameter {other:?}: known are bucket, key, prefix, state and cursor"
                    )));
                }
            };
            *place = Some(value);
        }
        if let Some(cursor) = &query.cursor
            && uuid::Uuid::parse_str(cursor).is_err()
        {
            return Err(Problem::bad_request("parameter \"cursor\": it's not one that a reply gave"));
        }
        Ok(query)
    }

    fn statement(&self) -> Statement {
        let mut conditions = vec!["true".to_owned()];
        let mut equal = |column: &str, value: &Option<String>| {
            if let Some(value) = value {
                conditions.push(format!("{column} = {}", Literal::Text(value)));
            }
        };
        equal("bucket", &self.bucket);
        equal("key", &self.key);
        equal("state", &self.state);
        if let Some(prefix) = &self.prefix {
            conditions.push(format!("starts_with(key, {})", Literal::Text(prefix)));
        }
        if let Some(cursor) = &self.cursor {
            conditions.push(format!("load_id < CAST({} AS UUID)", Literal::Text(cursor)));
        }
        // Text, so that numbers beyond 2^53 and times come as they are.
        let columns: Vec<String> =
            LOAD_COLUMNS.iter().map(|c| format!("left(CAST({c} AS VARCHAR), {VALUE_CHARACTERS})")).collect();
        Statement::read(format!(
            "SELECT {} FROM loads WHERE {} ORDER BY load_id DESC LIMIT {PAGE}",
            columns.join(", "),
            conditions.join(" AND ")
        ))
    }
}

/// `GET /loads`
pub(crate) async fn loads(warehouse: &impl Warehouse, query: &LoadsQuery) -> Result<Value, Problem> {
    let page = warehouse.run_page(&query.statement()).await.map_err(|error| from_warehouse(&error))?;
    let loads: Vec<Value> = page
        .result
        .rows
        .iter()
        .map(|row| LOAD_COLUMNS.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        .collect();
    let more = page.truncated || loads.len() as u64 == PAGE;
    let cursor = if more { loads.last().and_then(|load| load.get("load_id")).cloned() } else { None };
    if more && cursor.is_none() {
        return Err(Problem::unavailable().because("the warehouse has no room for a single load"));
    }
    Ok(json!({ "loads": loads, "cursor": cursor }))
}

/// `GET /healthz`: whether the warehouse answers, and how much waits.
pub(crate) async fn health<S, W: Warehouse, A: Announcer, H>(ingest: &Ingest<S, W, A, H>) -> Result<Value, Problem> {
    let statement =
        Statement::read("SELECT (SELECT coalesce(max(commit_seq), 0) FROM commits), (SELECT count(*) FROM quarantine)");
    let result = ingest.warehouse.run(&statement).await.map_err(|error| from_warehouse(&error))?;
    let row = result.first().unwrap_or_default();
    Ok(json!({ "ok": true, "commit_seq": row.first(), "in_quarantine": row.get(1) }))
}

fn from_warehouse(error: &living_warehouse::Error) -> Problem {
    Problem::unavailable().because(format!("warehouse: {error}"))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use living_warehouse::{Page, QueryResult};

    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Result<LoadsQuery, Problem> {
        LoadsQuery::parse(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn parameters_become_conditions_and_nothing_else() {
        let statement = query(&[("bucket", "b'); DROP TABLE x; --"), ("state", "failed")]).unwrap().statement();
        assert!(
            statement.text.contains("bucket = 'b''); DROP TABLE x; --' AND state = 'failed'"),
            "{}",
            statement.text
        );
    }

    #[test]
    fn unknown_parameters_and_made_up_cursors_are_refused() {
        assert_eq!(query(&[("colour", "red")]).unwrap_err().status, 400);
        assert_eq!(query(&[("cursor", "1; DROP TABLE x")]).unwrap_err().status, 400);
    }

    /// Gives the same page to whoever asks.
    struct OnePage(Page);

    impl Warehouse for OnePage {
        fn max_rows(&self) -> u32 {
            u32::MAX
        }

        fn max_characters(&self) -> usize {
            usize::MAX
        }

        async fn run_page(&self, _statement: &Statement) -> Result<Page, living_warehouse::Error> {
            Ok(self.0.clone())
        }
    }

    fn listed(rows: u64, truncated: bool) -> Result<Value, Problem> {
        let row = |n: u64| vec![Value::from(n.to_string()); LOAD_COLUMNS.len()];
        let result = QueryResult { rows: (0..rows).map(row).collect(), ..QueryResult::default() };
        let warehouse = OnePage(Page { result, truncated });
        loads(&warehouse, &LoadsQuery::default()).now_or_never().expect("nothing to wait for")
    }

    #[test]
    fn a_page_that_is_full_or_was_cut_has_a_next_one() {
        assert_eq!(listed(PAGE, false).unwrap()["cursor"], "49");
        assert_eq!(listed(7, true).unwrap()["cursor"], "6", "the warehouse had no room for more");
        assert_eq!(listed(7, false).unwrap()["cursor"], Value::Null);
        assert_eq!(listed(0, true).unwrap_err().status, 503, "it would never go on");
    }
}
