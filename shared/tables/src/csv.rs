//! CSV, TSV and alike, as streams of bytes.
//!
//! A [`Survey`] takes the bytes once and says what is there. [`Rows`] takes them again, with what the survey found, and gives the rows.
//! Neither holds more than the start of the file and one record.
//!
//! ```
//! use living_tables::csv::{Outcome, Rows, Survey};
//!
//! let file = b"# by hand\nid;name\n007;Boa\n008;Asa\n";
//! let mut survey = Survey::new();
//! survey.push(file)?;
//! let Outcome::Done(format, preview) = survey.finish()? else { unreachable!() };
//! assert_eq!(preview.sheets[0].header, ["id", "name"]);
//! assert_eq!(preview.sheets[0].rows, 2);
//!
//! let mut names = Vec::new();
//! let mut rows = Rows::new(&format);
//! rows.push(file, true, &mut |row| {
//!     names.extend(row.cells().nth(1).map(str::to_owned));
//!     Ok(())
//! })?;
//! assert_eq!(names, ["Boa", "Asa"]);
//! # Ok::<(), living_tables::Error>(())
//! ```

use encoding_rs::Encoding;

use crate::{
    Dialect, Error, MAX_CELL_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, Preview, Sheet,
    dialect::declared,
    encoding::{self, Text},
    kind::{self, Kind},
    layout::Layout,
};

/// Bytes at the start by which encoding, dialect and header are found.
const HEAD: usize = 256 << 10;

/// Bytes around the first that are no UTF-8, by which the encoding is found after all.
const EVIDENCE: usize = 64 << 10;

/// How a text is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    encoding: &'static Encoding,
    /// Whether a byte order mark comes first.
    mark: bool,
    dialect: Dialect,
    layout: Layout,
}

impl Format {
    /// The encoding's name, of the WHATWG's Encoding Standard.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The header's cells; none where the file has no header.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.layout.header
    }

    /// Records before the first row.
    const fn skipped(&self) -> u64 {
        (self.layout.preamble + self.layout.header_records) as u64
    }
}

/// One record of a text.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Counted from 1, blank lines left out.
    pub number: u64,
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    /// The cells' texts, as they stand in the file without quotes.
    pub fn cells(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        let text = self.text;
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let cell = text.get(start..*end).unwrap_or_default();
            start = *end;
            cell
        })
    }

    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no cell holds anything but blanks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// Whoever takes records. Its error ends the reading.
pub type Take<'a> = &'a mut dyn FnMut(Record) -> Result<(), Error>;

/// What the bytes of escapes become while records are told apart: none of them is in UTF-8, so that no text has them.
const ESCAPED_DELIMITER: u8 = 0xff;
const ESCAPED_QUOTE: u8 = 0xfe;
const ESCAPED_BACKSLASH: u8 = 0xfd;
const ESCAPED_LF: u8 = 0xfc;
const ESCAPED_CR: u8 = 0xfb;

