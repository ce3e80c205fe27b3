//! Files as profiled columns.

use std::{
    collections::HashSet,
    fs,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

use bytes::Bytes;
use living_core::{
    column_type::ColumnType,
    profile::{Cell, ColumnProfile, ColumnProfiler},
};
use living_parquet::{FIRST_READ, File, Limits, Opened, RowReader, Step};
use living_tables::{
    Error, Kind, MAX_UNPACKED, SheetState, WorkbookKind, column_names,
    csv::{Format, Outcome, Rows, Survey},
    workbook,
};

/// The columns of a file, or of one sheet of a workbook.
#[derive(Debug)]
pub struct Table {
    /// Base name; with the sheet's in brackets, where a workbook has several with rows.
    pub file: String,
    pub columns: Vec<(String, ColumnProfile)>,
}

impl Table {
    /// Reads a Parquet file or a spreadsheet, whichever it is by its first bytes, as the Workers read it.
    ///
    /// # Errors
    /// If it can't be read, or is neither.
    pub fn read(path: &Path) -> Result<Vec<Self>, String> {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut source = fs::File::open(path).map_err(|error| error.to_string())?;
        let mut magic = Vec::new();
        source.by_ref().take(4).read_to_end(&mut magic).map_err(|error| error.to_string())?;
        if magic == b"PAR1" {
            return Ok(vec![Self { file, columns: parquet(&mut source)? }]);
        }
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let sheets = match Kind::of(&bytes).map_err(|error| error.to_string())? {
            Kind::Text => text(&bytes).map(|sheet| vec![sheet]),
            Kind::Workbook(kind) => Book::read(&bytes, kind),
        };
        let sheets = sheets.map_err(|error| error.to_string())?;
        let is_only = sheets.len() == 1;
        let table = |sheet: Columns| Self {
            file: if is_only { file.clone() } else { format!("{file} [{}]", sheet.name) },
            columns: sheet.finish(),
        };
        Ok(sheets.into_iter().map(table).collect())
    }
}

/// Columns while they are profiled.
#[derive(Debug, Default)]
struct Columns {
    /// Of the sheet; empty for text.
    name: String,
    header: Vec<String>,
    profilers: Vec<ColumnProfiler>,
}

impl Columns {
    fn add<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        for (column, cell) in cells.enumerate() {
            if column == self.profilers.len() {
                self.profilers.push(ColumnProfiler::new(&ColumnType::Text));
            }
            if let Some(profiler) = self.profilers.get_mut(column) {
                profiler.observe(Cell::Text(cell));
            }
        }
    }

    fn finish(mut self) -> Vec<(String, ColumnProfile)> {
        let columns = self.profilers.len().max(self.header.len());
        self.profilers.resize_with(columns, || ColumnProfiler::new(&ColumnType::Text));
        let mut names = column_names(&self.header, columns);
        // As the file has them, where no other column is written alike: `LENGTH` and `length` are told apart here.
        let mut taken = HashSet::new();
        for (name, cell) in names.iter_mut().zip(&self.header) {
            let cell = cell.trim();
            if !cell.is_empty() && taken.insert(cell) {
                cell.clone_into(name);
            }
        }
        names.into_iter().zip(self.profilers.into_iter().map(ColumnProfiler::finish)).collect()
    }
}

fn text(bytes: &[u8]) -> Result<Columns, Error> {
    let format = format_of(bytes)?;
    let mut columns = Columns { header: format.header().to_vec(), ..Columns::default() };
    Rows::new(&format).push(bytes, true, &mut |record| {
        columns.add(record.cells());
        Ok(())
    })?;
    Ok(columns)
}

fn format_of(bytes: &[u8]) -> Result<Format, Error> {
    let mut survey = Survey::new();
    loop {
        survey.push(bytes)?;
        match survey.finish()? {
            Outcome::Done(format, _) => return Ok(format),
            Outcome::Again(other) => survey = other,
        }
    }
}

/// The sheets of a workbook.
#[derive(Debug, Default)]
struct Book(Vec<Columns>);

impl Book {
    fn read(bytes: &[u8], kind: WorkbookKind) -> Result<Vec<Columns>, Error> {
        let mut book = Self::default();
        workbook::read(bytes, kind, MAX_UNPACKED, &mut book)?;
        book.0.retain(|sheet| !sheet.header.is_empty());
        if book.0.is_empty() { Err(Error::Empty) } else { Ok(book.0) }
    }
}

impl workbook::Rows for Book {
    fn sheet(&mut self, name: &str, _: SheetState) -> Result<(), Error> {
        self.0.push(Columns { name: name.to_owned(), ..Columns::default() });
        Ok(())
    }

    fn row(&mut self, _: u64, cells: &[String]) -> Result<(), Error> {
        if let Some(sheet) = self.0.last_mut() {
            if sheet.header.is_empty() {
                sheet.header = cells.to_vec();
            } else {
                sheet.add(cells.iter().map(String::as_str));
            }
        }
        Ok(())
    }
}

fn parquet(source: &mut fs::File) -> Result<Vec<(String, ColumnProfile)>, String> {
    let limits = Limits::default();
    let size = source.metadata().map_err(|error| error.to_string())?.len();
    let file = open(source, size, &limits)?;
    let mut columns: Vec<(String, ColumnProfiler)> = file
        .fields()
        .into_iter()
        .map(|field| {
            let profiler = ColumnProfiler::new(&field.data_type);
            (field.name, profiler)
        })
        .collect();
    let mut reader = RowReader::new(file, size, limits);
    let mut text = String::new();
    loop {
        match reader.next_step().map_err(|error| error.to_string())? {
            Step::Read(ranges) => {
                let bytes = ranges.iter().map(|range| read(source, range)).collect::<Result<_, _>>()?;
                reader.supply(bytes).map_err(|error| error.to_string())?;
            }
            Step::Rows(rows) => {
                let encoders = rows.encoders().map_err(|error| error.to_string())?;
                for (encoder, (name, profiler)) in encoders.iter().zip(&mut columns) {
                    for row in 0..rows.len() {
                        let at = || format!("row {}, column {name:?}", rows.first() + row as u64);
                        let cell = encoder.cell(row, &mut text).map_err(|reason| format!("{}: {reason}", at()))?;
                        profiler.observe(cell);
                    }
                }
            }
            Step::Done => break,
        }
    }
    Ok(columns.into_iter().map(|(name, profiler)| (name, profiler.finish())).collect())
}

fn open(source: &mut fs::File, size: u64, limits: &Limits) -> Result<File, String> {
    let mut wanted = FIRST_READ.min(size);
    loop {
        let tail = read(source, &(size - wanted..size))?;
        match living_parquet::open(size, &tail, limits).map_err(|error| error.to_string())? {
            Opened::File(file) => return Ok(file),
            Opened::NeedsTail(length) => wanted = length,
        }
    }
}

fn read(source: &mut fs::File, range: &Range<u64>) -> Result<Bytes, String> {
    let length = usize::try_from(range.end - range.start).map_err(|error| error.to_string())?;
    let mut bytes = vec![0; length];
    source.seek(SeekFrom::Start(range.start)).map_err(|error| error.to_string())?;
    source.read_exact(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.into())
}
