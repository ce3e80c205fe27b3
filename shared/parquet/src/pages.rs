//! Looks at the page headers of a column chunk before the decoder does, so that what a page unpacks to is known to be
//! bounded: the decoder allocates what a header announces, and some codecs unpack more than that before they look.

use std::io::Read;

use parquet::basic::{Compression, Type};

use crate::{Error, Limits, thrift::Cursor};

/// Field numbers of Parquet's `PageHeader` ([parquet.thrift](https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift)).
mod field {
    pub(super) const TYPE: i16 = 1;
    pub(super) const UNCOMPRESSED_PAGE_SIZE: i16 = 2;
    pub(super) const COMPRESSED_PAGE_SIZE: i16 = 3;
    pub(super) const DATA_PAGE_HEADER: i16 = 5;
    pub(super) const DATA_PAGE_HEADER_V2: i16 = 8;
}

/// Field numbers of `DataPageHeader` and `DataPageHeaderV2`.
mod data_field {
    pub(super) const ENCODING: i16 = 2;
    pub(super) const ENCODING_V2: i16 = 4;
    pub(super) const DEFINITION_LEVELS_LENGTH_V2: i16 = 5;
    pub(super) const REPETITION_LEVELS_LENGTH_V2: i16 = 6;
}

/// `PageType.DICTIONARY_PAGE`.
const DICTIONARY_PAGE: i64 = 2;

/// `Encoding.PLAIN_DICTIONARY` and `Encoding.RLE_DICTIONARY`: the values are places in the dictionary.
const BY_DICTIONARY: [i64; 2] = [2, 8];

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
    data: DataHeader,
}

/// What the header of a data page says of its values.
#[derive(Default)]
struct DataHeader {
    encoding: Option<i64>,
    /// Bytes of levels before the values, which are never compressed. Only in the second version.
    levels: u64,
}

