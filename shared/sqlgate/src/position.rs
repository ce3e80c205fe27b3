//! Places in SQL text.

use core::fmt;

/// A place in SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 1. A line ends with a line feed, a carriage return, or both.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Position {
    /// The place of a byte; of the end of the text, if it has fewer bytes.
    pub(crate) fn of(sql: &str, at: usize) -> Self {
        let mut position = Self { line: 1, column: 1 };
        let mut before = '\0';
        for (_, c) in sql.char_indices().take_while(|(i, _)| *i < at) {
            match c {
                '\n' if before == '\r' => {}
                '\n' | '\r' => position = Self { line: position.line + 1, column: 1 },
                _ => position.column += 1,
            }
            before = c;
        }
        position
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
