//! A clean copy of an XLS, for its reader. That takes for granted what a damaged file doesn't have: with the wrong bytes it ends the program, or
//! asks for all the memory that a length in the file says. And it takes apart formulas, names and drawings, of which nothing is wanted here.
//! So it's given a file of our own, with nothing in it but the records that tables are read from, each of them looked at.
//!
//! An XLS is a compound file ([MS-CFB](https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-cfb/)) with a stream of records
//! ([MS-XLS](https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xls/), 2.1.4): a type and a length, of two bytes each, and so
//! many bytes. First come those of the workbook's globals, then those of each sheet, at the place that the globals say.

use std::{
    io::{Cursor, Read, Write},
    ops::Range,
};

use cfb::{CompoundFile, Version};

use crate::{Error, MAX_SHEETS};

const FORMULA: u16 = 0x06;
const END: u16 = 0x0a;
const DATE_MODE: u16 = 0x22;
const FILE_PASS: u16 = 0x2f;
const CONTINUE: u16 = 0x3c;
const CODE_PAGE: u16 = 0x42;
const SHEET: u16 = 0x85;
const NUMBERS: u16 = 0xbd;
const RICH_TEXT: u16 = 0xd6;
const CELL_FORMAT: u16 = 0xe0;
const SHARED_TEXTS: u16 = 0xfc;
const SHARED_TEXT: u16 = 0xfd;
const NUMBER: u16 = 0x203;
const TEXT: u16 = 0x204;
const TRUTH_OR_ERROR: u16 = 0x205;
const FORMULA_TEXT: u16 = 0x207;
const PACKED_NUMBER: u16 = 0x27e;
const NUMBER_FORMAT: u16 = 0x41e;
const BEGIN: u16 = 0x809;

/// A formula's record as far as its value (MS-XLS 2.4.127).
const FORMULA_VALUE: usize = 20;

/// Columns of a sheet (MS-XLS 2.5.53, `ColU`).
const MAX_COLUMNS: u16 = 256;

/// What the reader holds for each place between a sheet's first cell and its last, in bytes, or so.
const HELD_PER_CELL: u64 = 56;

/// Parts of one record at most: the reader moves all that are left when it comes to the next. With 8,224 bytes in each, as Excel writes them, it's 134 MB.
const MAX_PARTS: usize = 16_384;

/// A compound file with what is read of the workbook in `bytes`. `limit`: bytes that its cells may take.
///
/// # Errors
/// The file is encrypted, damaged, no workbook, or its cells take more.
pub(crate) fn clean(bytes: &[u8], limit: u64) -> Result<Vec<u8>, Error> {
    let workbook = copy(&stream_of_workbook(bytes)?, limit)?;
    compound_of(&workbook).map_err(Error::damaged)
}

fn stream_of_workbook(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut file = CompoundFile::open(Cursor::new(bytes)).map_err(Error::damaged)?;
    if file.is_stream("/EncryptedPackage") {
        return Err(Error::Encrypted);
    }
    // The second is that of Excel 5 and 95.
    let name = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name));
    let name = name.ok_or(Error::NotATable { what: "a compound file without a workbook, such as a DOC or an MSG" })?;
    let mut stream = Vec::new();
    file.open_stream(name).and_then(|mut found| found.read_to_end(&mut stream)).map_err(Error::damaged)?;
    Ok(stream)
}

fn compound_of(workbook: &[u8]) -> std::io::Result<Vec<u8>> {
    let file = Cursor::new(Vec::with_capacity(workbook.len() + workbook.len() / 64 + 4096));
    let mut file = CompoundFile::create_with_version(Version::V3, file)?;
    let mut stream = file.create_stream("/Workbook")?;
    stream.write_all(workbook)?;
    stream.flush()?;
    drop(stream);
    Ok(file.into_inner().into_inner())
}

/// The stream of a workbook with the records that are read, and no others.
fn copy(stream: &[u8], limit: u64) -> Result<Vec<u8>, Error> {
    let mut copy = Copy { to: Vec::new(), held: 0, limit };
    let Globals { sheets, texts } = copy.globals(stream)?;
    if sheets.len() > MAX_SHEETS {
        return Err(Error::TooManySheets { count: sheets.len(), limit: MAX_SHEETS });
    }
    for Sheet { place, position, has_cells } in sheets {
        let start = u32::try_from(copy.to.len()).map_err(Error::damaged)?;
        if let Some(place) = copy.to.get_mut(place) {
            place.copy_from_slice(&start.to_le_bytes());
        }
        if has_cells {
            let records = stream.get(position..).ok_or_else(|| Error::damaged("a sheet begins after the end"))?;
            copy.sheet(records, &texts)?;
        }
        copy.record(END, &[])?;
    }
    Ok(copy.to)
}

