//! Streams of content, unpacked within a limit.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};
use hayro_syntax::{Filter, object::Stream};

use crate::MAX_CONTENT;

/// Packed bytes of a stream with several filters, or one whose unpacked size can't be told before, at most. Each of these makes a byte some
/// 1,400 at most (LZW), so this is [`MAX_CONTENT`] by a margin of a few times.
const MAX_UNMEASURED: usize = 64 << 10;

/// The unpacked bytes of a stream of content. `None` if it's damaged or too large.
pub(crate) fn unpack<'a>(stream: &Stream<'a>) -> Option<Cow<'a, [u8]>> {
    let filters = stream.filters();
    let packed = stream.raw_data();
    let is_small = match filters.as_slice() {
        [] | [Filter::AsciiHexDecode | Filter::Ascii85Decode] => packed.len() <= MAX_CONTENT,
        [Filter::FlateDecode] => inflates_within(&packed, MAX_CONTENT),
        filters => {
            let packings = filters.iter().filter(|filter| !is_ascii(**filter)).count();
            packings <= 1 && packed.len() <= MAX_UNMEASURED
        }
    };
    if !is_small {
        return None;
    }
    stream.decoded_data().ok().filter(|bytes| bytes.len() <= MAX_CONTENT)
}

const fn is_ascii(filter: Filter) -> bool {
    matches!(filter, Filter::AsciiHexDecode | Filter::Ascii85Decode | Filter::Crypt)
}

/// Whether a zlib stream, or a bare deflate stream, unpacks to at most `limit` bytes. One that's damaged does up to its damage. Header and
/// checksum are passed over, as the reader does.
fn inflates_within(packed: &[u8], limit: usize) -> bool {
    let packed = match packed {
        [method, flags, rest @ ..] if is_header(*method, *flags) => rest,
        other => other,
    };
    let mut inflater = Decompress::new(false);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let from = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        let before = inflater.total_out();
        let rest = packed.get(from..).unwrap_or_default();
        let status = inflater.decompress(rest, &mut buffer, FlushDecompress::None);
        if inflater.total_out() > limit as u64 {
            return false;
        }
        let stands = inflater.total_out() == before && inflater.total_in() == from as u64;
        if !matches!(status, Ok(Status::Ok | Status::BufError)) || stands {
            return true;
        }
    }
}

/// The header of a zlib stream without a dictionary ([RFC 1950](https://www.rfc-editor.org/rfc/rfc1950), 2.2).
fn is_header(method: u8, flags: u8) -> bool {
    method & 0x0f == 8 && (u16::from(method) << 8 | u16::from(flags)).is_multiple_of(31) && flags & 0x20 == 0
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_unpacks_to_too_much_is_found_without_unpacking_it() {
        let packed = zlib(&vec![b'a'; 1_000_000]);
        assert!(packed.len() < 2_000);
        assert!(inflates_within(&packed, 1_000_000));
        assert!(!inflates_within(&packed, 999_999));
        for damaged in [&packed[..packed.len() / 2], &packed[2..], b"", b"x", &[0x78, 0x9c, 0xff, 0xff]] {
            assert!(inflates_within(damaged, 1_000_000));
        }
    }
}
