//! Statements, and what it means to send one twice.

use alloc::string::String;

/// One SQL statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub text: String,
    pub effect: Effect,
}

/// What a statement does when it runs more than once, or at a later time than its sender thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Read,
    /// It writes, and writing again, even later, changes nothing that anybody relies on.
    Repeatable,
    /// It has to run at most once. If nobody knows whether it ran, what it belongs to has to be given up.
    Once,
}

impl Statement {
    #[must_use]
    pub fn read(text: impl Into<String>) -> Self {
        Self { text: text.into(), effect: Effect::Read }
    }

    #[must_use]
    pub fn repeatable(text: impl Into<String>) -> Self {
        Self { text: text.into(), effect: Effect::Repeatable }
    }

    #[must_use]
    pub fn once(text: impl Into<String>) -> Self {
        Self { text: text.into(), effect: Effect::Once }
    }
}
