//! What a load's columns hold, in brief.

/// A value of a column, as profiles and row rules see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Double(f64),
    /// Text, or a value that the staging relation holds as text: dates, decimals, UUIDs, …
    Text(&'a str),
    /// A list, struct or map.
    Nested,
}
