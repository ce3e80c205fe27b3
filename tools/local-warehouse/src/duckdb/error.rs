//! What DuckDB says when it refuses something.

/// A message of DuckDB, word for word: `Constraint Error: Duplicate key …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct DuckDbError {
    pub(crate) message: String,
}

/// Class of the message of a statement that somebody interrupted.
pub(crate) const INTERRUPTED: &str = "InterruptException";

/// Prefixes of DuckDB's messages and the class that its Python client raises for them. MotherDuck's open-source server
/// reports the name of that class as `errorType`. Anything else is plain `Error` there, and so it is here.
const CLASSES: &[(&str, &str)] = &[
    ("Binder Error", "BinderException"),
    ("Catalog Error", "CatalogException"),
    ("Connection Error", "ConnectionException"),
    ("Constraint Error", "ConstraintException"),
    ("Conversion Error", "ConversionException"),
    ("Dependency Error", "DependencyException"),
    ("FATAL Error", "FatalException"),
    ("HTTP Error", "HTTPException"),
    ("INTERNAL Error", "InternalException"),
    ("INTERRUPT Error", INTERRUPTED),
    ("IO Error", "IOException"),
    ("Invalid Input Error", "InvalidInputException"),
    ("Invalid type Error", "InvalidTypeException"),
    ("Mismatch Type Error", "TypeMismatchException"),
    ("Not implemented Error", "NotImplementedException"),
    ("Out of Memory Error", "OutOfMemoryException"),
    ("Out of Range Error", "OutOfRangeException"),
    ("Parser Error", "ParserException"),
    ("Permission Error", "PermissionException"),
    ("Sequence Error", "SequenceException"),
    ("Serialization Error", "SerializationException"),
    ("Syntax Error", "SyntaxException"),
    ("TransactionContext Error", "TransactionException"),
];

impl DuckDbError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The name of the class that DuckDB's Python client raises for this message.
    pub(crate) fn class(&self) -> &'static str {
        CLASSES.iter().find(|(prefix, _)| self.message.starts_with(prefix)).map_or("Error", |(_, class)| class)
    }
}
