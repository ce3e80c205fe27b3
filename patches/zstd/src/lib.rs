//! The calls that `parquet` makes of the crate `zstd`, over the pure-Rust decoder `ruzstd`. Decodes only: nothing here
//! writes Parquet with ZSTD.

use std::io::{Error, ErrorKind};

/// The levels of the C library; `parquet` names them in its type for settings.
pub fn compression_level_range() -> std::ops::RangeInclusive<i32> {
    1..=22
}

pub mod zstd_safe {
    /// Unknown on purpose: the caller then takes the size from the page header.
    pub fn get_frame_content_size(_frame: &[u8]) -> Result<Option<u64>, ()> {
        Ok(None)
    }

    pub fn compress_bound(size: usize) -> usize {
        size
    }
}

pub mod bulk {
    use std::{
        io::{Cursor, Error, Read, Result},
        marker::PhantomData,
    };

    pub struct Compressor<'a>(PhantomData<&'a ()>);

    impl Compressor<'_> {
        pub fn new(_level: i32) -> Result<Self> {
            Ok(Self(PhantomData))
        }

        /// # Errors
        /// Always: this crate doesn't compress.
        pub fn compress_to_buffer(&mut self, _source: &[u8], _target: &mut Cursor<&mut Vec<u8>>) -> Result<usize> {
            Err(Error::new(std::io::ErrorKind::Unsupported, "zstd compression is not built in"))
        }
    }

    pub struct Decompressor<'a>(PhantomData<&'a ()>);

    impl Decompressor<'_> {
        pub fn new() -> Result<Self> {
            Ok(Self(PhantomData))
        }

        /// Appends what the frames of `source` hold, from the position of `target` on. Never more than the capacity of
        /// `target`, as the C library; so a frame can't take more memory than the page header declared.
        pub fn decompress_to_buffer(&mut self, mut source: &[u8], target: &mut Cursor<&mut Vec<u8>>) -> Result<usize> {
            let start = usize::try_from(target.position()).map_err(super::damaged)?;
            let out: &mut Vec<u8> = target.get_mut();
            out.truncate(start);
            let room = out.capacity() - start;
            while !source.is_empty() {
                let left = room - (out.len() - start);
                let mut decoder = ruzstd::decoding::StreamingDecoder::new(&mut source).map_err(super::damaged)?;
                let read = (&mut decoder).take(left as u64 + 1).read_to_end(out)?;
                if read > left {
                    return Err(super::damaged("zstd frame is larger than declared"));
                }
            }
            let written = out.len() - start;
            target.set_position((start + written) as u64);
            Ok(written)
        }
    }
}

fn damaged(reason: impl ToString) -> Error {
    Error::new(ErrorKind::InvalidData, reason.to_string())
}
