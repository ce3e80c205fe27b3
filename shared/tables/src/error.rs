//! Why a file isn't read. The text is what a person finds in quarantine: what stands in the file, where, and the rule.

/// What is wrong with a file, or what of it isn't read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the file is empty: it has no header and no rows")]
    Empty,
    #[error("{what}, not a table; read are CSV, TSV, XLSX, XLSM, XLSB, XLS and ODS")]
    NotATable { what: &'static str },
    #[error("the workbook is encrypted; it can be read after saving it without a password")]
    Encrypted,
    #[error("{encoding} text is not read; save the file as UTF-8")]
    Encoding { encoding: &'static str },
    #[error("record {record}: more than {limit} columns")]
    TooManyColumns { record: u64, limit: usize },
    #[error(
        "record {record}, column {column}: the cell has more than {limit} bytes (a quote that is never closed does that)"
    )]
    CellTooLong { record: u64, column: usize, limit: usize },
    #[error("record {record}: more than {limit} bytes (a quote that is never closed does that)")]
    RecordTooLong { record: u64, limit: usize },
    #[error("sheet {sheet:?}, row {row}: more than {limit} columns")]
    SheetTooWide { sheet: String, row: u64, limit: usize },
    #[error("sheet {sheet:?}, row {row}, column {column}: the cell has more than {limit} bytes")]
    SheetCellTooLong { sheet: String, row: u64, column: usize, limit: usize },
    #[error("{count} sheets, and at most {limit} are read")]
    TooManySheets { count: usize, limit: usize },
    #[error("part {part:?} of the workbook unpacks to more than is read: at most {limit} bytes for the whole")]
    TooLarge { part: String, limit: u64 },
    #[error("the workbook has {what}: more than is read")]
    TooManyCells { what: String },
    #[error("damaged: {0}")]
    Damaged(String),
}

impl Error {
    pub(crate) fn damaged(reason: impl std::fmt::Display) -> Self {
        Self::Damaged(reason.to_string())
    }
}
