//! The content of an upload into Parquet objects: looked through once, read once more, written.

use bytes::Bytes;
use living_core::landing::decision::ObjectHead;
use living_kit::{ObjectStore, ObjectWriter, Upload, Written, upload};
use living_produce::Provenance;
use living_tables::{
    Error, Preview, Sheet, SheetState, WorkbookKind, column_names,
    csv::{self, Format},
    workbook,
};

use crate::{
    config::Route,
    content::{Content, MAX_WORKBOOK_UNPACKED, Surveyed},
    failure::Failure,
    output,
    record::{self, Output, Record},
    table::TableWriter,
};

/// Columns of a table at most: what ingest takes (`living_parquet::Limits::columns`).
const MAX_COLUMNS: usize = 4_096;

/// Bytes of the Parquet of a workbook at most: all of its sheets are held until the last is read.
const MAX_WORKBOOK_PARQUET: usize = 32 << 20;

/// What made a file, in its metadata.
const PRODUCER: &str = concat!("csv ", env!("CARGO_PKG_VERSION"));

/// One conversion of one content.
#[derive(Debug)]
pub(crate) struct Conversion<'a, S> {
    pub(crate) store: &'a S,
    pub(crate) route: &'a Route,
    pub(crate) head: &'a ObjectHead,
    pub(crate) build: &'a str,
}

/// A table, and where it's going to be.
#[derive(Debug)]
struct Planned {
    key: String,
    /// The sheet's name; `None` for the only table of a text.
    sheet: Option<String>,
    rows: u64,
    columns: Vec<(String, String)>,
    provenance: Provenance,
}

impl Planned {
    fn writer(&self) -> Result<TableWriter, Failure> {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        TableWriter::new(&names, &self.provenance)
    }

    /// The object that was written.
    fn written(&self, route: &Route, rows: u64, written: Written) -> Output {
        Output {
            bucket: route.output_bucket.clone(),
            key: self.key.clone(),
            etag: written.etag,
            size: written.size,
            sheet: self.sheet.clone(),
            rows,
            columns: self.columns.clone(),
        }
    }

    /// Nothing is lost between counting rows and writing them.
    fn check_rows(&self, rows: u64) -> Result<(), Failure> {
        if rows == self.rows {
            Ok(())
        } else {
            Err(Failure::Refused(format!("{} rows were counted, and {rows} were read", self.rows)))
        }
    }
}

