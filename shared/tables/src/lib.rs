//! Untrusted spreadsheets as tables: CSV as a stream of bytes, workbooks sheet by sheet.
//!
//! What a file is, its bytes say, not its name. Every cell is the text that stands in the file; what that text could be read as is told
//! beside it ([`ColumnType`]), so that nothing is lost: `007`, `1e5` and `03/04/2024` stay what they are.
//!
//! No I/O: whoever drives a [`csv::Survey`] brings bytes. Workbooks need all their bytes at once ([`workbook::read`]).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod archive;
mod column;
pub mod csv;
mod dialect;
mod encoding;
mod error;
mod kind;
mod layout;
mod shape;
mod sheet;
pub mod workbook;
mod xls;
mod xlsb;

pub use column::{ColumnType, column_names};
pub use dialect::Dialect;
pub use error::Error;
pub use kind::{Kind, WorkbookKind};
pub use sheet::{Preview, Sheet, SheetState};

/// Columns of a sheet at most: what Excel has.
pub const MAX_COLUMNS: usize = 16_384;

/// Bytes of one cell at most. Excel's limit is 32,767 characters, of four bytes at most; a text file may have more, but a cell of a
/// megabyte is a quote that was never closed.
pub const MAX_CELL_BYTES: usize = 1 << 20;

/// Bytes of one record at most.
pub const MAX_RECORD_BYTES: usize = 8 << 20;

/// Sheets of a workbook at most.
pub const MAX_SHEETS: usize = 256;

/// Unpacked bytes of a workbook at most. Whoever has less memory gives a smaller limit.
pub const MAX_UNPACKED: u64 = 1 << 30;

/// Rows that a preview shows.
pub const PREVIEW_ROWS: usize = 5;
