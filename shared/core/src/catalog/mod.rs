//! The catalog: which entity types and fields the committed loads hold, and what the schema was at each version.
//!
//! Discovery folds commits into the catalog one by one, in their order. What a commit changes is a pure function of the catalog before
//! it and of the commit's profiles ([`fold`]), so that folding the whole log into an empty catalog gives the same versions again. The
//! items that a commit touches are kept as they are after it, in one statement with the commit's number as its key ([`log`]): any
//! number of runs at once give the result of one.

pub mod content;
pub mod data_type;
pub mod fold;
pub mod log;
mod totals;

use alloc::string::String;

use serde::{Deserialize, Serialize};

pub use totals::{EntityTotals, FieldTotals, Totals};

use content::Definition;

/// What an item of the catalog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A label that a question of an annotated dataset gives.
    EntityType,
    /// A column of a source table of structured data.
    Field,
}

impl ItemKind {
    /// As the catalog's tables have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EntityType => "entity_type",
            Self::Field => "field",
        }
    }
}

/// What names an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemKey {
    pub kind: ItemKind,
    /// The annotated dataset, or the source table.
    pub scope: String,
    /// The question; empty for a field.
    pub question: String,
    /// The label, or the column's name, as the data has it.
    pub name: String,
}

/// Whether a person has to look at an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing like it was there.
    Approved,
    /// It looks like an item that was there before.
    Flagged,
}

/// The item that a new one looks like, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Similar {
    pub item: ItemKey,
    /// From 0 to 1, as [`similarity`](crate::similarity) gives it.
    pub score: f64,
    pub reason: String,
}

/// An item, as it is after a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub key: ItemKey,
    pub status: Status,
    pub totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub similar: Option<Similar>,
}

impl Item {
    /// What the schema says of the item; `None` if no visible load holds it.
    #[must_use]
    pub fn definition(&self) -> Option<Definition> {
        self.totals
            .is_present()
            .then(|| Definition { data_type: self.totals.data_type(), flagged: self.status == Status::Flagged })
    }
}
