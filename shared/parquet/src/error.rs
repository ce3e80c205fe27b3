//! Why a file isn't read. The text is what a person finds in quarantine: it says what stands in the file, and the rule.

/// What is wrong with a file, or what of it this reader doesn't take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("not a Parquet file: {0} bytes are too few")]
    TooSmall(u64),
    #[error("not a Parquet file: it doesn't end with the letters PAR1")]
    NotParquet,
    #[error("the file is encrypted; there is no key for it here")]
    Encrypted,
    #[error("the footer says that it has {length} bytes, in a file of {size}")]
    FooterOutside { length: u64, size: u64 },
    #[error("{what}: {value}, and at most {limit} are read")]
    OverLimit { what: &'static str, value: u64, limit: u64 },
    #[error("row group {row_group}: {what}: {value} bytes, and at most {limit} are read")]
    TooLarge { row_group: usize, what: &'static str, value: u64, limit: u64 },
    #[error("column {column:?} has a type that is not read: {reason}")]
    UnsupportedType { column: String, reason: String },
    #[error(
        "column {column:?} is compressed with {codec}, which is not read (read are: none, Snappy, gzip, ZSTD, LZ4, Brotli)"
    )]
    UnsupportedCodec { column: String, codec: String },
    #[error("damaged: {0}")]
    Damaged(String),
    #[error("row {row}, column {column:?}: {reason}")]
    Value { row: u64, column: String, reason: String },
}

impl Error {
    pub(crate) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }

    /// Says where in the file the damage is.
    pub(crate) fn within(self, place: impl std::fmt::Display) -> Self {
        match self {
            Self::Damaged(reason) => Self::Damaged(format!("{place}: {reason}")),
            other => other,
        }
    }

    /// Whether a reader with more memory might read the file.
    #[must_use]
    pub fn is_size(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }
}

/// What the decoder says, without its layers' names in front.
impl From<parquet::errors::ParquetError> for Error {
    fn from(error: parquet::errors::ParquetError) -> Self {
        use parquet::errors::ParquetError as P;
        match error {
            P::General(text) | P::EOF(text) | P::ArrowError(text) | P::NYI(text) => Self::Damaged(text),
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        let text = match error {
            arrow_schema::ArrowError::ParquetError(text) => text,
            other => other.to_string(),
        };
        let text = text.strip_prefix("Parquet error: ").unwrap_or(&text);
        Self::Damaged(text.to_owned())
    }
}
