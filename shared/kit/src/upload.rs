//! Objects written to R2, whole or not at all.

use std::collections::BTreeMap;

use crate::StoreError;

/// Bytes of a part of a multipart upload. R2 wants 5 MiB at least, and the same of all parts but the last
/// ([limits](https://developers.cloudflare.com/r2/objects/upload-objects/#limitations)); 10,000 of them are more than any producer here
/// writes.
pub const PART_BYTES: usize = 5 << 20;

/// What is written, and under which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub bucket: String,
    pub key: String,
    pub content_type: &'static str,
    /// Custom metadata of the object: 8,192 bytes at most, names and values together.
    pub metadata: Vec<(String, String)>,
}

impl Target {
    /// A Parquet file.
    #[must_use]
    pub fn parquet(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        // https://www.iana.org/assignments/media-types/application/vnd.apache.parquet
        let content_type = "application/vnd.apache.parquet";
        Self { bucket: bucket.into(), key: key.into(), content_type, metadata: Vec::new() }
    }

    /// With custom metadata.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((name.into(), value.into()));
        self
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

/// A bucket store that takes objects. Use [`upload`] for one whose bytes come bit by bit.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait ObjectWriter {
    /// A multipart upload that has begun; nobody sees its parts.
    type Multipart;

    /// Writes an object at once.
    ///
    /// # Errors
    /// Why the store didn't take it. It may be there all the same if the answer was lost.
    async fn put(&self, target: &Target, bytes: Vec<u8>) -> Result<Written, StoreError>;

    /// Begins a multipart upload.
    ///
    /// # Errors
    /// Why the store didn't.
    async fn begin(&self, target: &Target) -> Result<Self::Multipart, StoreError>;

    /// Adds the next part.
    ///
    /// # Errors
    /// Why the store didn't take it.
    async fn put_part(&self, upload: &mut Self::Multipart, bytes: Vec<u8>) -> Result<(), StoreError>;

    /// Makes the parts an object.
    ///
    /// # Errors
    /// Why the store didn't. The object may be there all the same if the answer was lost.
    async fn complete(&self, upload: Self::Multipart) -> Result<Written, StoreError>;

    /// Forgets the parts.
    ///
    /// # Errors
    /// Why the store didn't. R2 does so by itself after seven days.
    async fn abort(&self, upload: Self::Multipart) -> Result<(), StoreError>;

    /// The custom metadata of an object. `None` if there is no object.
    ///
    /// # Errors
    /// Why the store didn't say.
    async fn metadata(&self, bucket: &str, key: &str) -> Result<Option<BTreeMap<String, String>>, StoreError>;

    /// Deletes an object; one that isn't there too.
    ///
    /// # Errors
    /// Why the store didn't.
    async fn delete(&self, bucket: &str, key: &str) -> Result<(), StoreError>;
}

/// An object that is being written.
#[derive(Debug)]
pub struct Upload<'a, W: ObjectWriter> {
    store: &'a W,
    target: &'a Target,
    /// Bytes that no part took yet: less than a part's.
    waiting: Vec<u8>,
    multipart: Option<W::Multipart>,
}

impl<W: ObjectWriter> Upload<'_, W> {
    /// Adds bytes to the object.
    ///
    /// # Errors
    /// Why the store didn't take them.
    pub async fn push(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            self.waiting = bytes;
        } else {
            self.waiting.extend_from_slice(&bytes);
        }
        while self.waiting.len() >= PART_BYTES {
            let rest = self.waiting.split_off(PART_BYTES);
            let part = std::mem::replace(&mut self.waiting, rest);
            if self.multipart.is_none() {
                self.multipart = Some(self.store.begin(self.target).await?);
            }
            if let Some(multipart) = &mut self.multipart {
                self.store.put_part(multipart, part).await?;
            }
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<Written, StoreError> {
        let rest = std::mem::take(&mut self.waiting);
        let Some(multipart) = &mut self.multipart else {
            return self.store.put(self.target, rest).await;
        };
        if !rest.is_empty() {
            self.store.put_part(multipart, rest).await?;
        }
        match self.multipart.take() {
            Some(multipart) => self.store.complete(multipart).await,
            None => Err(StoreError("the upload is over".to_owned())),
        }
    }
}

