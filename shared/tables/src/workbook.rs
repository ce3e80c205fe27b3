//! Workbooks: XLSX and XLSM, XLSB, XLS, ODS.
//!
//! A cell's text is what the cell holds: shortest decimals for numbers, `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` and `HH:MM:SS` for dates and
//! times, `H:MM:SS` for durations, `TRUE` and `FALSE`, and the errors' names such as `#DIV/0!`. Of formulas it is the value that was
//! stored with them. Of merged cells the first has the value, the others are empty.

use std::{
    collections::HashSet,
    io::{Cursor, Read, Seek},
};

use calamine::{
    Cell, Data, DataRef, ExcelDateTime, Ods, OdsError, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsb, XlsbError,
    Xlsx, XlsxError,
};

use crate::{
    Error, MAX_CELL_BYTES, MAX_COLUMNS, MAX_SHEETS, Preview, Sheet, SheetState, WorkbookKind,
    archive::{self, Contents},
    csv::{header_warnings, is_total},
    xls,
};

/// Cells of one sheet at most where all are held at once: XLS and ODS.
const MAX_HELD_CELLS: usize = 20_000_000;

type Bytes<'a> = Cursor<&'a [u8]>;

/// Whoever takes the rows of a workbook: the number of the row, from 1, and its cells from column A on, without empty ones at the end.
/// The first row of a sheet is its header.
pub trait Rows {
    /// A sheet begins.
    ///
    /// # Errors
    /// Whatever ends the reading.
    fn sheet(&mut self, name: &str, state: SheetState) -> Result<(), Error>;

    /// A row of the sheet that began last, in which some cell holds something.
    ///
    /// # Errors
    /// Whatever ends the reading.
    fn row(&mut self, number: u64, cells: &[String]) -> Result<(), Error>;
}

/// Says what is in a workbook. `limit`: bytes that its parts may unpack to.
///
/// # Errors
/// The file is no workbook, encrypted, damaged or over a limit.
pub fn preview(bytes: &[u8], kind: WorkbookKind, limit: u64) -> Result<Preview, Error> {
    let mut survey = Survey::default();
    read(bytes, kind, limit, &mut survey)?;
    Ok(survey.finish())
}

/// Reads every sheet, in the workbook's order.
///
/// # Errors
/// As [`preview`], and those of `rows`.
pub fn read(bytes: &[u8], kind: WorkbookKind, limit: u64, rows: &mut dyn Rows) -> Result<(), Error> {
    let source = Cursor::new(bytes);
    match kind {
        // Its cells are held all at once, the parts of others are not.
        WorkbookKind::Compound => {
            held(Xls::new(Cursor::new(xls::clean(bytes, limit / 2)?)).map_err(of_xls)?, of_xls, rows)
        }
        WorkbookKind::Archive => match archive::inspect(bytes, limit)? {
            Contents::Xlsx => xlsx(Xlsx::new(source).map_err(of_xlsx)?, rows),
            Contents::Xlsb => xlsb(Xlsb::new(source).map_err(of_xlsb)?, rows),
            Contents::Ods => held(Ods::new(source).map_err(of_ods)?, of_ods, rows),
        },
    }
}

fn xlsx(mut book: Xlsx<Bytes>, rows: &mut dyn Rows) -> Result<(), Error> {
    for sheet in sheets(book.sheets_metadata())? {
        let state = state(&sheet);
        rows.sheet(&sheet.name, state)?;
        if state == SheetState::NoCells {
            continue;
        }
        let mut cells = match book.worksheet_cells_reader(&sheet.name) {
            Ok(cells) => cells,
            // Named like a sheet of cells, and none.
            Err(XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(of_xlsx(error).within(&sheet.name)),
        };
        let mut lines = Lines::new(&sheet.name, rows);
        while let Some(cell) = cells.next_cell().map_err(|error| of_xlsx(error).within(&sheet.name))? {
            lines.add_ref(&cell)?;
        }
        lines.finish()?;
    }
    Ok(())
}

fn xlsb(mut book: Xlsb<Bytes>, rows: &mut dyn Rows) -> Result<(), Error> {
    for sheet in sheets(book.sheets_metadata())? {
        let state = state(&sheet);
        rows.sheet(&sheet.name, state)?;
        if state == SheetState::NoCells {
            continue;
        }
        let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(|error| of_xlsb(error).within(&sheet.name))?;
        let mut lines = Lines::new(&sheet.name, rows);
        while let Some(cell) = cells.next_cell().map_err(|error| of_xlsb(error).within(&sheet.name))? {
            lines.add_ref(&cell)?;
        }
        lines.finish()?;
    }
    Ok(())
}

/// Reads a workbook whose reader holds all cells.
fn held<S: Read + Seek, R: Reader<S>>(
    mut book: R,
    refusal: fn(R::Error) -> Error,
    rows: &mut dyn Rows,
) -> Result<(), Error> {
    for sheet in sheets(book.sheets_metadata())? {
        let state = state(&sheet);
        rows.sheet(&sheet.name, state)?;
        if state == SheetState::NoCells {
            continue;
        }
        let range = book.worksheet_range(&sheet.name).map_err(|error| refusal(error).within(&sheet.name))?;
        let (height, width) = range.get_size();
        if height.saturating_mul(width) > MAX_HELD_CELLS {
            return Err(Error::TooManyCells { what: format!("{height} × {width} cells in sheet {:?}", sheet.name) });
        }
        let (top, left) = range.start().unwrap_or_default();
        let mut lines = Lines::new(&sheet.name, rows);
        for (row, column, value) in range.used_cells() {
            lines.add(u64::from(top) + row as u64, left as usize + column, text(value))?;
        }
        lines.finish()?;
    }
    Ok(())
}

fn sheets(sheets: &[calamine::Sheet]) -> Result<Vec<calamine::Sheet>, Error> {
    if sheets.len() > MAX_SHEETS {
        return Err(Error::TooManySheets { count: sheets.len(), limit: MAX_SHEETS });
    }
    // Readers find a sheet by its name: of two they would give one twice.
    let mut names = HashSet::new();
    if let Some(twice) = sheets.iter().find(|sheet| !names.insert(sheet.name.as_str())) {
        return Err(Error::Damaged(format!("two sheets are named {:?}", twice.name)));
    }
    Ok(sheets.to_vec())
}

fn state(sheet: &calamine::Sheet) -> SheetState {
    match (sheet.typ, sheet.visible) {
        (SheetType::WorkSheet, SheetVisible::Visible) => SheetState::Visible,
        (SheetType::WorkSheet, SheetVisible::Hidden) => SheetState::Hidden,
        (SheetType::WorkSheet, SheetVisible::VeryHidden) => SheetState::VeryHidden,
        _ => SheetState::NoCells,
    }
}

/// Cells in, rows out.
struct Lines<'a> {
    sheet: &'a str,
    rows: &'a mut dyn Rows,
    /// The row that is being filled, from 0.
    at: u64,
    cells: Vec<String>,
}

