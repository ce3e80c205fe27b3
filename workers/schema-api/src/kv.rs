//! What is kept in KV: the schema by version, and results of queries.

use living_core::schema::Schema;
use living_kit::{ConfigError, log};
use serde::de::DeserializeOwned;
use worker::{Env, kv::KvStore};

use crate::{ResultCache, SchemaCache, query::Rows};

/// The key under which discovery writes the newest version.
const VERSION_KEY: &str = "schema_version";

/// Seconds for which the schema at a version is kept. Nothing but descriptions changes in it.
const KEPT_SECONDS: u64 = 300;

pub(crate) struct Kv(KvStore);

impl Kv {
    pub(crate) fn new(env: &Env) -> Result<Self, ConfigError> {
        env.kv("SCHEMA_CACHE").map(Self).map_err(|_| ConfigError::MissingVar("SCHEMA_CACHE"))
    }
}

/// Texts, which are read and written here: of a value with a structure the binding makes JavaScript's own, where maps are lost.
impl Kv {
    async fn read<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let text = self.0.get(key).text().await.ok().flatten()?;
        let read = serde_json::from_str(&text);
        read.inspect_err(|error| {
            log::warning("cache_unreadable").with("key", key).with("error", error.to_string()).write();
        })
        .ok()
    }

    async fn keep(&self, key: &str, text: &str, seconds: u64) {
        let put = match self.0.put(key, text) {
            Ok(put) => put.expiration_ttl(seconds).execute().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = put {
            log::warning("not_cached").with("key", key).with("error", error).write();
        }
    }
}

impl SchemaCache for Kv {
    async fn newest_version(&self) -> Option<i64> {
        self.0.get(VERSION_KEY).text().await.ok().flatten()?.parse().ok()
    }

    async fn get(&self, version: i64) -> Option<Schema> {
        self.read(&schema_key(version)).await
    }

    async fn put(&self, schema: &Schema) {
        // Everything in it has a JSON text.
        let text = serde_json::to_string(schema).unwrap_or_default();
        self.keep(&schema_key(schema.version.version), &text, KEPT_SECONDS).await;
    }
}

/// Seconds for which results are kept.
const RESULTS_KEPT_SECONDS: u64 = 86_400;

impl ResultCache for Kv {
    async fn get(&self, key: &str) -> Option<Rows> {
        self.read(key).await
    }

    async fn put(&self, key: &str, result: &str) {
        self.keep(key, result, RESULTS_KEPT_SECONDS).await;
    }
}

fn schema_key(version: i64) -> String {
    // Raise the number when the document's form changes.
    format!("schema/2/{version}")
}