/// Bytes in, records out.
pub(crate) struct Records {
    dialect: Dialect,
    text: Text,
    reader: csv_core::Reader,
    /// The record so far: cells one after the other, and where each ends.
    fields: Vec<u8>,
    filled: usize,
    ends: Vec<usize>,
    ended: usize,
    number: u64,
    /// Whether the text so far ends with a backslash that is to be looked at with what comes next.
    pending_backslash: bool,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Records")
            .field("dialect", &self.dialect)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Records {
    pub(crate) fn new(dialect: Dialect, text: Text) -> Self {
        let mut builder = csv_core::ReaderBuilder::new();
        builder.delimiter(dialect.delimiter).quoting(dialect.quote.is_some());
        if let Some(quote) = dialect.quote {
            builder.quote(quote);
        }
        Self {
            dialect,
            text,
            reader: builder.build(),
            fields: vec![0; 4096],
            filled: 0,
            ends: vec![0; 64],
            ended: 0,
            number: 0,
            pending_backslash: false,
        }
    }

    /// Takes bytes, gives the records that they end.
    pub(crate) fn push(&mut self, bytes: &[u8], last: bool, take: Take) -> Result<(), Error> {
        self.text.decode(bytes, last);
        let decoded = std::mem::take(&mut self.text.decoded);
        if self.dialect.backslash {
            let escaped = self.escape(decoded.as_bytes(), last);
            self.parse(&escaped, take)?;
        } else {
            self.parse(decoded.as_bytes(), take)?;
        }
        self.text.decoded = decoded;
        self.text.decoded.clear();
        if last { self.end(take) } else { Ok(()) }
    }

    /// Puts a byte that is in no text in place of each backslash and what it escapes.
    fn escape(&mut self, text: &[u8], last: bool) -> Vec<u8> {
        let mut escaped = Vec::with_capacity(text.len() + 1);
        let mut pending = std::mem::take(&mut self.pending_backslash);
        for byte in text {
            if pending {
                pending = false;
                match *byte {
                    b'\\' => escaped.push(ESCAPED_BACKSLASH),
                    b'\n' => escaped.push(ESCAPED_LF),
                    b'\r' => escaped.push(ESCAPED_CR),
                    byte if byte == self.dialect.delimiter => escaped.push(ESCAPED_DELIMITER),
                    byte if Some(byte) == self.dialect.quote => escaped.push(ESCAPED_QUOTE),
                    byte => escaped.extend([b'\\', byte]),
                }
            } else if *byte == b'\\' {
                pending = true;
            } else {
                escaped.push(*byte);
            }
        }
        if pending && last {
            escaped.push(b'\\');
        } else {
            self.pending_backslash = pending;
        }
        escaped
    }

    fn parse(&mut self, mut input: &[u8], take: Take) -> Result<(), Error> {
        while !input.is_empty() {
            input = self.step(input, take)?;
        }
        Ok(())
    }

    /// Gives a record that no line end ends.
    fn end(&mut self, take: Take) -> Result<(), Error> {
        loop {
            let before = (self.number, self.filled, self.ended);
            self.step(&[], take)?;
            if before == (self.number, self.filled, self.ended) {
                return Ok(());
            }
        }
    }

    fn step<'i>(&mut self, input: &'i [u8], take: Take) -> Result<&'i [u8], Error> {
        use csv_core::ReadRecordResult as R;
        let fields = self.fields.get_mut(self.filled..).unwrap_or_default();
        let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
        let (result, read, written, cells) = self.reader.read_record(input, fields, ends);
        self.filled += written;
        self.ended += cells;
        match result {
            R::InputEmpty | R::End => {}
            R::OutputFull => self.grow_fields()?,
            R::OutputEndsFull => self.grow_ends()?,
            R::Record => self.emit(take)?,
        }
        Ok(input.get(read..).unwrap_or_default())
    }

    fn grow_fields(&mut self) -> Result<(), Error> {
        let cell_start = self.ended.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        let record = self.number + 1;
        if self.filled - cell_start > MAX_CELL_BYTES {
            return Err(Error::CellTooLong { record, column: self.ended + 1, limit: MAX_CELL_BYTES });
        }
        if self.fields.len() >= MAX_RECORD_BYTES {
            return Err(Error::RecordTooLong { record, limit: MAX_RECORD_BYTES });
        }
        self.fields.resize(self.fields.len() * 2, 0);
        Ok(())
    }

    fn grow_ends(&mut self) -> Result<(), Error> {
        if self.ends.len() > MAX_COLUMNS {
            return Err(Error::TooManyColumns { record: self.number + 1, limit: MAX_COLUMNS });
        }
        self.ends.resize(self.ends.len() * 2, 0);
        Ok(())
    }

    fn emit(&mut self, take: Take) -> Result<(), Error> {
        self.number += 1;
        let (record, ended) = (self.number, self.ended);
        if ended > MAX_COLUMNS {
            return Err(Error::TooManyColumns { record, limit: MAX_COLUMNS });
        }
        let fields = self.fields.get_mut(..self.filled).unwrap_or_default();
        if self.dialect.backslash {
            unescape(fields, self.dialect);
        }
        let ends = self.ends.get(..ended).unwrap_or_default();
        let text = str::from_utf8(fields).map_err(Error::damaged)?;
        if text.len() > MAX_CELL_BYTES {
            check_cells(record, ends)?;
        }
        let outcome = take(Record { number: record, text, ends });
        self.filled = 0;
        self.ended = 0;
        outcome
    }
}

fn check_cells(record: u64, ends: &[usize]) -> Result<(), Error> {
    let starts = std::iter::once(&0).chain(ends);
    match starts.zip(ends).position(|(start, end)| end - start > MAX_CELL_BYTES) {
        Some(column) => Err(Error::CellTooLong { record, column: column + 1, limit: MAX_CELL_BYTES }),
        None => Ok(()),
    }
}

fn unescape(fields: &mut [u8], dialect: Dialect) {
    for byte in fields {
        *byte = match *byte {
            ESCAPED_DELIMITER => dialect.delimiter,
            ESCAPED_QUOTE => dialect.quote.unwrap_or(b'"'),
            ESCAPED_BACKSLASH => b'\\',
            ESCAPED_LF => b'\n',
            ESCAPED_CR => b'\r',
            other => other,
        };
    }
}

