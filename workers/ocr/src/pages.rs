//! Pages that are read, on their way from the PDF to Parquet.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use living_pdf::{Document, ENGINE, ENGINE_VERSION, Page};
use living_produce::{ParquetWriter, Provenance, batch};
use serde::{Deserialize, Serialize};

use crate::{
    engine::{Form, Picture, Recognised},
    failure::Failure,
    record::Record,
};

/// Pages with a text layer that are kept in one object.
pub(crate) const STRETCH_PAGES: usize = 64;

/// Bytes of text at which an object with pages is full.
const STRETCH_TEXT: usize = 1 << 20;

/// Bytes of the pictures of a stretch, after which it ends. They are in memory as they are and in the text of a request, twice.
const STRETCH_PICTURES: usize = living_pdf::MAX_PAGE_FILE;

/// Bytes of text of a document at most. Its pages are one Parquet file, which is written under a condition and so at once: what it's made
/// of, packed to a third or less, and a row group of 8 MiB are in memory.
pub(crate) const MAX_TEXT: u64 = 48 << 20;

/// A page that is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReadPage {
    pub(crate) page_number: u32,
    #[serde(flatten)]
    pub(crate) read: Recognised,
}

/// The next pages of a document: what their text layers say, and pictures of those that have none.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    pub(crate) pages: Vec<ReadPage>,
    pub(crate) pictures: Vec<Picture>,
}

impl Stretch {
    fn len(&self) -> usize {
        self.pages.len() + self.pictures.len()
    }
}

/// How far a stretch goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) pages: usize,
    pub(crate) pictures: usize,
}

/// Reads pages from `first` on. A page that can't be read ends the stretch before it, or is an error if it's the first.
pub(crate) fn read_stretch(
    document: &Document,
    document_id: &str,
    first: u32,
    form: Option<Form>,
    extent: Extent,
) -> Result<Stretch, Failure> {
    let reader = document.reader();
    let mut stretch = Stretch::default();
    let (mut text, mut pictures) = (0, 0);
    for page in first..=document.pages() {
        let next = match reader.read(page).map_err(Failure::from) {
            Ok(Page::Picture { why }) => picture(document, document_id, page, why, form).map(Next::Picture),
            Ok(Page::Text(layer)) => Ok(Next::Page(by_text_layer(page, layer.text, layer.confidence))),
            Ok(Page::Blank) => Ok(Next::Page(by_text_layer(page, String::new(), None))),
            Err(failure) => Err(failure),
        };
        match next {
            Ok(Next::Page(page)) => {
                text += page.read.text.len();
                stretch.pages.push(page);
            }
            Ok(Next::Picture(picture)) => {
                pictures += picture.bytes.len();
                stretch.pictures.push(picture);
            }
            Err(failure) if stretch.len() == 0 => return Err(failure),
            Err(_) => break,
        }
        let is_full = stretch.pages.len() >= extent.pages || text >= STRETCH_TEXT;
        if is_full || stretch.pictures.len() >= extent.pictures || pictures >= STRETCH_PICTURES {
            break;
        }
    }
    Ok(stretch)
}

enum Next {
    Page(ReadPage),
    Picture(Picture),
}

fn by_text_layer(page_number: u32, text: String, confidence: Option<f64>) -> ReadPage {
    let (engine, engine_version) = (ENGINE.to_owned(), Some(ENGINE_VERSION.to_owned()));
    ReadPage { page_number, read: Recognised { text, confidence, engine, engine_version } }
}

fn picture(
    document: &Document,
    document_id: &str,
    page: u32,
    why: living_pdf::Why,
    form: Option<Form>,
) -> Result<Picture, Failure> {
    let bytes = match form {
        None => {
            let reason = format!("page {page}: {why}, and no OCR engine is configured (OCR_PROVIDER)");
            return Err(Failure::Refused(reason));
        }
        Some(Form::Pdf) => document.page_file(page)?,
        Some(Form::Jpeg) => document.page_jpeg(page)?.ok_or_else(|| {
            Failure::Refused(format!(
                "page {page}: {why}, and it isn't one JPEG image, which is all that Workers AI is given"
            ))
        })?,
    };
    Ok(Picture { document_id: document_id.to_owned(), page_number: page, bytes })
}

/// A row of the dataset `raw_documents`.
#[derive(Serialize)]
struct Row<'a> {
    document_id: &'a str,
    page_number: u32,
    text: &'a str,
    confidence: Option<f64>,
    source_uri: &'a str,
    engine: &'a str,
    engine_version: Option<&'a str>,
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("document_id", DataType::Utf8, false),
        Field::new("page_number", DataType::Int32, false),
        Field::new("text", DataType::Utf8, false),
        Field::new("confidence", DataType::Float64, true),
        Field::new("source_uri", DataType::Utf8, false),
        Field::new("engine", DataType::Utf8, false),
        Field::new("engine_version", DataType::Utf8, true),
    ]))
});

/// The Parquet file of a document's pages, in the making.
#[derive(Debug)]
pub(crate) struct PagesFile {
    writer: ParquetWriter,
    document_id: String,
    source_uri: String,
    bytes: Vec<u8>,
}

impl PagesFile {
    pub(crate) fn new(record: &Record, bucket: &str) -> Result<Self, Failure> {
        let source_uri = format!("r2://{bucket}/{}", record.key);
        let provenance = Provenance::new(record.batch_id.clone(), concat!("ocr ", env!("CARGO_PKG_VERSION")))
            .of_source(source_uri.clone())
            .with("source_etag", record.etag.clone());
        let writer = ParquetWriter::new(&SCHEMA, &provenance).map_err(unwritable)?;
        Ok(Self { writer, document_id: record.document_id.clone(), source_uri, bytes: Vec::new() })
    }

    pub(crate) fn add(&mut self, pages: &[ReadPage]) -> Result<(), Failure> {
        let Self { writer, document_id, source_uri, bytes } = self;
        let mut rows = Vec::with_capacity(pages.len());
        for ReadPage { page_number, read } in pages {
            rows.push(Row {
                document_id,
                page_number: *page_number,
                text: &read.text,
                confidence: read.confidence,
                source_uri,
                engine: &read.engine,
                engine_version: read.engine_version.as_deref(),
            });
        }
        writer.write(&batch(&SCHEMA, &rows).map_err(unwritable)?).map_err(unwritable)?;
        bytes.append(&mut writer.take());
        Ok(())
    }

    /// Rows so far.
    pub(crate) const fn rows(&self) -> u64 {
        self.writer.rows()
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, Failure> {
        let mut bytes = self.bytes;
        bytes.append(&mut self.writer.finish().map_err(unwritable)?);
        Ok(bytes)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "maps errors")]
fn unwritable(error: living_produce::Error) -> Failure {
    Failure::Refused(error.to_string())
}
