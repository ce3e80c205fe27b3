//! Where a PostgreSQL beside the warehouse is.

use living_postgres::{Address, Credentials, InvalidAddress};
use worker::Env;

use crate::{ConfigError, optional_var, required_secret};

/// The schema, if nothing else is configured.
const DEFAULT_SCHEMA: &str = "public";

/// The database that the company had before.
#[derive(Debug, Clone)]
pub struct PostgresSettings {
    pub address: Address,
    pub credentials: Credentials,
    /// The schema whose relations are meant.
    pub schema: String,
}

impl PostgresSettings {
    /// From the variables `POSTGRES` (`host:port`), `POSTGRES_DATABASE`, `POSTGRES_USER`, `POSTGRES_SCHEMA` and the secret
    /// `POSTGRES_PASSWORD`.
    ///
    /// # Errors
    /// Which of them is missing or makes no sense.
    pub fn read(env: &Env) -> Result<Self, ConfigError> {
        const ADDRESS: &str = "POSTGRES";
        let present = |name| optional_var(env, name).ok_or(ConfigError::MissingVar(name));
        let invalid = |error: InvalidAddress| ConfigError::Invalid { name: ADDRESS, reason: error.to_string() };
        Ok(Self {
            address: present(ADDRESS)?.parse().map_err(invalid)?,
            credentials: Credentials {
                user: present("POSTGRES_USER")?,
                database: present("POSTGRES_DATABASE")?,
                password: required_secret(env, "POSTGRES_PASSWORD")?,
            },
            schema: optional_var(env, "POSTGRES_SCHEMA").unwrap_or_else(|| DEFAULT_SCHEMA.to_owned()),
        })
    }
}