/// Writes an object whose bytes `write` pushes: with one request if they are few, else as a multipart upload. It's there once all of it
/// is; if `write` or the store fails, what came before is as it was. A Worker that dies on the way leaves parts that nobody sees.
///
/// # Errors
/// Those of `write`, and of the store.
pub async fn upload<W, T, E>(
    store: &W,
    target: &Target,
    write: impl AsyncFnOnce(&mut Upload<'_, W>) -> Result<T, E>,
) -> Result<(T, Written), E>
where
    W: ObjectWriter,
    E: From<StoreError>,
{
    let mut upload = Upload { store, target, waiting: Vec::new(), multipart: None };
    let outcome = async {
        let value = write(&mut upload).await?;
        Ok((value, upload.finish().await?))
    };
    let outcome = outcome.await;
    if outcome.is_err()
        && let Some(multipart) = upload.multipart.take()
    {
        // Its error would hide the first one; R2 forgets the parts by itself.
        let _ = store.abort(multipart).await;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures_util::FutureExt;

    use super::*;

    /// Objects by key; sizes of the parts of the upload under way.
    #[derive(Default)]
    struct Memory {
        objects: RefCell<Vec<(String, Vec<u8>)>>,
        parts: RefCell<Vec<usize>>,
        aborted: RefCell<u32>,
        fails_at_part: Option<usize>,
    }

    impl Memory {
        fn keep(&self, key: &str, bytes: Vec<u8>) -> Written {
            let written = Written { etag: "e".to_owned(), size: bytes.len() as u64 };
            self.objects.borrow_mut().push((key.to_owned(), bytes));
            written
        }
    }

    impl ObjectWriter for Memory {
        type Multipart = (String, Vec<u8>);

        async fn put(&self, target: &Target, bytes: Vec<u8>) -> Result<Written, StoreError> {
            Ok(self.keep(&target.key, bytes))
        }

        async fn begin(&self, target: &Target) -> Result<Self::Multipart, StoreError> {
            Ok((target.key.clone(), Vec::new()))
        }

        async fn put_part(&self, upload: &mut Self::Multipart, bytes: Vec<u8>) -> Result<(), StoreError> {
            self.parts.borrow_mut().push(bytes.len());
            if self.fails_at_part == Some(self.parts.borrow().len()) {
                return Err(StoreError("no".to_owned()));
            }
            upload.1.extend(bytes);
            Ok(())
        }

        async fn complete(&self, (key, bytes): Self::Multipart) -> Result<Written, StoreError> {
            Ok(self.keep(&key, bytes))
        }

        async fn abort(&self, _upload: Self::Multipart) -> Result<(), StoreError> {
            *self.aborted.borrow_mut() += 1;
            Ok(())
        }

        async fn metadata(&self, _bucket: &str, _key: &str) -> Result<Option<BTreeMap<String, String>>, StoreError> {
            Ok(None)
        }

        async fn delete(&self, _bucket: &str, _key: &str) -> Result<(), StoreError> {
            Ok(())
        }
    }

    /// Pushes pieces of so many bytes, then fails if it's told to.
    fn pushed(store: &Memory, pieces: &[usize], fails: bool) -> Result<Written, StoreError> {
        let target = Target::parquet("b", "k");
        let write = async |upload: &mut Upload<'_, Memory>| {
            for (n, length) in (0_u8..).zip(pieces) {
                upload.push(vec![n; *length]).await?;
            }
            if fails { Err(StoreError("mine".to_owned())) } else { Ok(()) }
        };
        upload(store, &target, write).now_or_never().unwrap().map(|((), written)| written)
    }

    #[test]
    fn a_small_object_is_put_at_once() {
        let store = Memory::default();
        assert_eq!(pushed(&store, &[3, 4], false).unwrap().size, 7);
        assert_eq!(store.objects.borrow()[0].1, [0, 0, 0, 1, 1, 1, 1]);
        assert!(store.parts.borrow().is_empty());
    }

    #[test]
    fn all_parts_but_the_last_have_one_size() {
        let store = Memory::default();
        let sizes = [PART_BYTES - 1, 2, 3 * PART_BYTES, 100];
        assert_eq!(pushed(&store, &sizes, false).unwrap().size, sizes.iter().sum::<usize>() as u64);
        assert_eq!(*store.parts.borrow(), [PART_BYTES, PART_BYTES, PART_BYTES, PART_BYTES, 101]);
        let expected: Vec<u8> = (0_u8..).zip(sizes).flat_map(|(n, length)| vec![n; length]).collect();
        assert!(store.objects.borrow()[0].1 == expected);
    }

    #[test]
    fn parts_that_end_with_the_object_need_no_empty_one() {
        let store = Memory::default();
        pushed(&store, &[2 * PART_BYTES], false).unwrap();
        assert_eq!(*store.parts.borrow(), [PART_BYTES, PART_BYTES]);
    }

    #[test]
    fn a_failure_leaves_nothing() {
        let own = Memory::default();
        assert_eq!(pushed(&own, &[PART_BYTES, 5], true).unwrap_err().0, "mine");
        let stores = Memory { fails_at_part: Some(2), ..Memory::default() };
        assert_eq!(pushed(&stores, &[PART_BYTES, PART_BYTES], false).unwrap_err().0, "no");
        for store in [own, stores] {
            assert!(store.objects.borrow().is_empty());
            assert_eq!(*store.aborted.borrow(), 1);
        }
    }
}
