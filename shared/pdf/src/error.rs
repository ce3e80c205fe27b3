//! Why a PDF isn't read. The text is what a person finds at the document: what, where, and the rule.

use crate::{MAX_BYTES, MAX_CONTENT, MAX_DEPTH, MAX_OPERATORS, MAX_PAGE_FILE, MAX_PAGE_TEXT, MAX_PAGES};

/// What is wrong with a file, or what of it isn't read here. Pages are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the file is empty")]
    Empty,
    #[error("the file has {size} bytes; at most {MAX_BYTES} are read: split it, or scan it with less resolution")]
    TooLarge { size: u64 },
    #[error("the file is not a PDF: it doesn't have %PDF- within its first 1,024 bytes")]
    NotAPdf,
    #[error("the PDF is encrypted with a password; it can be read after saving it without one")]
    Encrypted,
    #[error("the PDF is encrypted in a way that isn't read: {0}")]
    Encryption(&'static str),
    #[error("the PDF is damaged: it has no pages that can be found")]
    Damaged,
    #[error("the PDF has {pages} pages; at most {MAX_PAGES} are read: split it")]
    TooManyPages { pages: usize },
    #[error("there is no page {page}; the PDF has {pages}")]
    NoSuchPage { page: u32, pages: u32 },
    #[error("page {page}: its content is damaged, or unpacks to more than {MAX_CONTENT} bytes")]
    Content { page: u32 },
    #[error("page {page}: more than {MAX_OPERATORS} operators and glyphs")]
    TooManyOperators { page: u32 },
    #[error("page {page}: more than {MAX_DEPTH} forms in each other")]
    TooDeep { page: u32 },
    #[error("page {page}: more than {MAX_PAGE_TEXT} bytes of text")]
    TooMuchText { page: u32 },
    #[error("page {page}: as a file of its own it has {bytes} bytes; the OCR engine takes {MAX_PAGE_FILE} at most")]
    PageTooLarge { page: u32, bytes: usize },
    #[error("page {page}: it can't be made a file of its own")]
    Unextractable { page: u32 },
}