impl<S: ObjectStore + ObjectWriter> Conversion<'_, S> {
    /// Writes the outputs. Gives them, and what a person ought to know.
    pub(crate) async fn run(&self, record: &mut Record) -> Result<(Vec<Output>, Vec<String>), Failure> {
        let (bucket, key) = (record.bucket.clone(), record.key.clone());
        let content = Content::Object { store: self.store, bucket: &bucket, key: &key, head: self.head };
        match content.survey().await? {
            Surveyed::Text(format, preview) => {
                let planned = self.plan(record, &preview, Some(&format)).await?;
                let mut outputs = Vec::new();
                for planned in planned.iter().flatten() {
                    outputs.push(self.write_text(&content, &format, planned, record).await?);
                }
                Ok((outputs, preview.warnings))
            }
            Surveyed::Workbook(kind, bytes, preview) => {
                let planned = self.plan(record, &preview, None).await?;
                let files = read_workbook(kind, bytes, &planned)?;
                let mut outputs = Vec::new();
                for (planned, (file, rows)) in planned.iter().flatten().zip(files) {
                    outputs.push(self.put_sheet(planned, file, rows, record).await?);
                }
                Ok((outputs, preview.warnings))
            }
        }
    }

    /// What becomes of each sheet; `None` for one without cells. From here on the record names all that may be written.
    async fn plan(
        &self,
        record: &mut Record,
        preview: &Preview,
        format: Option<&Format>,
    ) -> Result<Vec<Option<Planned>>, Failure> {
        if record.source_table.is_empty() {
            return Err(Failure::Refused(
                "its key names no source table: a folder, or a file name before the last dot".to_owned(),
            ));
        }
        let has_cells = |sheet: &&Sheet| sheet.columns > 0 && sheet.state != SheetState::NoCells;
        let name = |sheet: &Sheet| if format.is_some() { None } else { Some(sheet.name.clone()) };
        let names: Vec<Option<String>> = preview.sheets.iter().filter(has_cells).map(name).collect();
        if names.is_empty() {
            return Err(Failure::Refused("no sheet has a cell with anything in it".to_owned()));
        }
        let names: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
        let keys = output::keys(self.route, &record.key, &names);
        self.claim(record, &keys).await?;
        let mut keys = keys.into_iter();
        let mut planned = Vec::new();
        for sheet in &preview.sheets {
            let key = if has_cells(&sheet) { keys.next() } else { None };
            planned.push(key.map(|key| self.plan_sheet(record, sheet, format, key)).transpose()?);
        }
        Ok(planned)
    }

    fn plan_sheet(
        &self,
        record: &Record,
        sheet: &Sheet,
        format: Option<&Format>,
        key: String,
    ) -> Result<Planned, Failure> {
        if sheet.columns > MAX_COLUMNS {
            let (name, columns) = (&sheet.name, sheet.columns);
            let sheet = if name.is_empty() { "the table".to_owned() } else { format!("sheet {name:?}") };
            return Err(Failure::Refused(format!(
                "{sheet} has {columns} columns, and at most {MAX_COLUMNS} are landed"
            )));
        }
        let names = column_names(&sheet.header, sheet.columns);
        let columns =
            names.iter().zip(&sheet.types).map(|(name, data_type)| Output::column(name, *data_type)).collect();
        let provenance = Provenance::new(format!("{}/{}@{}", record.bucket, record.key, self.head.etag), PRODUCER)
            .of_source(format!("r2://{}/{}", record.bucket, record.key))
            .with("source_etag", &self.head.etag)
            .with("header", serde_json::to_string(&sheet.header).unwrap_or_default())
            .with("column_types", serde_json::to_string(&sheet.types).unwrap_or_default());
        let provenance = match format {
            Some(format) => {
                provenance.with("encoding", format.encoding()).with("delimiter", char::from(format.dialect().delimiter))
            }
            None => provenance.with("sheet", &sheet.name).with("sheet_state", sheet.state.name()),
        };
        let name = if format.is_some() { None } else { Some(sheet.name.clone()) };
        Ok(Planned { key, sheet: name, rows: sheet.rows, columns, provenance })
    }

    /// Writes into the record that these objects may be there from now on, if no other upload has them.
    async fn claim(&self, record: &mut Record, keys: &[String]) -> Result<(), Failure> {
        let ours = output::source(&record.bucket, &record.key);
        let new: Vec<String> = keys.iter().filter(|key| !record.written.contains(key)).cloned().collect();
        for key in &new {
            let Some(metadata) = self.store.metadata(&self.route.output_bucket, key).await? else { continue };
            let theirs = metadata.get(output::SOURCE);
            if theirs != Some(&ours) {
                let whose = theirs.map_or("of something else".to_owned(), |theirs| format!("of the upload {theirs}"));
                return Err(Failure::Refused(format!("it would become {key:?}, and an object {whose} is there")));
            }
        }
        if !new.is_empty() {
            record.written.extend(new);
            record::write(self.store, self.route, record).await?;
        }
        Ok(())
    }

    /// Reads a text once more and writes its rows as they come: there's no more in memory than a chunk, a row group and a part.
    async fn write_text(
        &self,
        content: &Content<'_, S>,
        format: &Format,
        planned: &Planned,
        record: &Record,
    ) -> Result<Output, Failure> {
        let target = self.target(planned, record);
        let write = async |upload: &mut Upload<'_, S>| {
            let mut table = planned.writer()?;
            let mut rows = csv::Rows::new(format);
            let read = content.for_each_chunk(async |bytes| {
                push(&mut rows, bytes, false, &mut table)?;
                Ok(upload.push(table.take()).await?)
            });
            read.await?;
            push(&mut rows, &[], true, &mut table)?;
            let (rest, rows) = table.finish()?;
            upload.push(rest).await?;
            planned.check_rows(rows)?;
            Ok::<_, Failure>(rows)
        };
        // Until it's whole nobody sees it, so what an earlier content became is there until then.
        let (rows, written) = upload(self.store, &target, write).await?;
        Ok(planned.written(self.route, rows, written))
    }

    async fn put_sheet(&self, planned: &Planned, file: Vec<u8>, rows: u64, record: &Record) -> Result<Output, Failure> {
        let target = self.target(planned, record);
        let write = async |upload: &mut Upload<'_, S>| Ok::<_, Failure>(upload.push(file).await?);
        let ((), written) = upload(self.store, &target, write).await?;
        Ok(planned.written(self.route, rows, written))
    }

    fn target(&self, planned: &Planned, record: &Record) -> living_kit::Target {
        let source = output::source(&record.bucket, &record.key);
        output::target(self.route, &planned.key, &source, &self.head.etag, self.build)
    }
}

