//! Which encoding a text is in, and its decoding.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::Error;

/// So few letters beyond ASCII tell no language.
const FEW: usize = 2;

/// The encoding of the text that begins with `head`, and whether a byte order mark says so.
pub(crate) fn detect(head: &[u8]) -> Result<(&'static Encoding, bool), Error> {
    if head.starts_with(&[0xff, 0xfe, 0, 0]) || head.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err(Error::Encoding { encoding: "UTF-32" });
    }
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok((encoding, true));
    }
    if let Some(encoding) = utf16_by_zeros(head) {
        return Ok((encoding, false));
    }
    let mut text = Text::new(UTF_8, false);
    text.decode(head, false);
    Ok((if text.is_plausible() { UTF_8 } else { guess(head) }, false))
}

/// The most probable encoding of bytes that aren't UTF-8.
pub(crate) fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    if !guess.is_single_byte() {
        return guess;
    }
    // Many letters and signs are the same in several encodings. Where all of a text's are, the commonest is named; so it is where one
    // letter, however often, or a few of two are all there is to tell a language by.
    let text = |encoding: &'static Encoding| encoding.decode_without_bom_handling(bytes).0;
    let commonest = text(WINDOWS_1252);
    let mut beyond_ascii = commonest.chars().filter(|c| !c.is_ascii());
    let first = beyond_ascii.clone().next();
    let is_few = beyond_ascii.clone().count() <= FEW || beyond_ascii.clone().all(|letter| Some(letter) == first);
    let says_little = is_few && beyond_ascii.all(char::is_alphabetic);
    if says_little || text(guess) == commonest { WINDOWS_1252 } else { guess }
}

/// UTF-16 without a byte order mark: in the text of most scripts' tables every other byte is zero, but for what isn't Latin.
fn utf16_by_zeros(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len() / 2;
    let (mut first, mut second) = (0_usize, 0_usize);
    for pair in head.chunks_exact(2) {
        if let [a, b] = pair {
            first += usize::from(*a == 0);
            second += usize::from(*b == 0);
        }
    }
    let most = |zeros: usize, others: usize| pairs >= 2 && zeros * 10 >= pairs * 4 && others * 20 <= pairs;
    if most(second, first) {
        Some(UTF_16LE)
    } else if most(first, second) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// A decoder that counts what it couldn't decode.
pub(crate) struct Text {
    decoder: Decoder,
    /// What was decoded and not yet taken.
    pub(crate) decoded: String,
    /// Sequences of bytes that are no character of the encoding. Each became U+FFFD.
    pub(crate) malformed: u64,
    /// Characters beyond ASCII.
    beyond_ascii: u64,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Text").field("encoding", &self.decoder.encoding().name()).finish_non_exhaustive()
    }
}

impl Text {
    pub(crate) fn new(encoding: &'static Encoding, mark: bool) -> Self {
        let decoder =
            if mark { encoding.new_decoder_with_bom_removal() } else { encoding.new_decoder_without_bom_handling() };
        Self { decoder, decoded: String::new(), malformed: 0, beyond_ascii: 0 }
    }

    /// Adds the text of `bytes` to `decoded`.
    pub(crate) fn decode(&mut self, mut bytes: &[u8], last: bool) {
        let before = self.decoded.len();
        let replaced = self.malformed;
        loop {
            let room = self.decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len());
            self.decoded.reserve(room.max(16));
            let (result, read) = self.decoder.decode_to_string_without_replacement(bytes, &mut self.decoded, last);
            bytes = bytes.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.malformed += 1;
                    self.decoded.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
        let added = self.decoded.as_bytes().get(before..).unwrap_or_default();
        if !added.is_ascii() {
            let leading = added.iter().filter(|byte| **byte >= 0xc0).count() as u64;
            self.beyond_ascii += leading - (self.malformed - replaced);
        }
    }

    /// Whether what couldn't be decoded is damage here and there, rather than a sign of another encoding.
    pub(crate) fn is_plausible(&self) -> bool {
        self.malformed == 0 || self.beyond_ascii >= 4 * self.malformed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let name = |bytes: &[u8]| detect(bytes).map(|(encoding, mark)| (encoding.name(), mark));
        assert_eq!(name("id,name\n1,Åse\n".as_bytes()), Ok(("UTF-8", false)));
        assert_eq!(name(b"\xef\xbb\xbfid,name"), Ok(("UTF-8", true)));
        assert_eq!(name(b"\xff\xfei\0d\0"), Ok(("UTF-16LE", true)));
        assert_eq!(name(b"i\0d\0,\0n\0"), Ok(("UTF-16LE", false)));
        assert_eq!(name(b"\0i\0d\0,\0n"), Ok(("UTF-16BE", false)));
        assert_eq!(name(b"navire,ann\xe9e\nL'\xcele,1999\n"), Ok(("windows-1252", false)));
        assert_eq!(name(b"callsign\nLAZD5\xe6\n"), Ok(("windows-1252", false)));
        // Eleven of a register's call signs end with it.
        let stray = "LAZD5\u{1},LIUG3\u{1},C6BE3\u{1},V3TR7\u{1},HP4919\u{1},WDF4692\u{1}\u{1},3EJQ7\u{1},BFBJ8\u{1}\n";
        let stray: Vec<u8> = stray.bytes().map(|byte| if byte == 1 { 0xe6 } else { byte }).collect();
        assert_eq!(name(&stray), Ok(("windows-1252", false)));
        assert_eq!(name(b"a,b\n1,\x93quoted\x94 \x80 5\n"), Ok(("windows-1252", false)));
        assert!(matches!(name(b"\xff\xfe\0\0i\0\0\0"), Err(Error::Encoding { .. })));
    }

    #[test]
    fn a_cut_character_at_the_end_of_the_head_is_no_damage() {
        assert_eq!(detect(b"\xc3\xa9\xc3").map(|(encoding, _)| encoding), Ok(UTF_8));
    }

    #[test]
    fn one_damaged_character_doesnt_change_the_encoding() {
        let mut bytes = "é".repeat(10).into_bytes();
        bytes.push(0xe9);
        bytes.push(b',');
        assert_eq!(detect(&bytes).map(|(encoding, _)| encoding), Ok(UTF_8));
    }
}
