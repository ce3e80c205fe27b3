//! Where a query looks.

use living_core::schema::{self, At};
use living_kit::Problem;
use living_warehouse::Warehouse;

use crate::reply::unavailable;

/// A point in time, as it's asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub at: At,
    /// What the version is then, if the client says so.
    pub schema_version: Option<i64>,
}

/// A point in time, found: the version of the schema and the commit. A query that looks there gives the same for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    pub schema_version: i64,
    pub commit_seq: i64,
}

impl Moment {
    #[must_use]
    pub const fn newest() -> Self {
        Self { at: At::Newest, schema_version: None }
    }

    #[must_use]
    pub const fn at_commit(commit_seq: i64, schema_version: Option<i64>) -> Self {
        Self { at: At::Commit(commit_seq), schema_version }
    }

    /// # Errors
    /// 404, if there is nothing at that time; 400, if it has another version than the one that is said.
    pub(crate) async fn find(&self, warehouse: &impl Warehouse) -> Result<Pin, Problem> {
        let found = warehouse.run(&schema::pin(self.at)).await.map_err(unavailable)?;
        let (schema_version, newest) = found.first().and_then(schema::read_pin).ok_or_else(Problem::unavailable)?;
        let Some(schema_version) = schema_version else {
            return Err(match self.at {
                At::Version(version) => {
                    Problem::new(404, "Not found", format!("there is no version {version} of the schema"))
                }
                At::Newest | At::Commit(_) | At::Time(_) => {
                    Problem::new(404, "Not found", "there was no version of the schema yet")
                }
            });
        };
        let commit_seq = match self.at {
            At::Commit(asked) if asked > newest => {
                return Err(Problem::new(
                    404,
                    "Not found",
                    format!("there is no commit {asked} yet; the newest is {newest}"),
                ));
            }
            At::Commit(asked) => asked,
            At::Newest | At::Version(_) | At::Time(_) => newest,
        };
        match self.schema_version.filter(|said| *said != schema_version) {
            Some(said) => {
                Err(Problem::bad_request(format!("the version at commit {commit_seq} is {schema_version}, not {said}")))
            }
            None => Ok(Pin { schema_version, commit_seq }),
        }
    }
}