impl<'a> Lines<'a> {
    fn new(sheet: &'a str, rows: &'a mut dyn Rows) -> Self {
        Self { sheet, rows, at: 0, cells: Vec::new() }
    }

    fn add_ref(&mut self, cell: &Cell<DataRef>) -> Result<(), Error> {
        let (row, column) = cell.get_position();
        let text = match cell.get_value() {
            DataRef::SharedString(shared) => (*shared).to_owned(),
            other => text(&Data::from(other.clone())),
        };
        self.add(u64::from(row), column as usize, text)
    }

    fn add(&mut self, row: u64, column: usize, text: String) -> Result<(), Error> {
        if text.is_empty() {
            return Ok(());
        }
        if column >= MAX_COLUMNS {
            return Err(Error::SheetTooWide { sheet: self.sheet.to_owned(), row: row + 1, limit: MAX_COLUMNS });
        }
        if text.len() > MAX_CELL_BYTES {
            let (sheet, row, column) = (self.sheet.to_owned(), row + 1, column + 1);
            return Err(Error::SheetCellTooLong { sheet, row, column, limit: MAX_CELL_BYTES });
        }
        if row < self.at {
            return Err(Error::Damaged(format!(
                "sheet {:?}: row {} comes after row {}",
                self.sheet,
                row + 1,
                self.at + 1
            )));
        }
        if row > self.at {
            self.emit()?;
            self.at = row;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = text;
        }
        Ok(())
    }

    fn emit(&mut self) -> Result<(), Error> {
        if !self.cells.is_empty() {
            self.rows.row(self.at + 1, &self.cells)?;
            self.cells.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Error> {
        self.emit()
    }
}

fn text(value: &Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).replacen('T', " ", 1),
        Data::DurationIso(text) => duration_of_iso(text).unwrap_or_else(|| text.clone()),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => float(*number),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::DateTime(value) => date_time(*value),
        Data::Error(error) => error.to_string(),
    }
}

fn float(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        "0".to_owned()
    } else if (1e-7..1e21).contains(&size) {
        format!("{number}")
    } else {
        format!("{number:e}")
    }
}

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

