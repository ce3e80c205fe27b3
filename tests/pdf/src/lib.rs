//! Mangled PDF against its reader.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use fuzzing::{Chance, mangle};
use living_pdf::{Document, Page};

/// Pages of a file that are read.
const PAGES: u32 = 4;

/// A file of our own, with what PDF has for text: fonts of the standard, a Type 3 font, a composite font with its `CMap`, forms in forms,
/// arrays of texts and inline images.
const OWN: &str = "%PDF-1.7
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents [5 0 R 6 0 R] /Annots [14 0 R]
  /Resources << /Font << /F 7 0 R /T 8 0 R /C 9 0 R >> /XObject << /X 13 0 R >> /ExtGState << /G << /Font [7 0 R 9] >> >> >> >> endobj
4 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate 90 /Contents 5 0 R /Resources << >> >> endobj
5 0 obj << /Length 118 >> stream
q 1 0 0 1 10 10 cm BT /F 12 Tf 14 TL 50 700 Td (MV Asta) Tj T* [(IMO) -300 (9074729)] TJ 2 3 (a) \" ET Q /X Do /G gs
endstream endobj
6 0 obj << /Length 110 >> stream
BT /T 10 Tf 3 Tr (ab) ' /C 8 Tf 50 0 0 50 9 9 Tm <00410042> Tj ET BI /W 1 /H 1 /BPC 8 /CS /G ID x EI 0 0 9 9 re f
endstream endobj
7 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding << /Differences [65 /A /uni0042 /fi] >>
  /FirstChar 65 /LastChar 67 /Widths [500 600 700] >> endobj
8 0 obj << /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [0.1 0 0 0.1 0 0] /FirstChar 97 /LastChar 98 /Widths [5 5]
  /Encoding << /Differences [97 /a /b] >> /CharProcs << /a 5 0 R /b 6 0 R >> >> endobj
9 0 obj << /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [10 0 R] /ToUnicode 12 0 R >> endobj
10 0 obj << /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>
  /W [65 [500 600] 70 80 300] /DW 1000 /FontDescriptor 11 0 R >> endobj
11 0 obj << /Type /FontDescriptor /FontName /X /Flags 4 >> endobj
12 0 obj << /Length 190 >> stream
/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange
1 beginbfrange <0041> <0043> <0061> endbfrange 1 beginbfchar <0050> <d83dde00> endbfchar endcmap end
endstream endobj
13 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Matrix [1 0 0 1 5 5] /Resources << /XObject << /X 15 0 R >> >> /Length 5 >> stream
/X Do
endstream endobj
14 0 obj << /Type /Annot /Subtype /Widget /Rect [9 9 99 99] /AP << /N 15 0 R >> >> endobj
15 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F 7 0 R >> >> /Length 27 >> stream
BT /F 9 Tf (filled in) Tj ET
endstream endobj
trailer << /Root 1 0 R /Size 16 >>
";

/// A file of our own, and those of the collection where they are.
#[must_use]
pub fn seeds(data: Option<&Path>) -> Vec<Vec<u8>> {
    let mut seeds = vec![OWN.as_bytes().to_vec()];
    let Some(entries) = data.and_then(|data| fs::read_dir(data.join("pdf")).ok()) else { return seeds };
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    seeds.extend(paths.iter().filter_map(|path| fs::read(path).ok()).filter(|bytes| bytes.starts_with(b"%PDF-")));
    seeds
}

/// What readers trip over.
const TOKENS: [&[u8]; 30] = [
    b" obj ",
    b"endobj\n",
    b"stream\n",
    b"endstream\n",
    b"<<",
    b">>",
    b"[",
    b"]",
    b"(",
    b")",
    b"/",
    b"%",
    b" 0 R ",
    b"1 0 R ",
    b"-1",
    b"0",
    b"65536",
    b"2147483648",
    b"99999999999999999999",
    b"1e999",
    b" null ",
    b"/Filter /LZWDecode ",
    b"/Filter [/ASCII85Decode /FlateDecode] ",
    b"/Type /ObjStm /N 9 /First 9 ",
    b"/Encrypt 4 0 R ",
    b" Do ",
    b" Tj ",
    b" cm ",
    b" BT ",
    b"\xff\xff\xff\xff",
];

/// A file that is somewhat different from one of the seeds.
pub fn mutant(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let Some(seed) = seeds.get(chance.below(seeds.len().max(1))) else { return Vec::new() };
    let mut bytes = seed.clone();
    // Little else comes past the packing of streams than what is done to what's in them.
    for _ in 0..chance.below(3) {
        mangle_stream(&mut bytes, chance);
    }
    if chance.below(3) > 0 {
        mangle(&mut bytes, &TOKENS, chance);
    }
    bytes
}

/// Mangles what is in a stream that is packed by zlib, and packs it again. Its length and all places behind it are wrong then, which the
/// reader mends.
fn mangle_stream(bytes: &mut Vec<u8>, chance: &mut Chance) {
    const BEGIN: &[u8] = b"stream";
    let starts: Vec<usize> = bytes
        .windows(BEGIN.len())
        .enumerate()
        .filter_map(|(at, window)| (window == BEGIN).then_some(at + BEGIN.len()))
        .collect();
    let Some(start) = starts.get(chance.below(starts.len().max(1))) else { return };
    let rest = bytes.get(*start..).unwrap_or_default();
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut unpacked = Vec::new();
    let mut decoder = ZlibDecoder::new(rest.get(skipped..).unwrap_or_default());
    if decoder.by_ref().take(1 << 20).read_to_end(&mut unpacked).is_err() {
        return;
    }
    let packed = usize::try_from(decoder.total_in()).unwrap_or(0);
    mangle(&mut unpacked, &TOKENS, chance);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    if encoder.write_all(&unpacked).is_ok()
        && let Ok(again) = encoder.finish()
    {
        let from = start + skipped;
        bytes.splice(from..(from + packed).min(bytes.len()), again);
    }
}

/// Reads a file as a Worker would. Says whether it was opened.
#[must_use]
pub fn read(bytes: &[u8]) -> bool {
    let Ok(document) = Document::open(bytes.to_vec()) else { return false };
    let reader = document.reader();
    for page in 1..=document.pages().min(PAGES) {
        if let Ok(Page::Text(_) | Page::Picture { .. }) = reader.read(page) {
            drop(document.page_file(page));
            drop(document.page_jpeg(page));
        }
    }
    true
}