/// Looks at a text once, from start to end.
#[derive(Debug, Default)]
pub struct Survey {
    /// What the encoding turned out to be, where an earlier survey guessed wrong.
    encoding: Option<&'static Encoding>,
    /// The start of the file, until there is enough of it.
    head: Vec<u8>,
    body: Option<Box<Body>>,
    /// Bytes around the first that are no UTF-8, where the start said UTF-8.
    evidence: Vec<u8>,
}

/// What a survey says of a whole text.
#[derive(Debug)]
pub enum Outcome {
    /// How to read it, and what is there.
    Done(Format, Preview),
    /// What comes late in it is in another encoding than the start seemed to be: the bytes once more, to this survey.
    Again(Survey),
}

#[derive(Debug)]
struct Body {
    format: Format,
    records: Records,
    tally: Tally,
}

/// What is counted.
#[derive(Debug, Default)]
struct Tally {
    sheet: Sheet,
    skipped: u64,
    empty_rows: u64,
    ragged: Ragged,
    /// The first cells of the last row.
    last: [String; 2],
}

#[derive(Debug, Default)]
struct Ragged {
    shorter: u64,
    longer: u64,
    /// The number of the first such record.
    first: u64,
}

impl Survey {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// The file is no table, or breaks a limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(body) = &mut self.body else {
            self.head.extend_from_slice(bytes);
            return if self.head.len() < HEAD { Ok(()) } else { self.begin(false) };
        };
        let before = body.records.text.malformed;
        body.push(bytes, false)?;
        if body.records.text.malformed > before && self.evidence.len() < EVIDENCE {
            self.evidence.extend(bytes.iter().take(EVIDENCE));
        }
        Ok(())
    }

    /// Says what is there, after the last bytes.
    ///
    /// # Errors
    /// As [`Survey::push`].
    pub fn finish(mut self) -> Result<Outcome, Error> {
        if self.body.is_none() {
            self.begin(true)?;
        }
        let Some(mut body) = self.body else { return Err(Error::Empty) };
        body.push(&[], true)?;
        let text = &body.records.text;
        if !body.format.mark && self.encoding.is_none() && !text.is_plausible() && !self.evidence.is_empty() {
            let encoding = Some(encoding::guess(&self.evidence));
            return Ok(Outcome::Again(Self { encoding, ..Self::default() }));
        }
        if body.records.number == 0 {
            return Err(Error::Empty);
        }
        if body.tally.sheet.rows == 0 && is_prose(&body.format.layout.header) {
            return Err(Error::NotATable { what: "a line of prose" });
        }
        let warnings = body.warnings();
        let mut sheet = body.tally.sheet;
        sheet.with_header(body.format.layout.header.clone());
        Ok(Outcome::Done(body.format, Preview { sheets: vec![sheet], warnings }))
    }

    /// Finds out how the text is to be read, and reads its start.
    fn begin(&mut self, whole: bool) -> Result<(), Error> {
        let head = std::mem::take(&mut self.head);
        if Kind::of(&head)? != Kind::Text {
            return Err(Error::NotATable { what: "a workbook" });
        }
        let (encoding, mark) = match self.encoding {
            Some(encoding) => (encoding, false),
            None => encoding::detect(&head)?,
        };
        let mut text = Text::new(encoding, mark);
        text.decode(&head, whole);
        if is_binary(&text.decoded) {
            return Err(Error::NotATable { what: "bytes that are no text" });
        }
        if let Some(what) = kind::document(&text.decoded) {
            return Err(Error::NotATable { what });
        }
        let dialect = Dialect::sniff(&text.decoded, whole);
        let layout = Layout::find(&dialect.records(&text.decoded, whole), declared(&text.decoded).is_some());
        let format = Format { encoding, mark, dialect, layout };
        let mut body = Body {
            records: Records::new(dialect, Text::new(encoding, mark)),
            tally: Tally { skipped: format.skipped(), ..Tally::default() },
            format,
        };
        body.push(&head, false)?;
        self.body = Some(Box::new(body));
        Ok(())
    }
}

/// Whether all that there is, is one cell of several words: what a program writes in place of a file, say.
fn is_prose(header: &[String]) -> bool {
    matches!(header, [only] if only.split_whitespace().count() > 2)
}

/// More control characters than a text has by accident: many of them, or many different ones. A tool may separate cells by U+0001.
fn is_binary(text: &str) -> bool {
    let mut seen = 0_u32;
    let mut controls = 0;
    for c in text.chars().filter(|c| matches!(*c, '\0' | '\u{2}'..='\u{8}' | '\u{e}'..='\u{1a}')) {
        seen |= 1 << (c as u32);
        controls += 1;
    }
    seen.count_ones() >= 8 || controls * 3 > text.len()
}

