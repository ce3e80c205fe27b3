//! Which objects are ours, and what they hold.

use alloc::{
    collections::BTreeSet,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use super::Dataset;

/// The routes of a deployment. An object takes the first one that fits it; one that fits none is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Route>", into = "Vec<Route>")]
pub struct Routes(Vec<Route>);

/// Objects of a bucket that hold a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub bucket: String,
    /// What the keys begin with.
    #[serde(default)]
    pub prefix: String,
    /// What the keys end with.
    #[serde(default = "parquet_suffix")]
    pub suffix: String,
    pub dataset: Dataset,
    /// What happens to a file without the metadata `schema_version`, `batch_id` and `git_sha`.
    #[serde(default)]
    pub missing_metadata: MissingMetadata,
    /// What happens to the rows of an object that is deleted.
    #[serde(default)]
    pub on_delete: OnDelete,
    /// For `structured_data`: the columns whose values together name a record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub record_key: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingMetadata {
    /// Schema version 1, a batch of its own, and no commit of its producer's source.
    #[default]
    Default,
    Quarantine,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// The rows stay visible.
    #[default]
    Keep,
    /// The rows are no longer visible; at an earlier commit they still are.
    Retract,
}

fn parquet_suffix() -> String {
    ".parquet".to_string()
}

/// A route that can't be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    #[error("there are no routes")]
    None,
    #[error("route {0}: bucket is empty")]
    NoBucket(usize),
    #[error("route {0}: record_key is for structured_data; {1} has its own")]
    RecordKeyGiven(usize, Dataset),
    #[error("route {later} is never taken: route {earlier} takes all its objects")]
    Shadowed { earlier: usize, later: usize },
    #[error("route {0}: record_key names {1:?} twice")]
    RepeatedKey(usize, String),
}

impl TryFrom<Vec<Route>> for Routes {
    type Error = RouteError;

    fn try_from(routes: Vec<Route>) -> Result<Self, RouteError> {
        if routes.is_empty() {
            return Err(RouteError::None);
        }
        for (i, route) in routes.iter().enumerate() {
            if route.bucket.is_empty() {
                return Err(RouteError::NoBucket(i));
            }
            if route.dataset != Dataset::StructuredData && !route.record_key.is_empty() {
                return Err(RouteError::RecordKeyGiven(i, route.dataset));
            }
            let mut seen = BTreeSet::new();
            if let Some(twice) = route.record_key.iter().find(|&column| !seen.insert(column)) {
                return Err(RouteError::RepeatedKey(i, twice.clone()));
            }
            if let Some(earlier) = routes.iter().take(i).position(|earlier| earlier.covers(route)) {
                return Err(RouteError::Shadowed { earlier, later: i });
            }
        }
        Ok(Self(routes))
    }
}

impl From<Routes> for Vec<Route> {
    fn from(routes: Routes) -> Self {
        routes.0
    }
}

impl Routes {
    /// The route of an object, if it's ours.
    #[must_use]
    pub fn find(&self, bucket: &str, key: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.takes(bucket, key))
    }

    /// All routes, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }
}

impl Route {
    fn takes(&self, bucket: &str, key: &str) -> bool {
        self.bucket == bucket
            && key.len() >= self.prefix.len() + self.suffix.len()
            && key.starts_with(&self.prefix)
            && key.ends_with(&self.suffix)
    }

    fn covers(&self, other: &Self) -> bool {
        self.bucket == other.bucket && other.prefix.starts_with(&self.prefix) && other.suffix.ends_with(&self.suffix)
    }

    /// What the rows of an object are of: the dataset of annotations, or the source table of structured data. It's the
    /// first folder below the prefix; for an object that is in none, its name without what follows the last dot.
    #[must_use]
    pub fn source<'k>(&self, key: &'k str) -> &'k str {
        let below = key.strip_prefix(self.prefix.as_str()).unwrap_or(key).trim_start_matches('/');
        match below.split_once('/') {
            Some((folder, _)) => folder,
            None => below.rsplit_once('.').map_or(below, |(stem, _)| stem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(json: &str) -> Result<Routes, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn an_object_takes_the_first_route_that_fits() {
        let routes = routes(
            r#"[{"bucket":"b","prefix":"ais/","dataset":"structured_data"},{"bucket":"b","dataset":"annotations"}]"#,
        )
        .unwrap();
        assert_eq!(routes.find("b", "ais/x.parquet").unwrap().dataset, Dataset::StructuredData);
        assert_eq!(routes.find("b", "x.parquet").unwrap().dataset, Dataset::Annotations);
        assert_eq!(routes.find("b", "x.csv"), None);
        assert_eq!(routes.find("other", "x.parquet"), None);
    }

    #[test]
    fn the_source_is_the_folder_or_else_the_name() {
        let routes = routes(r#"[{"bucket":"b","prefix":"reg/","dataset":"structured_data"}]"#).unwrap();
        let route = routes.iter().next().unwrap();
        assert_eq!(route.source("reg/iccat/2026/01.parquet"), "iccat");
        assert_eq!(route.source("reg/iccat.v2.parquet"), "iccat.v2");
        assert_eq!(route.source("reg/.parquet"), "");
    }

    #[test]
    fn routes_that_cannot_be_meant_are_refused_with_the_reason() {
        let shadowed =
            r#"[{"bucket":"b","dataset":"annotations"},{"bucket":"b","prefix":"x/","dataset":"annotations"}]"#;
        assert!(routes(shadowed).unwrap_err().contains("route 1 is never taken"));
        assert!(routes("[]").unwrap_err().contains("no routes"));
        assert!(routes(r#"[{"bucket":"b","dataset":"pictures"}]"#).unwrap_err().contains("pictures"));
        assert!(routes(r#"[{"bucket":"b","dataset":"annotations","colour":1}]"#).unwrap_err().contains("colour"));
        let keyed = r#"[{"bucket":"b","dataset":"annotations","record_key":["id"]}]"#;
        assert!(routes(keyed).unwrap_err().contains("has its own"));
    }
}