struct Globals {
    sheets: Vec<Sheet>,
    /// How many characters each text has that cells may have in common.
    texts: Vec<u16>,
}

struct Sheet {
    /// Where the copy has its position.
    place: Range<usize>,
    /// In the stream.
    position: usize,
    /// It's no chart, and no macros.
    has_cells: bool,
}

struct Copy {
    to: Vec<u8>,
    /// Bytes that the copy and its cells take, or so.
    held: u64,
    limit: u64,
}

impl Copy {
    /// Those records that tell of codes, dates, formats, sheets and texts.
    fn globals(&mut self, stream: &[u8]) -> Result<Globals, Error> {
        let mut globals = Globals { sheets: Vec::new(), texts: Vec::new() };
        for record in Records(stream) {
            let record = record?;
            match record.kind {
                END => break,
                FILE_PASS => return Err(Error::Encrypted),
                BEGIN | CODE_PAGE | DATE_MODE => self.record(record.kind, record.at_least(2)?)?,
                CELL_FORMAT => self.record(record.kind, record.at_least(4)?)?,
                NUMBER_FORMAT => self.record(record.kind, record.body)?,
                SHEET => {
                    let [a, b, c, d, _, kind] = *record.first_chunk()?;
                    let place = self.to.len() + 4..self.to.len() + 8;
                    let position = u32::from_le_bytes([a, b, c, d]) as usize;
                    globals.sheets.push(Sheet { place, position, has_cells: kind == 0 });
                    self.record(record.kind, record.body)?;
                }
                SHARED_TEXTS => {
                    globals.texts = record.texts()?;
                    let characters: u64 = globals.texts.iter().map(|text| u64::from(*text)).sum();
                    self.hold(characters + globals.texts.len() as u64 * 24)?;
                    self.record(record.kind, record.body)?;
                    for part in record.parts() {
                        self.record(CONTINUE, part)?;
                    }
                }
                _ => {}
            }
        }
        self.record(END, &[])?;
        Ok(globals)
    }

    /// The cells of a sheet. A chart in it has records of its own.
    fn sheet(&mut self, records: &[u8], texts: &[u16]) -> Result<(), Error> {
        let mut depth = 0_u32;
        let mut cells = Cells::default();
        let mut has_formula = false;
        for record in Records(records) {
            let record = record?;
            match record.kind {
                END if depth <= 1 => break,
                END => depth -= 1,
                BEGIN => {
                    if depth == 0 {
                        self.record(BEGIN, record.at_least(2)?)?;
                    }
                    depth += 1;
                }
                _ if depth > 1 => {}
                NUMBER | TEXT | RICH_TEXT | TRUTH_OR_ERROR | PACKED_NUMBER => {
                    cells.add(&record)?;
                    self.record(record.kind, record.body)?;
                }
                SHARED_TEXT => {
                    cells.add(&record)?;
                    let [.., a, b, c, d] = *record.first_chunk::<10>()?;
                    let text = texts.get(u32::from_le_bytes([a, b, c, d]) as usize).ok_or_else(|| {
                        let count = texts.len();
                        Error::damaged(format!("a cell has a text that isn't one of the {count} in common"))
                    })?;
                    self.hold((*text).into())?;
                    self.record(record.kind, record.body)?;
                }
                NUMBERS => {
                    cells.add_row(&record)?;
                    self.record(record.kind, record.body)?;
                }
                FORMULA => {
                    cells.add(&record)?;
                    has_formula = true;
                    // And how long the formula itself is: nothing.
                    let value = [record.first_chunk::<FORMULA_VALUE>()?, &[0, 0][..]].concat();
                    self.record(FORMULA, &value)?;
                }
                FORMULA_TEXT if has_formula => {
                    self.record(FORMULA_TEXT, &record.joined()?)?;
                }
                _ => {}
            }
        }
        self.hold(cells.places() * HELD_PER_CELL)
    }

