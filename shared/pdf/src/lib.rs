//! Untrusted PDF as pages: the text layer of each, or why it needs an OCR engine, and the page as a file of its own for one.
//!
//! No I/O. The parser and the fonts are `hayro`'s; what of a page is text, and in which lines, is told here, by an interpreter of text
//! operators that stops at limits. A damaged file may still end the reader with a panic, or take more memory than there is: whoever runs
//! it must be able to say so the next time (docs/decisions/0021-scanned-documents.md).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod content;
mod document;
mod error;
mod layout;
mod page;
mod stream;
mod writable;

pub use document::{Document, Reader, check_size};
pub use error::Error;
pub use page::{Page, TextLayer, Why};

/// What reads text layers, as `engine` of the pages has it.
pub const ENGINE: &str = "hayro";

/// The version of [`ENGINE`], and of how this crate makes lines of glyphs: pages that were read by another may differ.
pub const ENGINE_VERSION: &str = "0.9.0+1";

/// Bytes of a PDF at most. A Worker has 128 MiB: the file once, as much again for what's unpacked of it and for the page that goes to the
/// OCR engine, and the rest for the runtime and for another event in the same isolate.
pub const MAX_BYTES: u64 = 32 << 20;

/// Pages of a PDF at most. The longest books have some 5,000.
pub const MAX_PAGES: u32 = 10_000;

/// Bytes of text of a page at most. A page set in the smallest type has some 30 kB.
pub const MAX_PAGE_TEXT: usize = 1 << 20;

/// Unpacked bytes of a page's content, each stream by itself. Maps have some 10 MiB.
pub const MAX_CONTENT: usize = 32 << 20;

/// Operators and glyphs of a page at most, those of its form `XObjects` included, each time they are drawn.
pub const MAX_OPERATORS: u32 = 4_000_000;

/// Form `XObjects` in each other at most.
pub const MAX_DEPTH: u32 = 16;

/// Bytes of a page as a file of its own at most. An A4 page scanned in colour has 1 to 3 MiB as JPEG at 300 dpi.
pub const MAX_PAGE_FILE: usize = 8 << 20;
