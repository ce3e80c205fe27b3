//! What a deployment says of uploads: the variable `CSV`.

use serde::Deserialize;

/// Validated when it's read; a mistake is named with its place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub routes: Routes,
    /// Seconds before a message whose upload couldn't be converted just now is delivered again; doubled each time, up to a quarter of
    /// an hour.
    #[serde(default = "retry_seconds")]
    pub retry_seconds: u32,
    /// Bytes of an upload by HTTP, at most. Cloudflare lets 100 MB through, or more by plan
    /// ([limits](https://developers.cloudflare.com/workers/platform/limits/#request-limits)). What is larger goes to R2 by its own API.
    #[serde(default = "max_upload_bytes")]
    pub max_upload_bytes: u64,
}

fn retry_seconds() -> u32 {
    5
}

fn max_upload_bytes() -> u64 {
    100_000_000
}

/// The routes of a deployment. An upload takes the first one that fits it; one that fits none is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Route>")]
pub struct Routes(Vec<Route>);

/// Uploads of a bucket, and where their Parquet goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub bucket: String,
    /// What the keys begin with.
    #[serde(default)]
    pub prefix: String,
    /// The bucket of the Parquet.
    pub output_bucket: String,
    /// What its keys begin with: the prefix of ingest's route.
    #[serde(default)]
    pub output_prefix: String,
    /// The source table of all these uploads. Without it: the first folder of the key below the prefix, else the file's name.
    #[serde(default)]
    pub source_table: Option<String>,
    /// What happens to the Parquet of an upload that is deleted.
    #[serde(default)]
    pub on_delete: OnDelete,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// It's deleted too. What that does to its rows, ingest's `on_delete` says.
    #[default]
    Delete,
    Keep,
}

/// A route that can't be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    #[error("there are no routes")]
    None,
    #[error("route {0}: {1} is empty")]
    Empty(usize, &'static str),
    #[error("route {0}: source_table {1:?} has a slash in it")]
    Table(usize, String),
    #[error("route {0}: its output would be among its uploads")]
    Loop(usize),
    #[error("route {later} is never taken: route {earlier} takes all its uploads")]
    Shadowed { earlier: usize, later: usize },
}

impl TryFrom<Vec<Route>> for Routes {
    type Error = RouteError;

    fn try_from(routes: Vec<Route>) -> Result<Self, RouteError> {
        if routes.is_empty() {
            return Err(RouteError::None);
        }
        for (i, route) in routes.iter().enumerate() {
            for (name, value) in [("bucket", &route.bucket), ("output_bucket", &route.output_bucket)] {
                if value.is_empty() {
                    return Err(RouteError::Empty(i, name));
                }
            }
            match &route.source_table {
                Some(table) if table.is_empty() => return Err(RouteError::Empty(i, "source_table")),
                Some(table) if table.contains('/') => return Err(RouteError::Table(i, table.clone())),
                _ => {}
            }
            if routes.iter().any(|other| other.bucket == route.output_bucket) {
                return Err(RouteError::Loop(i));
            }
            let covers = |earlier: &&Route| earlier.bucket == route.bucket && route.prefix.starts_with(&earlier.prefix);
            if let Some(earlier) = routes.iter().take(i).position(|earlier| covers(&earlier)) {
                return Err(RouteError::Shadowed { earlier, later: i });
            }
        }
        Ok(Self(routes))
    }
}

impl Routes {
    /// The route of an upload, if it's ours.
    #[must_use]
    pub fn find(&self, bucket: &str, key: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.bucket == bucket && key.starts_with(&route.prefix))
    }

    /// The first route: that of uploads by HTTP.
    #[must_use]
    pub fn first(&self) -> Option<&Route> {
        self.0.first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(json: &str) -> Result<Routes, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn an_upload_takes_the_first_route_that_fits() {
        let routes = routes(
            r#"[{"bucket":"u","prefix":"ais/","output_bucket":"o","source_table":"ais"},{"bucket":"u","output_bucket":"o"}]"#,
        )
        .unwrap();
        assert_eq!(routes.find("u", "ais/x.csv").unwrap().source_table.as_deref(), Some("ais"));
        assert_eq!(routes.find("u", "x.csv").unwrap().source_table, None);
        assert_eq!(routes.find("o", "x.csv"), None);
    }

    #[test]
    fn routes_that_cannot_be_meant_are_refused_with_the_reason() {
        let wrong = |json: &str| routes(json).unwrap_err();
        assert!(wrong("[]").contains("no routes"));
        assert!(wrong(r#"[{"bucket":"u","output_bucket":""}]"#).contains("output_bucket is empty"));
        assert!(wrong(r#"[{"bucket":"u","output_bucket":"u"}]"#).contains("among its uploads"));
        assert!(wrong(r#"[{"bucket":"u","output_bucket":"o","source_table":"a/b"}]"#).contains("slash"));
        assert!(
            wrong(r#"[{"bucket":"u","output_bucket":"o"},{"bucket":"u","prefix":"a/","output_bucket":"o"}]"#)
                .contains("route 1 is never taken")
        );
    }
}