    fn hold(&mut self, bytes: u64) -> Result<(), Error> {
        self.held = self.held.saturating_add(bytes);
        if self.held <= self.limit {
            return Ok(());
        }
        let what =
            format!("cells that take more than {} bytes, with all places between the first and the last", self.limit);
        Err(Error::TooManyCells { what })
    }

    /// Copies a record. It counts whether its cell is a new one or not: sheets may be at one place, and cells too.
    fn record(&mut self, kind: u16, body: &[u8]) -> Result<(), Error> {
        self.hold(4 + body.len() as u64)?;
        let length = u16::try_from(body.len()).map_err(|_| Error::damaged("a text of a formula is too long"))?;
        self.to.extend(kind.to_le_bytes());
        self.to.extend(length.to_le_bytes());
        self.to.extend(body);
        Ok(())
    }
}

/// The rectangle around a sheet's cells.
#[derive(Debug, Default)]
struct Cells {
    rows: Option<(u16, u16)>,
    columns: Option<(u16, u16)>,
}

impl Cells {
    fn add(&mut self, record: &Record) -> Result<(), Error> {
        let [a, b, c, d] = *record.first_chunk()?;
        self.include(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
    }

    /// A row's number, its first column, six bytes for each cell, and its last column (MS-XLS 2.4.175).
    fn add_row(&mut self, record: &Record) -> Result<(), Error> {
        let [a, b, c, d] = *record.first_chunk()?;
        let last = record.body.last_chunk().map_or(0, |last| u16::from_le_bytes(*last));
        let (row, first) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        let count = last.checked_sub(first).map(|more| usize::from(more) + 1);
        if count.is_none_or(|count| record.body.len() != 6 + 6 * count) {
            return Err(Error::damaged(format!("row {}: not as many numbers as columns", u32::from(row) + 1)));
        }
        self.include(row, first)?;
        self.include(row, last)
    }

    fn include(&mut self, row: u16, column: u16) -> Result<(), Error> {
        if column >= MAX_COLUMNS {
            let (row, column) = (u32::from(row) + 1, u32::from(column) + 1);
            return Err(Error::damaged(format!("row {row}: a cell in column {column}, and an XLS has {MAX_COLUMNS}")));
        }
        let with = |range: Option<(u16, u16)>, place| {
            range.map_or((place, place), |(first, last)| (first.min(place), last.max(place)))
        };
        self.rows = Some(with(self.rows, row));
        self.columns = Some(with(self.columns, column));
        Ok(())
    }

    fn places(&self) -> u64 {
        let count = |range: Option<(u16, u16)>| range.map_or(0, |(first, last)| u64::from(last - first) + 1);
        count(self.rows) * count(self.columns)
    }
}

/// The records from a place on, each with those that continue it.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let rest = self.0;
        let record = self.one().map(|(kind, body)| {
            let after = self.0;
            while self.0.starts_with(&CONTINUE.to_le_bytes()) && self.one().is_some() {}
            Record { kind, body, continued: after.get(..after.len() - self.0.len()).unwrap_or_default() }
        });
        if record.is_none() {
            self.0 = &[];
        }
        Some(record.ok_or_else(|| Error::damaged(format!("{} bytes at the end are no record", rest.len()))))
    }
}

impl<'a> Records<'a> {
    fn one(&mut self) -> Option<(u16, &'a [u8])> {
        let ([a, b, c, d], rest) = self.0.split_first_chunk()?;
        let (body, rest) = rest.split_at_checked(u16::from_le_bytes([*c, *d]).into())?;
        self.0 = rest;
        Some((u16::from_le_bytes([*a, *b]), body))
    }
}

#[derive(Debug)]
struct Record<'a> {
    kind: u16,
    body: &'a [u8],
    /// The records that continue it, whole.
    continued: &'a [u8],
}

impl<'a> Record<'a> {
    /// What continues it, but for parts with nothing in them.
    fn parts(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut records = Records(self.continued);
        std::iter::from_fn(move || records.one()).map(|(_, body)| body).filter(|body| !body.is_empty())
    }