fn date_time(value: ExcelDateTime) -> String {
    let days = value.as_f64();
    if value.is_duration() {
        return duration((days * DAY).round());
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let mut time = format!("{hour:02}:{minute:02}:{second:02}");
    if milli > 0 {
        time = format!("{time}.{milli:03}");
    }
    if (0.0..1.0).contains(&days) && days > 0.0 {
        time
    } else if (hour, minute, second, milli) == (0, 0, 0, 0) {
        date
    } else {
        format!("{date} {time}")
    }
}

/// `H:MM:SS` of milliseconds, hours beyond a day too.
fn duration(milliseconds: f64) -> String {
    let sign = if milliseconds < 0.0 { "-" } else { "" };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
    let all = milliseconds.abs() as u64;
    let (hours, minutes, seconds, milli) = (all / 3_600_000, all / 60_000 % 60, all / 1_000 % 60, all % 1_000);
    let fraction = if milli > 0 { format!(".{milli:03}") } else { String::new() };
    format!("{sign}{hours}:{minutes:02}:{seconds:02}{fraction}")
}

/// `PT12H30M05S` as `12:30:05`.
fn duration_of_iso(text: &str) -> Option<String> {
    let (sign, rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let rest = rest.strip_prefix('P')?;
    let (days, time) = rest.split_once('T')?;
    let days = if days.is_empty() { 0.0 } else { days.strip_suffix('D')?.parse::<f64>().ok()? };
    let mut milliseconds = days * DAY;
    let mut number = String::new();
    for c in time.chars() {
        let unit = match c {
            'H' => 3_600_000.0,
            'M' => 60_000.0,
            'S' => 1_000.0,
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            _ => return None,
        };
        milliseconds += number.parse::<f64>().ok()? * unit;
        number.clear();
    }
    number.is_empty().then(|| duration(sign * milliseconds.round()))
}

/// Looks at a workbook.
#[derive(Debug, Default)]
struct Survey {
    preview: Preview,
    /// For each sheet: whether its header was seen, and its last row.
    begun: bool,
    last: Vec<String>,
}

impl Survey {
    fn warn(&mut self, warning: impl std::fmt::Display) {
        let name = self.preview.sheets.last().map_or("", |sheet| sheet.name.as_str());
        let warning = format!("sheet {name:?}: {warning}");
        self.preview.warnings.push(warning);
    }

    fn end_sheet(&mut self) {
        let Some(sheet) = self.preview.sheets.last_mut() else { return };
        sheet.types.resize(sheet.columns, crate::ColumnType::Empty);
        let (header, columns) = (sheet.header.clone(), sheet.columns);
        if self.begun {
            for warning in header_warnings(&header) {
                self.warn(warning);
            }
            if columns > header.len() {
                self.warn(format_args!("columns beyond the header: {}", columns - header.len()));
            }
            if columns > 2 && header.iter().filter(|cell| !cell.trim().is_empty()).count() == 1 {
                self.warn("the first row has one cell only; it may be a title above the header");
            }
            if self.last.iter().any(|cell| is_total(cell)) {
                self.warn("the last row looks like a total");
            }
        }
        self.begun = false;
        self.last.clear();
    }

    fn finish(mut self) -> Preview {
        self.end_sheet();
        self.preview
    }
}

impl Rows for Survey {
    fn sheet(&mut self, name: &str, state: SheetState) -> Result<(), Error> {
        self.end_sheet();
        self.preview.sheets.push(Sheet { name: name.to_owned(), state, ..Sheet::default() });
        match state {
            SheetState::Visible => {}
            SheetState::Hidden | SheetState::VeryHidden => self.warn("it is hidden"),
            SheetState::NoCells => self.warn("it has no cells: a chart, a dialog or macros"),
        }
        Ok(())
    }

    fn row(&mut self, _number: u64, cells: &[String]) -> Result<(), Error> {
        let Some(sheet) = self.preview.sheets.last_mut() else { return Ok(()) };
        if self.begun {
            sheet.add(cells.iter().map(String::as_str));
            self.last.clear();
            self.last.extend(cells.iter().take(2).cloned());
        } else {
            self.begun = true;
            sheet.with_header(cells.to_vec());
        }
        Ok(())
    }
}

impl Error {
    fn within(self, sheet: &str) -> Self {
        match self {
            Self::Damaged(reason) => Self::Damaged(format!("sheet {sheet:?}: {reason}")),
            other => other,
        }
    }
}

fn of_xls(error: XlsError) -> Error {
    match error {
        XlsError::Password => Error::Encrypted,
        other => Error::damaged(other),
    }
}

fn of_xlsx(error: XlsxError) -> Error {
    match error {
        XlsxError::Password => Error::Encrypted,
        other => Error::damaged(other),
    }
}

fn of_xlsb(error: XlsbError) -> Error {
    match error {
        XlsbError::Password => Error::Encrypted,
        other => Error::damaged(other),
    }
}

fn of_ods(error: OdsError) -> Error {
    match error {
        OdsError::Password => Error::Encrypted,
        OdsError::CellLimitExceeded { requested, .. } => Error::TooManyCells { what: format!("{requested} cells") },
        other => Error::damaged(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_people_write_them() {
        assert_eq!(float(15.0), "15");
        assert_eq!(float(-0.1), "-0.1");
        assert_eq!(float(1e300), "1e300");
        assert_eq!(duration(93_605_500.0), "26:00:05.500");
        assert_eq!(duration_of_iso("PT10H10M10S").as_deref(), Some("10:10:10"));
        assert_eq!(duration_of_iso("P1DT1H").as_deref(), Some("25:00:00"));
        assert_eq!(duration_of_iso("soon"), None);
        let date = |days: f64, kind| date_time(ExcelDateTime::new(days, kind, false));
        assert_eq!(date(45_943.0, calamine::ExcelDateTimeType::DateTime), "2025-10-13");
        assert_eq!(date(45_943.5, calamine::ExcelDateTimeType::DateTime), "2025-10-13 12:00:00");
        assert_eq!(date(0.5, calamine::ExcelDateTimeType::DateTime), "12:00:00");
        assert_eq!(date(1.5, calamine::ExcelDateTimeType::TimeDelta), "36:00:00");
    }
}
