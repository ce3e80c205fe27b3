//! Looks at the page headers of a column chunk before the decoder does, so that what a page unpacks to is known to be
//! bounded: the decoder allocates what a header announces, and some codecs unpack more than that before they look.

use std::io::Read;

use parquet::basic::Compression;

use crate::{Error, Limits, thrift::Cursor};

/// Field numbers of Parquet's `PageHeader` ([parquet.thrift](https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift)).
mod field {
    pub(super) const TYPE: i16 = 1;
    pub(super) const UNCOMPRESSED_PAGE_SIZE: i16 = 2;
    pub(super) const COMPRESSED_PAGE_SIZE: i16 = 3;
}

/// `PageType.DICTIONARY_PAGE`.
const DICTIONARY_PAGE: i64 = 2;

/// First bytes of an LZ4 frame ([LZ4 frame format](https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md)).
const LZ4_FRAME_MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();

/// What the pages of a column chunk unpack to, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PageSizes {
    /// The dictionary: it stays in memory while the chunk is read.
    pub(crate) dictionary: u64,
    /// The largest data page: one at a time is in memory.
    pub(crate) largest_data_page: u64,
}

struct PageHeader {
    is_dictionary: bool,
    compressed: usize,
    uncompressed: u64,
}

/// Walks the pages of `chunk`.
///
/// # Errors
/// `TooLarge` without its row group's number (0), or `OverLimit`, if a page is over a limit; `Damaged` if a header makes no sense, or
/// if a page unpacks to more than its header says.
pub(crate) fn check(chunk: &[u8], compression: Compression, limits: &Limits) -> Result<PageSizes, Error> {
    let mut sizes = PageSizes::default();
    let mut rest = chunk;
    while !rest.is_empty() {
        let (header, body) = read_header(rest)?;
        let (value, limit) = (header.uncompressed, limits.page_bytes_anywhere);
        if value > limit {
            return Err(Error::OverLimit { what: "bytes that a page unpacks to", value, limit });
        }
        let limit = limits.page_bytes;
        if value > limit {
            return Err(Error::TooLarge { row_group: 0, what: "a page", value, limit });
        }
        let page = body.get(..header.compressed).ok_or_else(|| {
            Error::damaged(format!("a page has {} bytes more than its column chunk", header.compressed - body.len()))
        })?;
        check_expansion(page, compression, header.uncompressed)?;
        if header.is_dictionary {
            sizes.dictionary = sizes.dictionary.max(header.uncompressed);
        } else {
            sizes.largest_data_page = sizes.largest_data_page.max(header.uncompressed);
        }
        rest = body.get(header.compressed..).unwrap_or_default();
    }
    Ok(sizes)
}

fn read_header(bytes: &[u8]) -> Result<(PageHeader, &[u8]), Error> {
    // A page header has no list; its structs have scalars only.
    let mut cursor = Cursor::new(bytes, 0);
    let (mut page_type, mut compressed, mut uncompressed) = (None, None, None);
    let mut previous = 0;
    while let Some(header) = cursor.field(previous)? {
        previous = header.id;
        match header.id {
            field::TYPE => page_type = Some(cursor.integer()?),
            field::UNCOMPRESSED_PAGE_SIZE => uncompressed = Some(cursor.integer()?),
            field::COMPRESSED_PAGE_SIZE => compressed = Some(cursor.integer()?),
            _ => cursor.skip(&header)?,
        }
    }
    let size = |value: Option<i64>, what: &str| {
        let value = value.ok_or_else(|| Error::damaged(format!("a page header lacks its {what} size")))?;
        u32::try_from(value).map_err(|_| Error::damaged(format!("a page header says that its {what} size is {value}")))
    };
    let header = PageHeader {
        is_dictionary: page_type == Some(DICTIONARY_PAGE),
        compressed: size(compressed, "compressed")? as usize,
        uncompressed: size(uncompressed, "uncompressed")?.into(),
    };
    let length = bytes.len() - cursor.remaining();
    Ok((header, bytes.get(length..).unwrap_or_default()))
}

