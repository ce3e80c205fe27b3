//! Files as profiled columns, for the command and its tests.

mod table;

pub use table::Table;
