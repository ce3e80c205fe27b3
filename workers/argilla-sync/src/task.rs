//! The messages of the queue.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which copy of a dataset is fed. Each has its own progress: one that fails doesn't hold up the other, and catches up by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copy {
    /// Files in R2, for the warehouse.
    Parquet,
    /// The table in PostgreSQL that the rollback plan needs.
    Postgres,
}

impl Copy {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Postgres => "postgres",
        }
    }
}

/// A dataset of Argilla, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub id: Uuid,
    pub workspace: String,
    pub name: String,
    /// What readers call the dataset: the first folder of its files.
    pub folder: String,
}

/// "Take this dataset one step further."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub copy: Copy,
    pub source: Source,
    /// Write all records again, changed or not. It counts only if a scan begins.
    #[serde(default)]
    pub whole: bool,
    /// The generation of the progress that this step goes on from. `None`: begin a scan, or go on with one that is under way.
    #[serde(default)]
    pub generation: Option<u64>,
    /// How often the scan has looked whether its files are loaded.
    #[serde(default)]
    pub looks: u32,
}

impl Task {
    /// Under which the progress is kept.
    pub(crate) fn progress_key(&self) -> String {
        format!("progress/{}/{}", self.copy.name(), self.source.id)
    }

    /// Under which the report is kept.
    pub(crate) fn report_key(&self) -> String {
        format!("{REPORTS}{}/{}", self.copy.name(), self.source.id)
    }
}

/// Begin of the keys of reports.
pub(crate) const REPORTS: &str = "report/";
