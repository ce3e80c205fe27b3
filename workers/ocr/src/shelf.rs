//! Small objects that a document's reading needs: its record, and pages that are read. They are in the bucket of the pages, where ingest
//! doesn't look at them.

use living_kit::StoreError;

/// What has to be there for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    Anything,
    Nothing,
    /// The object with this etag.
    Etag(String),
}

/// What a write came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    Written {
        etag: String,
    },
    /// Something else was there than expected; nothing was written.
    Unexpected,
}

/// An object's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub etag: String,
}

/// Keys in their order, some at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    pub keys: Vec<String>,
    /// Where the next ones begin, if there are any.
    pub cursor: Option<String>,
}

/// A bucket of small objects, strongly consistent as R2 is.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Shelf {
    /// # Errors
    /// Why the store didn't say.
    async fn get(&self, key: &str) -> Result<Option<Content>, StoreError>;

    /// The etag of an object.
    ///
    /// # Errors
    /// Why the store didn't say.
    async fn etag(&self, key: &str) -> Result<Option<String>, StoreError>;

    /// # Errors
    /// Why nobody knows whether it was written.
    async fn put(&self, key: &str, bytes: Vec<u8>, expected: &Expected) -> Result<Put, StoreError>;

    /// Deletes objects; those that aren't there, too.
    ///
    /// # Errors
    /// Why some may be left.
    async fn delete(&self, keys: Vec<String>) -> Result<(), StoreError>;

    /// Keys that begin with `prefix`, `limit` at most.
    ///
    /// # Errors
    /// Why the store didn't list them.
    async fn list(&self, prefix: &str, limit: u32, cursor: Option<String>) -> Result<Keys, StoreError>;
}
