//! Rows as files in R2, for ingest.

use living_argilla::{Part, Table};
use living_core::landing::decision::ObjectHead;
use living_kit::{ObjectStore, ObjectWriter, R2Store, Target};
use living_produce::{Provenance, batch, parquet_file};

use crate::{Destination, Failure, Output};

/// What the files say of their maker.
const PRODUCER: &str = concat!("argilla-sync ", env!("CARGO_PKG_VERSION"));

/// The bucket of exports.
#[derive(Debug)]
pub(crate) struct ParquetFiles {
    pub(crate) store: R2Store,
    /// Its name.
    pub(crate) bucket: String,
    /// Argilla's address, for the files' provenance.
    pub(crate) url: String,
}

impl ParquetFiles {
    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, Failure> {
        self.store.head(&self.bucket, key).await.map_err(|error| Failure::Passing(format!("R2: {error}")))
    }
}

impl Destination for ParquetFiles {
    async fn may_have(&self, key: &str, _attempt: u32) -> Result<bool, Failure> {
        Ok(self.head(key).await?.is_some())
    }

    async fn stands(&self, part: &Part) -> Result<bool, Failure> {
        Ok(self.head(&part.key).await?.is_some_and(|head| head.etag == part.etag))
    }

    async fn write(&self, output: Output<'_>) -> Result<Option<Part>, Failure> {
        let Output { source, scan_id, key, layout, rows } = output;
        let count = rows.len() as u64;
        let table = Table::new(layout, rows);
        let rows = batch(&table.schema, &table.rows)?;
        drop(table.rows);
        let provenance = Provenance::new(format!("argilla/{}/{scan_id}", source.id), PRODUCER)
            .of_source(format!("{}/api/v1/datasets/{}", self.url, source.id))
            .with("workspace", &source.workspace)
            .with("dataset", &source.name);
        let bytes = parquet_file(&table.schema, &provenance, &[rows])?;
        let written = self.store.put(&Target::parquet(&self.bucket, key), bytes).await;
        let written = written.map_err(|error| Failure::Passing(format!("R2: {error}")))?;
        Ok(Some(Part { key: key.to_owned(), etag: written.etag, rows: count }))
    }
}