    fn at_least(&self, length: usize) -> Result<&'a [u8], Error> {
        if self.body.len() < length { Err(self.too_short(length)) } else { Ok(self.body) }
    }

    fn first_chunk<const N: usize>(&self) -> Result<&'a [u8; N], Error> {
        self.body.first_chunk().ok_or_else(|| self.too_short(N))
    }

    fn too_short(&self, least: usize) -> Error {
        let (kind, length) = (self.kind, self.body.len());
        Error::damaged(format!("a record {kind:#x} has {length} bytes, and at least {least} are needed"))
    }

    /// How many characters each of the shared texts has (MS-XLS 2.4.265 and 2.5.293).
    fn texts(&self) -> Result<Vec<u16>, Error> {
        // How many texts there are in the workbook, and here.
        let texts = self.at_least(8)?.get(8..).unwrap_or_default();
        if self.parts().nth(MAX_PARTS).is_some() {
            return Err(Error::damaged(format!("the texts in common are in more than {MAX_PARTS} parts")));
        }
        let mut bytes = Parts { now: texts, next: self.parts() };
        let mut lengths = Vec::new();
        while !bytes.now.is_empty() || bytes.advance() {
            let length = bytes.text();
            let ends_too_soon = || Error::damaged(format!("text {} in common ends too soon", lengths.len()));
            lengths.push(length.ok_or_else(ends_too_soon)?);
        }
        Ok(lengths)
    }

    /// A text that has a record of its own, with what continues it, which begins with a byte that says how wide its characters are.
    fn joined(&self) -> Result<Vec<u8>, Error> {
        let mut text = self.body.to_vec();
        for part in self.parts() {
            let [wide, characters @ ..] = part else { continue };
            if text.get(2).is_none_or(|first| (first ^ wide) & 1 == 1) {
                return Err(Error::damaged("a formula's text is of narrow and of wide characters"));
            }
            text.extend(characters);
        }
        Ok(text)
    }
}

/// The bytes of a record and of those that continue it.
struct Parts<'a, I> {
    now: &'a [u8],
    next: I,
}