/// Gives the rows that the bytes end to a table.
fn push(rows: &mut csv::Rows, bytes: &[u8], last: bool, table: &mut TableWriter) -> Result<(), Failure> {
    let mut failure = None;
    let outcome = rows.push(bytes, last, &mut |row| table.row(row.cells()).map_err(|error| stop(error, &mut failure)));
    match failure {
        Some(failure) => Err(failure),
        None => Ok(outcome?),
    }
}

/// Ends the reading, and keeps the reason.
fn stop(failure: Failure, kept: &mut Option<Failure>) -> Error {
    *kept = Some(failure);
    Error::Damaged(String::new())
}

/// The files of a workbook's sheets, and their rows.
fn read_workbook(
    kind: WorkbookKind,
    bytes: Bytes,
    planned: &[Option<Planned>],
) -> Result<Vec<(Vec<u8>, u64)>, Failure> {
    let mut book = Book { planned: planned.iter(), open: None, held: 0, files: Vec::new(), failure: None };
    let outcome = workbook::read(&bytes, kind, MAX_WORKBOOK_UNPACKED, &mut book);
    drop(bytes);
    if let Some(failure) = book.failure {
        return Err(failure);
    }
    outcome?;
    book.end_sheet()?;
    Ok(book.files)
}

/// A workbook that is being read.
struct Book<'a> {
    /// What becomes of the sheets that haven't begun.
    planned: std::slice::Iter<'a, Option<Planned>>,
    open: Option<OpenSheet<'a>>,
    /// Bytes of all files so far.
    held: usize,
    files: Vec<(Vec<u8>, u64)>,
    failure: Option<Failure>,
}

/// The sheet whose rows come.
struct OpenSheet<'a> {
    planned: &'a Planned,
    table: TableWriter,
    file: Vec<u8>,
    /// Whether its header, which is its first row, has come.
    begun: bool,
}

impl Book<'_> {
    fn begin_sheet(&mut self) -> Result<(), Failure> {
        self.end_sheet()?;
        if let Some(Some(planned)) = self.planned.next() {
            self.open = Some(OpenSheet { planned, table: planned.writer()?, file: Vec::new(), begun: false });
        }
        Ok(())
    }

    fn add_row(&mut self, cells: &[String]) -> Result<(), Failure> {
        let Some(sheet) = &mut self.open else { return Ok(()) };
        if !std::mem::replace(&mut sheet.begun, true) {
            return Ok(());
        }
        sheet.table.row(cells.iter().map(String::as_str))?;
        let done = sheet.table.take();
        self.held += done.len();
        sheet.file.extend(done);
        check_held(self.held)
    }

    fn end_sheet(&mut self) -> Result<(), Failure> {
        let Some(OpenSheet { planned, table, mut file, .. }) = self.open.take() else { return Ok(()) };
        let (rest, rows) = table.finish()?;
        self.held += rest.len();
        file.extend(rest);
        self.files.push((file, rows));
        planned.check_rows(rows)?;
        check_held(self.held)
    }
}

fn check_held(bytes: usize) -> Result<(), Failure> {
    if bytes <= MAX_WORKBOOK_PARQUET {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "the workbook's sheets are more than {MAX_WORKBOOK_PARQUET} bytes as Parquet; save them as CSV"
    )))
}

impl workbook::Rows for Book<'_> {
    fn sheet(&mut self, _name: &str, _state: SheetState) -> Result<(), Error> {
        self.begin_sheet().map_err(|error| stop(error, &mut self.failure))
    }

    fn row(&mut self, _number: u64, cells: &[String]) -> Result<(), Error> {
        self.add_row(cells).map_err(|error| stop(error, &mut self.failure))
    }
}
