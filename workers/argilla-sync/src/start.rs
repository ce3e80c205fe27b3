//! Which datasets there are, and where each goes.

use std::collections::BTreeMap;

use living_argilla::{Argilla, Dataset, Workspace};
use living_http::Transport;
use serde::Serialize;

use crate::{Config, Failure, Source};

/// What is published in Argilla, as far as it's selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    pub sources: Vec<Source>,
    /// Those that can't be read, and why.
    pub refused: Vec<Refused>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub workspace: String,
    pub name: String,
    pub reason: String,
}

/// Asks Argilla.
///
/// # Errors
/// Why it doesn't say.
pub async fn sources(argilla: &Argilla<impl Transport>, config: &Config) -> Result<Sources, Failure> {
    let workspaces = argilla.workspaces().await?;
    Ok(select(&workspaces, argilla.datasets().await?, config))
}

fn select(workspaces: &[Workspace], datasets: Vec<Dataset>, config: &Config) -> Sources {
    let workspace = |dataset: &Dataset| {
        let found = workspaces.iter().find(|workspace| workspace.id == dataset.workspace_id);
        found.map_or_else(|| dataset.workspace_id.to_string(), |workspace| workspace.name.clone())
    };
    let source = |dataset: Dataset| {
        let workspace = workspace(&dataset);
        let folder = key_part(config.folder(&dataset, &workspace)?);
        Some(Source { id: dataset.id, workspace, name: dataset.name, folder })
    };
    // One that isn't published has no records.
    let published = datasets.into_iter().filter(|dataset| dataset.status == "ready");
    let mut by_folder: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for source in published.filter_map(source) {
        by_folder.entry(source.folder.clone()).or_default().push(source);
    }
    let mut all = Sources::default();
    for (folder, sources) in by_folder {
        match <[Source; 1]>::try_from(sources) {
            Ok([source]) => all.sources.push(source),
            Err(several) => all.refused.extend(several.into_iter().map(|Source { workspace, name, .. }| Refused {
                workspace,
                name,
                reason: format!(
                    "another dataset has the folder {folder:?} too: give one of them its own in ARGILLA_SYNC.datasets"
                ),
            })),
        }
    }
    all
}

/// A name as a part of a key. A slash would begin another part, and nothing that can't be seen belongs there.
fn key_part(name: &str) -> String {
    name.trim().chars().map(|c| if c.is_control() || matches!(c, '/' | '\\') { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn found(config: serde_json::Value) -> Sources {
        let id = Uuid::from_u128;
        let workspaces = [(1, "ann"), (2, "bob")].map(|(n, name)| Workspace { id: id(n), name: name.to_owned() });
        let dataset = |n, name: &str, status: &str, workspace| Dataset {
            id: id(n),
            name: name.to_owned(),
            status: status.to_owned(),
            workspace_id: id(workspace),
        };
        let datasets = vec![
            dataset(10, "ports", "ready", 1),
            dataset(11, "ports", "ready", 2),
            dataset(12, "ves/sels", "ready", 2),
            dataset(13, "draft", "draft", 2),
        ];
        select(&workspaces, datasets, &serde_json::from_value(config).unwrap())
    }

    fn folders(config: serde_json::Value) -> Vec<String> {
        found(config).sources.into_iter().map(|source| source.folder).collect()
    }

    #[test]
    fn without_a_selection_all_that_is_published_is_read() {
        let all = found(json!({}));
        assert_eq!(all.sources.iter().map(|source| source.folder.as_str()).collect::<Vec<_>>(), ["ves_sels"]);
        assert_eq!(all.refused.iter().map(|refused| refused.workspace.as_str()).collect::<Vec<_>>(), ["ann", "bob"]);
        assert!(all.refused[0].reason.contains("\"ports\""), "{:?}", all.refused);
    }

    #[test]
    fn a_selection_takes_by_workspace_or_name_and_may_give_a_folder() {
        assert_eq!(folders(json!({ "datasets": [{ "workspace": "ann" }] })), ["ports"]);
        assert_eq!(folders(json!({ "datasets": [{ "name": "ves/sels" }] })), ["ves_sels"]);
        let own = json!({ "datasets": [{ "workspace": "bob", "name": "ports", "folder": "bobs-ports" }, {}] });
        assert_eq!(folders(own), ["bobs-ports", "ports", "ves_sels"]);
        assert_eq!(found(json!({ "datasets": [{ "name": "none" }] })), Sources::default());
    }

    #[test]
    fn a_setting_that_is_not_known_is_refused() {
        let wrong: Result<Config, _> = serde_json::from_value(json!({ "datasets": [{ "dataset": "x" }] }));
        assert!(wrong.unwrap_err().to_string().contains("unknown field `dataset`"));
    }
}
