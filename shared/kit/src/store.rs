//! Objects in R2.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use living_core::{landing::decision::ObjectHead, time::Timestamp};
use worker::{Conditional, Data, Env, HttpMetadata, MultipartUpload, Request, UploadedPart};

use crate::{ObjectWriter, Target, Written};

/// Bytes of an object, from `start` to before `end`.
pub type Range = std::ops::Range<u64>;

/// A bucket store.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait ObjectStore {
    /// What an object is now. `None` if there is none.
    ///
    /// # Errors
    /// Why the store didn't say.
    async fn head(&self, bucket: &str, key: &str) -> Result<Option<ObjectHead>, StoreError>;

    /// Bytes of the object's content `etag`.
    ///
    /// # Errors
    /// Why the store didn't give them.
    async fn read(&self, bucket: &str, key: &str, etag: &str, range: Range) -> Result<Read, StoreError>;

    /// Objects whose keys begin with `prefix`, a page at a time.
    ///
    /// # Errors
    /// Why the store didn't list them.
    async fn list(&self, bucket: &str, prefix: &str, cursor: Option<String>) -> Result<Listed, StoreError>;
}

/// Outcome of [`ObjectStore::read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    Bytes(Bytes),
    /// The object is gone or has another content.
    Changed,
}

/// A page of objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Keys, and when the objects were uploaded.
    pub objects: Vec<(String, Timestamp)>,
    /// Where the next page begins, if there is one.
    pub cursor: Option<String>,
}

/// The store doesn't answer, or this deployment isn't bound to the bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

impl From<worker::Error> for StoreError {
    fn from(error: worker::Error) -> Self {
        Self(error.to_string())
    }
}

/// The buckets that a Worker is bound to.
#[derive(Debug, Clone)]
pub struct R2Store {
    env: Env,
}

/// The name of a bucket's binding: `vessel-csv` is bound as `VESSEL_CSV`.
#[must_use]
pub fn binding_name(bucket: &str) -> String {
    bucket.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

impl R2Store {
    #[must_use]
    pub fn new(env: Env) -> Self {
        Self { env }
    }

    /// Writes an object of the body of a request, whose length the request tells. It's there once all of it came.
    ///
    /// # Errors
    /// The body ended early, or the store didn't take it.
    pub async fn put_body(&self, target: &Target, request: &Request) -> Result<Written, StoreError> {
        let body = request.inner().body().map_or(Data::Empty, Data::from);
        self.put_data(target, body).await
    }

    async fn put_data(&self, target: &Target, data: impl Into<Data>) -> Result<Written, StoreError> {
        let object = self
            .bucket(&target.bucket)?
            .put(&target.key, data)
            .http_metadata(http_metadata(target))
            .custom_metadata(custom_metadata(target))
            .execute()
            .await?;
        // Without an object a condition didn't hold, and there is none.
        object.map(|object| written(&object)).ok_or_else(|| StoreError("the store refused the object".to_owned()))
    }

    fn bucket(&self, name: &str) -> Result<worker::Bucket, StoreError> {
        let binding = binding_name(name);
        self.env.bucket(&binding).map_err(|_| {
            StoreError(format!("the bucket {name:?} is not bound as {binding} (wrangler.toml, r2_buckets)"))
        })
    }
}

impl ObjectStore for R2Store {
    async fn head(&self, bucket: &str, key: &str) -> Result<Option<ObjectHead>, StoreError> {
        Ok(self.bucket(bucket)?.head(key).await?.map(|object| ObjectHead {
            etag: object.etag(),
            size: object.size(),
            uploaded_at: uploaded_at(&object),
        }))
    }

    async fn read(&self, bucket: &str, key: &str, etag: &str, range: Range) -> Result<Read, StoreError> {
        let bucket = self.bucket(bucket)?;
        let object = bucket
            .get(key)
            .only_if(Conditional { etag_matches: Some(etag.to_owned()), ..Conditional::default() })
            .range(worker::Range::OffsetWithLength { offset: range.start, length: range.end - range.start })
            .execute()
            .await?;
        // Without a body the condition didn't hold.
        let Some(body) = object.as_ref().and_then(worker::Object::body) else {
            return Ok(Read::Changed);
        };
        Ok(Read::Bytes(body.bytes().await?.into()))
    }

    async fn list(&self, bucket: &str, prefix: &str, cursor: Option<String>) -> Result<Listed, StoreError> {
        let bucket = self.bucket(bucket)?;
        let mut list = bucket.list().prefix(prefix);
        if let Some(cursor) = cursor {
            list = list.cursor(cursor);
        }
        let page = list.execute().await?;
        let objects = page.objects().iter().map(|object| (object.key(), uploaded_at(object))).collect();
        Ok(Listed { objects, cursor: page.cursor() })
    }
}

/// A multipart upload to R2.
#[derive(Debug)]
pub struct R2Multipart {
    upload: MultipartUpload,
    parts: Vec<UploadedPart>,
}

impl ObjectWriter for R2Store {
    type Multipart = R2Multipart;

    async fn put(&self, target: &Target, bytes: Vec<u8>) -> Result<Written, StoreError> {
        self.put_data(target, bytes).await
    }

    async fn begin(&self, target: &Target) -> Result<R2Multipart, StoreError> {
        let upload = self
            .bucket(&target.bucket)?
            .create_multipart_upload(&target.key)
            .http_metadata(http_metadata(target))
            .custom_metadata(custom_metadata(target))
            .execute()
            .await?;
        Ok(R2Multipart { upload, parts: Vec::new() })
    }

    async fn put_part(&self, upload: &mut R2Multipart, bytes: Vec<u8>) -> Result<(), StoreError> {
        let number = u16::try_from(upload.parts.len() + 1).map_err(|_| StoreError("too many parts".to_owned()))?;
        upload.parts.push(upload.upload.upload_part(number, bytes).await?);
        Ok(())
    }

    async fn complete(&self, upload: R2Multipart) -> Result<Written, StoreError> {
        Ok(written(&upload.upload.complete(upload.parts).await?))
    }

    async fn abort(&self, upload: R2Multipart) -> Result<(), StoreError> {
        Ok(upload.upload.abort().await?)
    }

    async fn metadata(&self, bucket: &str, key: &str) -> Result<Option<BTreeMap<String, String>>, StoreError> {
        let object = self.bucket(bucket)?.head(key).await?;
        Ok(object.map(|object| object.custom_metadata()).transpose()?.map(|pairs| pairs.into_iter().collect()))
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), StoreError> {
        Ok(self.bucket(bucket)?.delete(key).await?)
    }
}

fn http_metadata(target: &Target) -> HttpMetadata {
    HttpMetadata { content_type: Some(target.content_type.to_owned()), ..HttpMetadata::default() }
}

fn custom_metadata(target: &Target) -> HashMap<String, String> {
    target.metadata.iter().cloned().collect()
}

fn written(object: &worker::Object) -> Written {
    Written { etag: object.etag(), size: object.size() }
}

fn uploaded_at(object: &worker::Object) -> Timestamp {
    Timestamp::from_millis(i64::try_from(object.uploaded().as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_bound_under_its_name_in_capitals() {
        assert_eq!(binding_name("argilla-exports"), "ARGILLA_EXPORTS");
    }
}
