//! The catalog: which entity types and fields the committed loads hold, and what the schema was at each version.
//!
//! Discovery folds the commit log into the catalog, one commit by one, in their order. A commit is of a load, of a retraction, or of a
//! person's [decision](review). What it changes is a pure function of the catalog before it, of the load's profiles and of the
//! decisions so far ([`fold`]), so that folding the whole log into an empty catalog gives the same versions again. The items that a
//! commit touches are kept as they are after it, in one statement with the commit's number as its key ([`log`]): any number of runs at
//! once give the result of one.
//!
//! An [`Item`] is what the data has: a label, or a column, under the name that the data gives it. What the schema has is a
//! [`Definition`](content::Definition) under a canonical name. Most often that is the item's own; a merge or a rename makes it another,
//! and items of one scope with one canonical name are one definition.

pub mod content;
pub mod data_type;
pub mod embeddings;
pub mod fold;
pub mod health;
pub mod log;
pub mod review;
mod totals;

use alloc::string::String;

use serde::{Deserialize, Serialize};

use review::{Ruling, Verdict};
pub use totals::{EntityTotals, FieldTotals, Totals};

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

/// What names an item, or a definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemKey {
    pub kind: ItemKind,
    /// The annotated dataset, or the source table.
    pub scope: String,
    /// The question; empty for a field.
    #[serde(default)]
    pub question: String,
    /// Of an item the label or the column's name, as the data has it; of a definition the canonical name.
    pub name: String,
}

impl ItemKey {
    /// The key with another name.
    #[must_use]
    pub fn named(&self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self.clone() }
    }
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It's part of the schema: nothing like it was there, or a person said so.
    Approved,
    /// It looks like an item that was there before. It's part of the schema, and waits for a person.
    Flagged,
    /// It came when the schema changed too often. It's no part of the schema until that is over, or a person says so.
    Waiting,
    /// A person said that it's no part of the schema.
    Rejected,
}

impl Status {
    /// As the catalog's tables have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Flagged => "flagged",
            Self::Waiting => "waiting",
            Self::Rejected => "rejected",
        }
    }
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
    /// Without regard to what persons decided: see [`Item::status`].
    pub status: Status,
    /// What persons decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ruling: Option<Ruling>,
    pub totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub similar: Option<Similar>,
}

impl Item {
    /// Where the item stands: as a person decided, else as it was found.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.ruling.as_ref().and_then(|ruling| ruling.verdict.as_ref()) {
            Some(Verdict::Kept | Verdict::Merged { .. }) => Status::Approved,
            Some(Verdict::Rejected) => Status::Rejected,
            None => self.status,
        }
    }

    /// What the schema calls the item, if not by its own name.
    #[must_use]
    pub fn other_name(&self) -> Option<&str> {
        self.ruling.as_ref()?.canonical.as_deref()
    }

    /// What names the definition that the item belongs to.
    #[must_use]
    pub fn canonical(&self) -> ItemKey {
        self.other_name().map_or_else(|| self.key.clone(), |name| self.key.named(name))
    }

    /// Whether the schema has it: a visible load holds it, and it isn't held back.
    #[must_use]
    pub fn is_in_schema(&self) -> bool {
        self.totals.is_present() && matches!(self.status(), Status::Approved | Status::Flagged)
    }
}
