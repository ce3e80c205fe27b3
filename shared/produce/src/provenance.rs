//! Where a file comes from: its key-value metadata.

use parquet::file::metadata::KeyValue;

/// The version of the landing contract's layouts that producers write.
pub const SCHEMA_VERSION: i32 = 1;

/// The commit of the source that this was built from, with `-dirty` behind it if that was changed; `scripts/build-workers` says which.
pub const GIT_SHA: Option<&str> = option_env!("GIT_SHA");

/// The key-value metadata of the landing contract, and what a producer has to say beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    pub schema_version: i32,
    /// Links documents to their annotations, and the files of one delivery.
    pub batch_id: String,
    pub git_sha: Option<String>,
    /// The program that wrote the file, such as `csv 0.1.0`.
    pub producer: String,
    /// What the file was made of, such as `r2://vessel-uploads/register.xlsx`.
    pub source_uri: Option<String>,
    /// Further names and values, such as the source's `etag` or a workbook's `sheet`.
    pub extra: Vec<(String, String)>,
}

impl Provenance {
    /// Of this build and the present layouts.
    #[must_use]
    pub fn new(batch_id: impl Into<String>, producer: impl Into<String>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            batch_id: batch_id.into(),
            git_sha: GIT_SHA.map(str::to_owned),
            producer: producer.into(),
            source_uri: None,
            extra: Vec::new(),
        }
    }

    /// With what the file was made of.
    #[must_use]
    pub fn of_source(self, uri: impl Into<String>) -> Self {
        Self { source_uri: Some(uri.into()), ..self }
    }

    /// With one more name and value.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    pub(crate) fn key_values(&self) -> Vec<KeyValue> {
        let mut pairs = vec![
            KeyValue::new("schema_version".to_owned(), self.schema_version.to_string()),
            KeyValue::new("batch_id".to_owned(), self.batch_id.clone()),
        ];
        let optional =
            [("git_sha", &self.git_sha), ("producer", &Some(self.producer.clone())), ("source_uri", &self.source_uri)];
        for (name, value) in optional {
            pairs.extend(value.clone().map(|value| KeyValue::new(name.to_owned(), value)));
        }
        pairs.extend(self.extra.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone())));
        pairs
    }
}
