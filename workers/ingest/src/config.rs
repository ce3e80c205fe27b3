//! What a deployment says of ingest: the variable `INGEST`.

use living_core::landing::route::Routes;
use serde::Deserialize;

/// Validated when it's read; a mistake is named with its place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub routes: Routes,
    #[serde(default)]
    pub pull: Pull,
    /// Seconds before a message whose object couldn't be loaded just now is delivered again; doubled each time, up to a quarter of an
    /// hour.
    #[serde(default = "retry_seconds")]
    pub retry_seconds: u32,
}

fn retry_seconds() -> u32 {
    5
}

/// When the warehouse reads an object by itself instead of being sent its rows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pull {
    /// The warehouse has a secret for the buckets (`CREATE SECRET … TYPE R2`).
    pub enabled: bool,
    /// Objects of this size and more are pulled. A pull of a few MiB takes about a second; a push takes about as long for each MiB
    /// (decision 4), which is also where MotherDuck's advice for Parquet files begins. Below that, pushing needs one party less.
    pub from_bytes: u64,
}

impl Default for Pull {
    fn default() -> Self {
        Self { enabled: false, from_bytes: 1 << 20 }
    }
}