impl Body {
    fn push(&mut self, bytes: &[u8], last: bool) -> Result<(), Error> {
        let (tally, width) = (&mut self.tally, self.format.layout.header.len());
        self.records.push(bytes, last, &mut |record| {
            tally.add(record, width);
            Ok(())
        })
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let (format, tally) = (&self.format, &self.tally);
        if format.encoding != encoding_rs::UTF_8 {
            let how = if format.mark { "says its byte order mark" } else { "as far as can be told" };
            warnings.push(format!("the text is in {}, {how}", format.encoding.name()));
        }
        let malformed = self.records.text.malformed;
        if malformed > 0 {
            warnings.push(format!(
                "{malformed} sequences of bytes are no {}; each is shown as U+FFFD",
                format.encoding.name()
            ));
        }
        if format.dialect.backslash {
            warnings.push("backslashes escape quotes and delimiters".to_owned());
        }
        if format.layout.preamble > 0 && format.layout.header_records > 0 {
            warnings.push(format!("records before the header, left out: {}", format.layout.preamble));
        }
        match format.layout.header_records {
            0 if tally.sheet.rows > 0 => warnings.push("there is no header: the first record holds values".to_owned()),
            0 | 1 => {}
            several => warnings.push(format!("the header is joined from {several} records")),
        }
        let ragged = &tally.ragged;
        if ragged.shorter + ragged.longer > 0 {
            warnings.push(format!(
                "rows with fewer cells than the header: {}, with more: {}; the first is record {}",
                ragged.shorter, ragged.longer, ragged.first
            ));
        }
        if tally.empty_rows > 0 {
            warnings.push(format!("rows without anything in any cell, left out: {}", tally.empty_rows));
        }
        if tally.last.iter().any(|cell| is_total(cell)) {
            warnings.push("the last row looks like a total".to_owned());
        }
        warnings.extend(header_warnings(&format.layout.header));
        warnings
    }
}

impl Tally {
    fn add(&mut self, record: Record, width: usize) {
        if record.number <= self.skipped {
            return;
        }
        if record.is_empty() {
            self.empty_rows += 1;
            return;
        }
        if width > 0 && record.len() != width {
            let ragged = &mut self.ragged;
            *(if record.len() < width { &mut ragged.shorter } else { &mut ragged.longer }) += 1;
            if ragged.first == 0 {
                ragged.first = record.number;
            }
        }
        self.sheet.add(record.cells());
        let mut cells = record.cells();
        for last in &mut self.last {
            last.clear();
            last.push_str(cells.next().unwrap_or_default());
        }
    }
}

/// Whether a cell says that its row is the sum of others.
pub(crate) fn is_total(cell: &str) -> bool {
    let cell = cell.trim().trim_end_matches(':').to_lowercase();
    matches!(cell.as_str(), "total" | "totals" | "grand total" | "sum" | "gesamt" | "summe" | "somme")
}

/// What is unusual about a header.
pub(crate) fn header_warnings(header: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    let empty = header.iter().filter(|cell| cell.trim().is_empty()).count();
    if empty > 0 {
        warnings.push(format!("columns without a name in the header: {empty}"));
    }
    let mut names: Vec<&str> = header.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    names.sort_unstable();
    let mut repeated: Vec<&str> = names
        .chunk_by(|a, b| a == b)
        .filter(|group| group.len() > 1)
        .filter_map(|group| group.first().copied())
        .collect();
    repeated.dedup();
    if !repeated.is_empty() {
        warnings.push(format!("names that the header has more than once: {}", repeated.join(", ")));
    }
    warnings
}

/// The rows of a text whose format is known.
#[derive(Debug)]
pub struct Rows {
    records: Records,
    skipped: u64,
}

impl Rows {
    #[must_use]
    pub fn new(format: &Format) -> Self {
        let records = Records::new(format.dialect, Text::new(format.encoding, format.mark));
        Self { records, skipped: format.skipped() }
    }

    /// Takes the next bytes, gives the rows that they end. Rows in which no cell holds anything are left out.
    ///
    /// # Errors
    /// A limit is broken, or `take` says so.
    pub fn push(&mut self, bytes: &[u8], last: bool, take: Take) -> Result<(), Error> {
        let skipped = self.skipped;
        self.records.push(bytes, last, &mut |record| {
            if record.number <= skipped || record.is_empty() { Ok(()) } else { take(record) }
        })
    }
}