/// The decoders of Snappy, ZSTD and raw LZ4 stop at the announced size by themselves. These don't, so such a page is unpacked
/// once more, into nothing.
fn check_expansion(page: &[u8], compression: Compression, announced: u64) -> Result<(), Error> {
    let unpacked = match compression {
        Compression::GZIP(_) => count(flate2::read::MultiGzDecoder::new(page), announced),
        Compression::BROTLI(_) => count(brotli::Decompressor::new(page, 4096), announced),
        Compression::LZ4 if page.starts_with(&LZ4_FRAME_MAGIC) => {
            count(lz4_flex::frame::FrameDecoder::new(page), announced)
        }
        _ => 0,
    };
    if unpacked > announced {
        return Err(Error::damaged(format!("a page unpacks to more than the {announced} bytes that its header says")));
    }
    Ok(())
}

/// Bytes that `reader` gives, counted to one over `enough`. An error counts as the end: the decoder meets it again and names it.
fn count(reader: impl Read, enough: u64) -> u64 {
    let mut limited = reader.take(enough.saturating_add(1));
    let mut buffer = [0; 8192];
    let mut total = 0;
    while let Ok(read @ 1..) = limited.read(&mut buffer) {
        total += read as u64;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A data page header: type, uncompressed size, compressed size.
    fn page(uncompressed: u32, body: &[u8]) -> Vec<u8> {
        let varint = |mut n: u64| {
            let mut out = vec![];
            while n >= 0x80 {
                out.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
                n >>= 7;
            }
            out.push(u8::try_from(n).unwrap());
            out
        };
        let mut bytes = vec![0x15, 0x00, 0x15];
        bytes.extend(varint(u64::from(uncompressed) * 2));
        bytes.push(0x15);
        bytes.extend(varint(body.len() as u64 * 2));
        bytes.push(0);
        bytes.extend(body);
        bytes
    }

    fn limits() -> Limits {
        Limits { page_bytes: 1 << 20, page_bytes_anywhere: 1 << 24, ..Limits::default() }
    }

    fn gzip(size: usize) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        encoder.write_all(&vec![0; size]).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_largest_page_is_found() {
        let chunk = [page(3, b"abc"), page(5, b"abcde"), page(1, b"a")].concat();
        let sizes = check(&chunk, Compression::UNCOMPRESSED, &limits()).unwrap();
        assert_eq!(sizes, PageSizes { dictionary: 0, largest_data_page: 5 });
    }

    #[test]
    fn a_page_over_the_limit_is_named_before_it_is_unpacked() {
        let error = check(&page((1 << 20) + 1, b""), Compression::SNAPPY, &limits()).unwrap_err();
        assert!(error.is_size(), "a reader with more memory may take it: {error}");
        let error = check(&page((1 << 24) + 1, b""), Compression::SNAPPY, &limits()).unwrap_err();
        assert!(!error.is_size(), "no reader may take it: {error}");
        assert!(error.to_string().contains("16777217"), "{error}");
    }

    #[test]
    fn a_page_that_unpacks_to_more_than_it_says_is_refused() {
        let bomb = gzip(1_000_000);
        assert!(
            check(&page(1_000_000, &bomb), Compression::GZIP(parquet::basic::GzipLevel::default()), &limits()).is_ok()
        );
        let error =
            check(&page(1_000, &bomb), Compression::GZIP(parquet::basic::GzipLevel::default()), &limits()).unwrap_err();
        assert!(error.to_string().contains("more than the 1000 bytes"), "{error}");
    }

    #[test]
    fn a_page_longer_than_its_chunk_is_refused() {
        let mut chunk = page(3, b"abc");
        chunk.pop();
        assert!(check(&chunk, Compression::UNCOMPRESSED, &limits()).is_err());
    }
}