/// Walks the pages of `chunk`.
///
/// # Errors
/// `TooLarge` without its row group's number (0), or `OverLimit`, if a page is over a limit; `Damaged` if a header makes no sense, if a page
/// unpacks to more than its header says, or if it needs a dictionary that the chunk doesn't begin with.
pub(crate) fn check(chunk: &[u8], compression: Compression, of: Type, limits: &Limits) -> Result<PageSizes, Error> {
    let mut sizes = PageSizes::default();
    let mut has_dictionary = false;
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
        header.check_data(has_dictionary || looks_for_dictionary(of))?;
        has_dictionary |= header.is_dictionary;
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

/// Whether the decoder says by itself that there's no dictionary, and only if there's a value that needs it: a page of nulls needs none.
const fn looks_for_dictionary(of: Type) -> bool {
    matches!(of, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY)
}

impl PageHeader {
    /// What the decoder takes for granted of a data page.
    fn check_data(&self, has_dictionary: bool) -> Result<(), Error> {
        if !has_dictionary && self.data.encoding.is_some_and(|encoding| BY_DICTIONARY.contains(&encoding)) {
            return Err(Error::damaged(
                "a page has places in a dictionary, and its column chunk doesn't begin with one",
            ));
        }
        let (levels, bytes) = (self.data.levels, self.compressed);
        if levels > bytes as u64 {
            return Err(Error::damaged(format!("a page header says that {levels} of its {bytes} bytes are levels")));
        }
        Ok(())
    }
}

fn read_header(bytes: &[u8]) -> Result<(PageHeader, &[u8]), Error> {
    // A page header has no list; its structs have scalars only.
    let mut cursor = Cursor::new(bytes, 0);
    let mut data = DataHeader::default();
    let (mut page_type, mut compressed, mut uncompressed) = (None, None, None);
    let mut previous = 0;
    while let Some(header) = cursor.field(previous)? {
        previous = header.id;
        match header.id {
            field::TYPE => page_type = Some(cursor.integer()?),
            field::UNCOMPRESSED_PAGE_SIZE => uncompressed = Some(cursor.integer()?),
            field::COMPRESSED_PAGE_SIZE => compressed = Some(cursor.integer()?),
            field::DATA_PAGE_HEADER | field::DATA_PAGE_HEADER_V2 if header.is_struct() => {
                data = read_data_header(&mut cursor, header.id == field::DATA_PAGE_HEADER_V2)?;
            }
            _ => cursor.skip(&header)?,
        }
    }
    let required = |value: Option<i64>, what: &str| {
        size(value.ok_or_else(|| Error::damaged(format!("a page header lacks its {what} size")))?, what)
    };
    let header = PageHeader {
        is_dictionary: page_type == Some(DICTIONARY_PAGE),
        compressed: required(compressed, "compressed")? as usize,
        uncompressed: required(uncompressed, "uncompressed")?.into(),
        data,
    };
    let length = bytes.len() - cursor.remaining();
    Ok((header, bytes.get(length..).unwrap_or_default()))
}

fn size(value: i64, what: &str) -> Result<u32, Error> {
    u32::try_from(value).map_err(|_| Error::damaged(format!("a page header says that its {what} size is {value}")))
}

fn read_data_header(cursor: &mut Cursor<'_>, is_second_version: bool) -> Result<DataHeader, Error> {
    let mut data = DataHeader::default();
    let mut previous = 0;
    while let Some(header) = cursor.field(previous)? {
        previous = header.id;
        match (header.id, is_second_version) {
            (data_field::ENCODING, false) | (data_field::ENCODING_V2, true) => data.encoding = Some(cursor.integer()?),
            (data_field::DEFINITION_LEVELS_LENGTH_V2 | data_field::REPETITION_LEVELS_LENGTH_V2, true) => {
                data.levels += u64::from(size(cursor.integer()?, "levels'")?);
            }
            _ => cursor.skip(&header)?,
        }
    }
    Ok(data)
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
        let sizes = check(&chunk, Compression::UNCOMPRESSED, Type::INT32, &limits()).unwrap();
        assert_eq!(sizes, PageSizes { dictionary: 0, largest_data_page: 5 });
    }

    #[test]
    fn a_page_over_the_limit_is_named_before_it_is_unpacked() {
        let error = check(&page((1 << 20) + 1, b""), Compression::SNAPPY, Type::INT32, &limits()).unwrap_err();
        assert!(error.is_size(), "a reader with more memory may take it: {error}");
        let error = check(&page((1 << 24) + 1, b""), Compression::SNAPPY, Type::INT32, &limits()).unwrap_err();
        assert!(!error.is_size(), "no reader may take it: {error}");
        assert!(error.to_string().contains("16777217"), "{error}");
    }

    #[test]
    fn a_page_that_unpacks_to_more_than_it_says_is_refused() {
        let bomb = gzip(1_000_000);
        let gzip_codec = Compression::GZIP(parquet::basic::GzipLevel::default());
        assert!(check(&page(1_000_000, &bomb), gzip_codec, Type::INT32, &limits()).is_ok());
        let error = check(&page(1_000, &bomb), gzip_codec, Type::INT32, &limits()).unwrap_err();
        assert!(error.to_string().contains("more than the 1000 bytes"), "{error}");
    }

    /// A page with a header of its data, in the compact protocol: a struct under a field number two or five more than the last.
    fn data_page(is_second_version: bool, fields: &[(i16, u8)]) -> Vec<u8> {
        let mut bytes = page(3, b"abc");
        let body = bytes.split_off(bytes.len() - 4);
        bytes.push(if is_second_version { 0x5c } else { 0x2c });
        let mut previous = 0;
        for (id, value) in fields {
            bytes.extend([u8::try_from(id - previous).unwrap() << 4 | 5, value * 2]);
            previous = *id;
        }
        bytes.push(0);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_page_that_needs_a_dictionary_has_one() {
        let by_dictionary = data_page(false, &[(1, 3), (data_field::ENCODING, 8)]);
        let of_text = check(&by_dictionary, Compression::UNCOMPRESSED, Type::BYTE_ARRAY, &limits());
        assert!(of_text.is_ok(), "it may have nulls only");
        let check = |chunk: &[u8]| check(chunk, Compression::UNCOMPRESSED, Type::INT32, &limits());
        assert!(check(&by_dictionary).unwrap_err().to_string().contains("doesn't begin with one"));
        let mut dictionary = page(3, b"abc");
        dictionary[1] = 4;
        assert!(check(&[dictionary.clone(), by_dictionary.clone()].concat()).is_ok());
        assert!(check(&[by_dictionary, dictionary].concat()).is_err());
        assert!(check(&data_page(false, &[(1, 3), (data_field::ENCODING, 0)])).is_ok());
        assert!(check(&data_page(true, &[(1, 3), (data_field::ENCODING_V2, 8)])).is_err());
    }

    #[test]
    fn levels_lie_within_their_page() {
        let check = |definition, repetition| {
            let fields = [
                (data_field::DEFINITION_LEVELS_LENGTH_V2, definition),
                (data_field::REPETITION_LEVELS_LENGTH_V2, repetition),
            ];
            check(&data_page(true, &fields), Compression::UNCOMPRESSED, Type::INT32, &limits())
        };
        assert!(check(1, 2).is_ok());
        assert!(check(2, 2).unwrap_err().to_string().contains("4 of its 3 bytes are levels"));
    }

    #[test]
    fn a_page_longer_than_its_chunk_is_refused() {
        let mut chunk = page(3, b"abc");
        chunk.pop();
        assert!(check(&chunk, Compression::UNCOMPRESSED, Type::INT32, &limits()).is_err());
    }
}
