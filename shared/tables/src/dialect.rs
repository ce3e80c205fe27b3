//! How a text separates, quotes and escapes its cells, found by reading the start of it in each way and looking at what comes out.

use crate::{csv::Records, encoding::Text, shape::Shape};

/// How a text separates, quotes and escapes its cells. A line ends with CR, LF or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    /// What a cell is put in that holds a delimiter or a line's end. Doubled within such a cell, it stands for itself.
    pub quote: Option<u8>,
    /// Whether a backslash takes the special meaning from the delimiter, quote, line end or backslash behind it.
    pub backslash: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: Some(b'"'), backslash: false }
    }
}

/// In the order in which they win a tie.
const DELIMITERS: [u8; 8] = [b',', b';', b'\t', b'|', b'^', b'~', 0x1f, 0x01];

/// Bytes and records that are read in each way.
const SAMPLE_BYTES: usize = 64 << 10;
const SAMPLE_RECORDS: usize = 1_000;

/// What one way of reading has to be better by than the plainer one before it.
const CLEARLY: f64 = 1.02;

impl Dialect {
    /// The dialect of the text that begins with `head`. `whole`: nothing comes after.
    pub(crate) fn sniff(head: &str, whole: bool) -> Self {
        let (sample, whole) = sample(head, whole);
        if let Some(delimiter) = declared(sample) {
            return Self { delimiter, ..Self::default() };
        }
        let mut best = (Self::default(), 0.0, 1);
        for dialect in candidates(sample) {
            let (score, width) = score(&dialect.records(sample, whole), dialect.delimiter);
            if score > best.1 * CLEARLY {
                best = (dialect, score, width);
            }
        }
        if best.2 == 1 {
            let blank = Self { delimiter: b' ', ..Self::default() };
            if is_grid_of_values(&blank.records(sample, whole)) {
                return blank;
            }
        }
        best.0
    }

    /// The records at the start of a text. What is cut off at its end is left out.
    pub(crate) fn records(self, text: &str, whole: bool) -> Vec<Vec<String>> {
        let mut records = Vec::new();
        let mut reader = Records::new(self, Text::new(encoding_rs::UTF_8, false));
        // A record over a limit ends the sample; the whole reading says so.
        let _over_limit = reader.push(text.as_bytes(), true, &mut |record| {
            if records.len() < SAMPLE_RECORDS {
                records.push(record.cells().map(str::to_owned).collect::<Vec<_>>());
            }
            Ok(())
        });
        if !whole && records.len() > 1 && records.len() < SAMPLE_RECORDS {
            records.pop();
        }
        records
    }
}

/// Lines that say more than the bytes that they're in.
const SAMPLE_LINES: usize = 10;

/// Whole lines from the start of a text.
fn sample(head: &str, whole: bool) -> (&str, bool) {
    if whole && head.len() <= SAMPLE_BYTES {
        return (head, true);
    }
    let start = head.get(..head.floor_char_boundary(SAMPLE_BYTES)).unwrap_or(head);
    let ends = |text: &str| text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    if ends(start) < SAMPLE_LINES {
        return (head, whole);
    }
    let line = start.rfind(['\n', '\r']).map_or(start.len(), |at| at + 1);
    (start.get(..line).unwrap_or(start), false)
}

/// What Excel takes from a first line `sep=;`.
pub(crate) fn declared(text: &str) -> Option<u8> {
    let line = text.split(['\n', '\r']).next()?.trim_matches('"');
    let value = line.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and_then(|_| line.get(4..))?;
    match value.as_bytes() {
        [delimiter] if delimiter.is_ascii_punctuation() || *delimiter == b'\t' => Some(*delimiter),
        _ => None,
    }
}

fn candidates(sample: &str) -> Vec<Dialect> {
    let mut candidates = vec![Dialect::default()];
    for quote in [Some(b'"'), None, Some(b'\'')] {
        for delimiter in DELIMITERS.into_iter().filter(|delimiter| sample.as_bytes().contains(delimiter)) {
            let quoted = |quote| Quoted::count(sample.as_bytes(), delimiter, quote);
            let possible = match quote {
                Some(b'\'') => quoted(b'\'').is_usual(),
                Some(_) => true,
                None => quoted(b'"').is_accident(),
            };
            if !possible {
                continue;
            }
            candidates.push(Dialect { delimiter, quote, backslash: false });
            let escapes = |byte: u8| sample.contains(&format!("\\{}", char::from(byte)));
            // A path may end with a backslash before the quote. Where one escapes the quote, the cell goes on behind it.
            if escapes(delimiter) || quote.is_some_and(|quote| escapes(quote) && quoted(quote).badly > 0) {
                candidates.push(Dialect { delimiter, quote, backslash: true });
            }
        }
    }
    candidates
}

/// How the quotes at the starts of cells end.
#[derive(Debug, Default)]
struct Quoted {
    /// Before a delimiter or the end of a line.
    well: usize,
    /// Before anything else, or never.
    badly: usize,
}

