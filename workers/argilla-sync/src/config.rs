//! What a deployment says of the sync: the variable `ARGILLA_SYNC`.

use living_argilla::Dataset;
use serde::Deserialize;

/// Validated when it's read; a mistake is named with its place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The bucket of the files: one that ingest takes annotations from, bound under its own name.
    #[serde(default = "bucket")]
    pub bucket: String,
    /// Which datasets are read: those that one of these names, or all that the key's user sees if there are none.
    #[serde(default)]
    pub datasets: Vec<Selection>,
    /// Seconds between two looks whether the files are loaded, and before a step that failed is tried again; doubled each time.
    #[serde(default = "wait_seconds")]
    pub wait_seconds: u32,
}

fn bucket() -> String {
    "argilla-exports".to_owned()
}

const fn wait_seconds() -> u32 {
    5
}

/// Datasets of a workspace, or of a name, or both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    pub workspace: Option<String>,
    pub name: Option<String>,
    /// The folder of their files, by which the warehouse calls the dataset. By default the dataset's name.
    pub folder: Option<String>,
}

impl Config {
    /// The folder of a dataset's files, by the first selection that takes it. `None`: it isn't read.
    pub(crate) fn folder<'c>(&'c self, dataset: &'c Dataset, workspace: &str) -> Option<&'c str> {
        if self.datasets.is_empty() {
            return Some(&dataset.name);
        }
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let found = self.datasets.iter().find(|one| fits(&one.workspace, workspace) && fits(&one.name, &dataset.name));
        found.map(|selection| selection.folder.as_deref().unwrap_or(&dataset.name))
    }
}