impl<'a, I: Iterator<Item = &'a [u8]>> Parts<'a, I> {
    fn advance(&mut self) -> bool {
        let next = self.next.next();
        self.now = next.unwrap_or_default();
        next.is_some()
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.now.split_first_chunk()?;
        self.now = rest;
        Some(*taken)
    }

    /// Takes a text, and says how many characters it has; `None` if it ends too soon.
    fn text(&mut self) -> Option<u16> {
        const WIDE: u8 = 1;
        const MORE: u8 = 4;
        const RICH: u8 = 8;
        let [a, b, flags] = self.take()?;
        let count = u16::from_le_bytes([a, b]);
        let runs = if flags & RICH == 0 { 0 } else { u16::from_le_bytes(self.take()?) };
        let more = if flags & MORE == 0 { 0 } else { u32::from_le_bytes(self.take()?) };
        let mut is_wide = flags & WIDE != 0;
        let mut left = usize::from(count);
        while left > 0 {
            let width = if is_wide { 2 } else { 1 };
            let here = left.min(self.now.len() / width);
            self.now = self.now.get(here * width..)?;
            left -= here;
            if left > 0 {
                // Go on in the next part, in which characters may be of another width.
                let [flags] = if self.advance() { self.take()? } else { return None };
                is_wide = flags & WIDE != 0;
            }
        }
        self.skip(usize::from(runs) * 4)?;
        self.skip(usize::try_from(more).ok()?)?;
        Some(count)
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            if self.now.is_empty() && !self.advance() {
                return None;
            }
            let here = bytes.min(self.now.len());
            self.now = self.now.get(here..)?;
            bytes -= here;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{SheetState, WorkbookKind, workbook};

    const LIMIT: u64 = 1 << 20;

    type Body = Vec<u8>;

    fn stream(records: &[(u16, Body)]) -> Vec<u8> {
        let mut copy = Copy { to: Vec::new(), held: 0, limit: u64::MAX };
        for (kind, body) in records {
            copy.record(*kind, body).unwrap();
        }
        copy.to
    }

    /// A workbook of BIFF 8 with these in its globals and one sheet of these.
    fn book(globals: &[(u16, Body)], sheet: &[(u16, Body)]) -> Vec<u8> {
        let begin = vec![0, 6, 5, 0];
        let with_sheet_at = |at: u32| {
            let mut named = at.to_le_bytes().to_vec();
            named.extend([0, 0, 1, 0, b'S']);
            stream(&[&[(BEGIN, begin.clone())], globals, &[(SHEET, named), (END, vec![])]].concat())
        };
        let mut book = with_sheet_at(with_sheet_at(0).len().try_into().unwrap());
        book.extend(stream(&[&[(BEGIN, begin)], sheet, &[(END, vec![])]].concat()));
        book
    }

    #[derive(Debug, Default, PartialEq)]
    struct Read(Vec<(u64, Vec<String>)>);

    impl workbook::Rows for Read {
        fn sheet(&mut self, _name: &str, _state: SheetState) -> Result<(), Error> {
            Ok(())
        }

        fn row(&mut self, number: u64, cells: &[String]) -> Result<(), Error> {
            self.0.push((number, cells.to_vec()));
            Ok(())
        }
    }

    fn read(book: &[u8]) -> Result<Vec<(u64, Vec<String>)>, Error> {
        let mut rows = Read::default();
        workbook::read(&compound_of(book).unwrap(), WorkbookKind::Compound, 2 * LIMIT, &mut rows)?;
        Ok(rows.0)
    }

    fn cell(row: u8, column: u8, rest: &[u8]) -> Body {
        [&[row, 0, column, 0, 0, 0], rest].concat()
    }

    fn row(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (number, cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn cells_of_each_kind_are_read_as_they_are() {
        let texts = vec![2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, b'i', b'd', 3, 0, 0, b'a'];
        // It goes on in wide characters.
        let rest = vec![1, 0xac, 0x20, b'c', 0];
        let formula = |row, column, value: &[u8]| (FORMULA, cell(row, column, &[value, &[0; 6], &[9; 40]].concat()));
        let sheet = [
            (0x200, vec![0xff; 14]),
            (SHARED_TEXT, cell(0, 0, &[0, 0, 0, 0])),
            (SHARED_TEXT, cell(0, 1, &[1, 0, 0, 0])),
            (NUMBER, cell(1, 0, &1.5_f64.to_le_bytes())),
            (TRUTH_OR_ERROR, cell(1, 1, &[1, 0])),
            (NUMBERS, [&[2, 0, 0, 0][..], &[0, 0, 6, 0, 0, 0], &[0, 0, 10, 0, 0, 0], &[1, 0]].concat()),
            formula(3, 0, &2.5_f64.to_le_bytes()),
            formula(3, 1, &[0, 0, 0, 0, 0, 0, 0xff, 0xff]),
            (FORMULA_TEXT, vec![3, 0, 0, b'x', b'y']),
            (CONTINUE, vec![0, b'z']),
            // A chart, with a number of its own.
            (BEGIN, vec![0, 6, 0x20, 0]),
            (NUMBER, cell(9, 9, &1.0_f64.to_le_bytes())),
            (END, vec![]),
            (TEXT, cell(4, 0, &[1, 0, 0, b'e'])),
        ];
        let book = book(&[(0x18, vec![0xff]), (SHARED_TEXTS, texts), (CONTINUE, rest), (0x13d, vec![9])], &sheet);
        let expected = [
            row(1, &["id", "a€c"]),
            row(2, &["1.5", "TRUE"]),
            row(3, &["1", "2"]),
            row(4, &["2.5", "xyz"]),
            row(5, &["e"]),
        ];
        assert_eq!(read(&book).unwrap(), expected);
    }

    #[test]
    fn which_format_it_is_is_told_by_the_first_record_whole() {
        // As some programs begin BIFF 5: without a version, and its year after it.
        let begin = (BEGIN, vec![0, 0, 0, 0x10]);
        let sheet = [(TEXT, cell(0, 0, &[3, 0, b'a', b'b', b'c']))];
        let with_sheet_at = |at: u8| {
            stream(&[
                begin.clone(),
                (CODE_PAGE, vec![0xe4, 4]),
                (SHEET, vec![at, 0, 0, 0, 0, 0, 1, b'S']),
                (END, vec![]),
            ])
        };
        let globals = with_sheet_at(with_sheet_at(0).len().try_into().unwrap());
        let book = [globals, stream(&[begin, sheet[0].clone(), (END, vec![])])].concat();
        assert_eq!(read(&book).unwrap(), [row(1, &["abc"])]);
    }

    #[test]
    fn what_the_reader_would_fall_over_is_refused() {
        let texts = |bytes: &[u8]| (SHARED_TEXTS, [&[0; 8], bytes].concat());
        let one = texts(&[1, 0, 0, b'a']);
        let refusal = |globals: &[(u16, Body)], sheet: &[(u16, Body)]| {
            read(&book(globals, sheet)).expect_err("it is refused").to_string()
        };
        for (globals, sheet, reason) in [
            (vec![(CODE_PAGE, vec![1])], vec![], "0x42 has 1 bytes, and at least 2"),
            (vec![(SHEET, vec![0; 5])], vec![], "0x85 has 5 bytes, and at least 6"),
            (vec![texts(&[2, 0, 0, b'a'])], vec![], "text 0 in common ends too soon"),
            (vec![texts(&[1, 0, 8, 9])], vec![], "text 0 in common ends too soon"),
            (vec![texts(&[0, 0, 4, 255, 255, 255, 255])], vec![], "text 0 in common ends too soon"),
            (vec![one.clone()], vec![(SHARED_TEXT, cell(0, 0, &[1, 0, 0, 0]))], "isn't one of the 1 in common"),
            (vec![], vec![(NUMBER, vec![0, 0, 44, 1])], "row 1: a cell in column 301, and an XLS has 256"),
            (vec![], vec![(NUMBERS, vec![0, 0, 5, 0, 3, 0])], "row 1: not as many numbers as columns"),
            (vec![], vec![(FORMULA, cell(0, 0, &[0; 8]))], "0x6 has 14 bytes, and at least 20"),
        ] {
            let said = refusal(&globals, &sheet);
            assert!(said.starts_with("damaged") && said.contains(reason), "{said}");
        }
        assert_eq!(read(&book(&[(FILE_PASS, vec![1, 0])], &[])), Err(Error::Encrypted));
        assert!(matches!(read(&[0x09, 0x08, 4]), Err(Error::Damaged(_))));
    }

    #[test]
    fn a_file_can_make_the_reader_hold_no_more_than_is_said() {
        let number = |row: u16, column: u16| {
            let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
            (NUMBER, [&place[..], &1.0_f64.to_le_bytes()].concat())
        };
        assert_eq!(read(&book(&[], &[number(0, 0), number(99, 99)])).unwrap().len(), 2);
        assert!(matches!(read(&book(&[], &[number(0, 0), number(u16::MAX, 99)])), Err(Error::TooManyCells { .. })));
        // One cell very often.
        assert_eq!(read(&book(&[], &vec![number(0, 0); 999])).unwrap().len(), 1);
        assert!(matches!(read(&book(&[], &vec![number(0, 0); 99_999])), Err(Error::TooManyCells { .. })));
        // One long text in very many cells.
        let text = [&[0; 8][..], &[0xff, 0x7f, 0], &vec![b'a'; 0x7fff]].concat();
        let cells: Vec<_> = (0..64).map(|row| (SHARED_TEXT, cell(row, 0, &[0; 4]))).collect();
        assert_eq!(read(&book(&[(SHARED_TEXTS, text.clone())], &cells[..8])).unwrap().len(), 8);
        assert!(matches!(read(&book(&[(SHARED_TEXTS, text)], &cells)), Err(Error::TooManyCells { .. })));
    }

    proptest! {
        #[test]
        fn records_of_any_bytes_end_nothing(
            globals in records(&[BEGIN, CODE_PAGE, DATE_MODE, CELL_FORMAT, NUMBER_FORMAT, SHARED_TEXTS, CONTINUE, 0x18, 0x17]),
            sheet in records(&[
                BEGIN, END, NUMBER, TEXT, RICH_TEXT, TRUTH_OR_ERROR, PACKED_NUMBER, SHARED_TEXT, NUMBERS, FORMULA, FORMULA_TEXT, CONTINUE, 0xe5,
                0x200,
            ]),
        ) {
            drop(read(&book(&globals, &sheet)));
        }
    }

    /// Records with numbers that are mostly small, so that many of them are read.
    fn records(kinds: &'static [u16]) -> impl Strategy<Value = Vec<(u16, Body)>> {
        let byte = prop_oneof![6 => Just(0), 4 => 0..4_u8, 1 => any::<u8>()];
        let record = (prop::sample::select(kinds), prop::collection::vec(byte, 0..32));
        prop::collection::vec(record, 0..12)
    }
}