impl Quoted {
    fn count(text: &[u8], delimiter: u8, quote: u8) -> Self {
        let mut counts = Self::default();
        let mut bytes = text.iter().copied().peekable();
        let mut at_start = true;
        while let Some(byte) = bytes.next() {
            if !(at_start && byte == quote) {
                at_start = byte == delimiter || matches!(byte, b'\r' | b'\n');
                continue;
            }
            at_start = false;
            let mut closed = false;
            while let Some(byte) = bytes.next() {
                // A doubled quote stands for itself.
                if byte == quote && bytes.next_if_eq(&quote).is_none() {
                    closed = true;
                    break;
                }
            }
            let ends = bytes.peek().is_none_or(|next| *next == delimiter || matches!(next, b'\r' | b'\n'));
            *(if closed && ends { &mut counts.well } else { &mut counts.badly }) += 1;
        }
        counts
    }

    const fn is_usual(&self) -> bool {
        self.well >= 2 && self.badly * 4 <= self.well
    }

    const fn is_accident(&self) -> bool {
        self.badly > self.well
    }
}

/// How much a reading looks like a table, from 0 to 1, and how wide the table is: many records of one width, whose cells hold one thing
/// each. After van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting row and type patterns" (2019), with the share of
/// the commonest width in place of their sum over patterns, as preambles and footnotes are the rule here.
fn score(records: &[Vec<String>], delimiter: u8) -> (f64, usize) {
    let filled: Vec<_> = records.iter().filter(|record| record.iter().any(|cell| !cell.trim().is_empty())).collect();
    let mut widths: Vec<usize> = filled.iter().map(|record| record.len()).collect();
    widths.sort_unstable();
    let (mut best, mut width) = (0.0_f64, 1);
    for group in widths.chunk_by(|a, b| a == b) {
        let Some(&candidate) = group.first() else { continue };
        #[allow(clippy::cast_precision_loss)]
        let share = group.len() as f64 / filled.len() as f64;
        #[allow(clippy::cast_precision_loss)]
        let gain = if candidate == 1 { 0.3 } else { 1.0 - 1.0 / candidate as f64 };
        if share * gain > best {
            (best, width) = (share * gain, candidate);
        }
    }
    let (mut clean, mut cells) = (0.0, 0.0);
    for cell in filled.iter().flat_map(|record| record.iter()) {
        clean += cleanness(cell, delimiter);
        cells += 1.0;
    }
    if cells == 0.0 { (0.0, 1) } else { (best * clean / cells, width) }
}

/// How much a cell looks like one thing, from 0 to 1.
fn cleanness(cell: &str, delimiter: u8) -> f64 {
    let cell = cell.trim();
    let has = |other: u8| other != delimiter && cell.as_bytes().contains(&other);
    if cell.is_empty() {
        1.0
    } else if has(b'\t') {
        0.1
    } else if cell.starts_with('"')
        || cell.ends_with('"')
        || (cell.len() > 1 && cell.starts_with('\'') && cell.ends_with('\''))
    {
        0.2
    } else if has(b';') || has(b'|') || cell.ends_with('\\') {
        0.3
    } else if has(b',') && Shape::of(cell) != Shape::Number {
        0.6
    } else if cell.contains('\n') {
        0.7
    } else {
        1.0
    }
}

/// Columns set apart by single blanks: only if every record has as many, and most cells are values.
fn is_grid_of_values(records: &[Vec<String>]) -> bool {
    let width = records.first().map_or(0, Vec::len);
    let cells = records.iter().flatten().count();
    let values = records.iter().flatten().filter(|cell| Shape::of(cell).is_value()).count();
    width > 1 && records.len() > 2 && records.iter().all(|record| record.len() == width) && values * 2 > cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(text: &str) -> (char, Option<char>, bool) {
        let dialect = Dialect::sniff(text, true);
        (char::from(dialect.delimiter), dialect.quote.map(char::from), dialect.backslash)
    }

    #[test]
    fn dialects_are_told_apart() {
        let quoted = Some('"');
        assert_eq!(sniffed("a,b,c\n1,2,3\n"), (',', quoted, false));
        assert_eq!(sniffed("a;b;c\n1;2;3"), (';', quoted, false));
        assert_eq!(sniffed("a\tb\n1,5\t2,5\n3,5\t4,5\n"), ('\t', quoted, false));
        assert_eq!(sniffed("a|b|c\nx, y|1|2\nz, w|3|4\n"), ('|', quoted, false));
        assert_eq!(sniffed("name;kW\nA;1,5\nB;2,5\nC;3,25\n"), (';', quoted, false));
        assert_eq!(sniffed("name\nHello, world\nGood bye\nSo long\n"), (',', quoted, false));
        assert_eq!(sniffed("'a','b, c'\n'd','e, f'\n'g','it''s, ok'\n"), (',', Some('\''), false));
        assert_eq!(sniffed("a,b\n\"x \\\"y\\\", z\",1\n\"w\",2\n"), (',', quoted, true));
        assert_eq!(sniffed("a,b\nx\\, y,1\nz,2\n"), (',', quoted, true));
        assert_eq!(sniffed("dir,n\n\"C:\\a\\\",1\n\"C:\\b\\\",2\n"), (',', quoted, false));
        assert_eq!(sniffed("size,item\n\"5,pipe\n6,pipe\n7,pipe\n8,pipe\n"), (',', None, false));
        assert_eq!(sniffed("sep=;\na,b;c\n"), (';', quoted, false));
        assert_eq!(sniffed("x y z\n1 2 3\n4 5 6\n"), (' ', quoted, false));
        assert_eq!(sniffed("title\nthe old man\nthe sea\n"), (',', quoted, false));
    }
}
