//! The schema at a version, as clients read it: a document of entity types and fields, and its forms for people, for models and for
//! other tools.
//!
//! The document belongs to a version, and but for descriptions never changes: counts and examples are those of the version's commit.

mod ddl;
mod markdown;
mod osi;
mod relations;
mod statement;

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

pub use ddl::ddl;
pub use markdown::markdown;
pub use osi::osi;
pub(crate) use relations::{AlwaysThere, RELATIONS};
pub use statement::{At, entity_types, fields, pin, read_pin, read_version, version, versions};

/// The schema at a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Schema {
    #[serde(flatten)]
    pub version: Version,
    pub entity_types: Vec<EntityType>,
    pub fields: Vec<Field>,
    /// Items that were left out to fit a limit.
    #[serde(default, skip_serializing_if = "is_none_left_out")]
    pub left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_none_left_out(count: &usize) -> bool {
    *count == 0
}

/// What names a version, and where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Version {
    pub version: i64,
    /// `None` for the first, which is empty.
    #[serde(rename = "parent_version")]
    pub parent: Option<i64>,
    /// UTC, as RFC 3339 has it.
    pub created_at: String,
    /// The last commit that it takes in.
    pub commit_seq: i64,
    /// SHA-256 of the content, in hexadecimal.
    pub content_hash: String,
    /// The load, or the decision, that caused it.
    pub lineage: serde_json::Value,
}

/// A label that a question of an annotated dataset gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct EntityType {
    pub dataset: String,
    pub question: String,
    pub label: String,
    /// `approved`, or `flagged`: it looks like another, and waits for a person.
    pub status: String,
    /// Other names that it has in the data.
    pub aliases: Vec<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// `model:` and its name, or `plain`: made of what stands here, too.
    #[serde(default)]
    pub description_source: Option<String>,
    /// Spans in submitted responses.
    pub occurrence_count: u64,
    pub suggestion_count: u64,
    pub record_count: u64,
    /// About, from 256 on.
    pub document_count: u64,
    pub examples: Vec<String>,
    pub first_seen: String,
    pub last_seen: String,
}

/// A column of a source table of structured data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Field {
    pub source_table: String,
    pub column_name: String,
    pub status: String,
    /// As DuckDB spells it.
    pub data_type: String,
    /// What the values are, where nearly all are of one kind: `imo_number`, `country_code`, …
    #[serde(default)]
    pub meaning: Option<String>,
    pub aliases: Vec<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// `model:` and its name, or `plain`: made of what stands here, too.
    #[serde(default)]
    pub description_source: Option<String>,
    pub nullable: bool,
    /// Rows with a value.
    pub occurrence_count: u64,
    pub null_count: u64,
    /// Different values, about.
    pub distinct_estimate: u64,
    #[serde(default)]
    pub min_value: Option<String>,
    #[serde(default)]
    pub max_value: Option<String>,
    pub examples: Vec<String>,
    pub first_seen: String,
    pub last_seen: String,
}

impl Schema {
    /// The most useful part whose form, as `render` gives it, has at most `max_tokens` tokens; the whole, if it fits.
    ///
    /// What occurs most often is most useful; what is flagged comes last. Of tables, as many columns as fit are kept, of all tables
    /// alike, so that a large register doesn't push out the others.
    #[must_use]
    pub fn within(&self, max_tokens: usize, render: impl Fn(&Self) -> String) -> Self {
        let all = self.entity_types.len() + self.fields.len();
        if tokens(&render(self)) <= max_tokens {
            return self.clone();
        }
        let ranked = self.ranked();
        // The number of items that fit: its form grows with each.
        let (mut fits, mut too_many) = (0, all);
        while fits + 1 < too_many {
            let middle = fits.midpoint(too_many);
            if tokens(&render(&self.keeping(&ranked, middle))) <= max_tokens {
                fits = middle;
            } else {
                too_many = middle;
            }
        }
        self.keeping(&ranked, fits)
    }

    /// Places of items, entity types first, by their use.
    fn ranked(&self) -> Vec<usize> {
        let mut places: Vec<(usize, f64)> = Vec::new();
        for (n, entity) in self.entity_types.iter().enumerate() {
            let peers =
                self.entity_types.iter().filter(|e| (&e.dataset, &e.question) == (&entity.dataset, &entity.question));
            let before = peers.filter(|e| e.occurrence_count > entity.occurrence_count).count();
            places.push((n, rank(before, &entity.status)));
        }
        for (n, field) in self.fields.iter().enumerate() {
            let peers = self.fields.iter().filter(|f| f.source_table == field.source_table);
            let before = peers.filter(|f| usefulness(f) > usefulness(field)).count();
            places.push((self.entity_types.len() + n, rank(before, &field.status)));
        }
        // Stable: among equals in the order of the document.
        places.sort_by(|a, b| a.1.total_cmp(&b.1));
        places.into_iter().map(|(place, _)| place).collect()
    }

    fn keeping(&self, ranked: &[usize], count: usize) -> Self {
        let mut kept: Vec<usize> = ranked.iter().copied().take(count).collect();
        kept.sort_unstable();
        let types = self.entity_types.len();
        let entity_types = kept.iter().filter_map(|&place| self.entity_types.get(place)).cloned().collect();
        let fields = kept.iter().filter_map(|&place| self.fields.get(place.checked_sub(types)?)).cloned().collect();
        let left_out = types + self.fields.len() - kept.len();
        Self { version: self.version.clone(), entity_types, fields, left_out }
    }
}

/// The place among its peers: a flagged item comes after as many again.
fn rank(before: usize, status: &str) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rank")]
    let rank = before as f64;
    if status == "flagged" { rank.mul_add(2.0, 4.0) } else { rank }
}

/// Columns with values in many rows, and of a known kind, are asked for most.
fn usefulness(field: &Field) -> (u64, bool) {
    let rows = field.occurrence_count + field.null_count;
    let tenths = (field.occurrence_count * 10).checked_div(rows).unwrap_or(0);
    (tenths, field.meaning.is_some())
}

/// Models differ; a token is four characters of English, and fewer of identifiers and numbers.
pub(crate) const CHARACTERS_PER_TOKEN: usize = 3;

/// About how many tokens a language model takes a text for.
#[must_use]
pub fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(CHARACTERS_PER_TOKEN)
}

/// Words that DuckDB 1.5.5 doesn't take for a name (`duckdb_keywords()`, the categories `reserved` and `type_function`).
const RESERVED: [&str; 110] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "anti",
    "any",
    "array",
    "as",
    "asc",
    "asof",
    "asymmetric",
    "at",
    "authorization",
    "binary",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "columns",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "default",
    "deferrable",
    "desc",
    "describe",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "generated",
    "glob",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lambda",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "map",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "pivot",
    "pivot_longer",
    "pivot_wider",
    "placing",
    "positional",
    "primary",
    "qualify",
    "references",
    "returning",
    "right",
    "select",
    "semi",
    "show",
    "similar",
    "some",
    "struct",
    "summarize",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "try_cast",
    "union",
    "unique",
    "unpack",
    "unpivot",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

/// A name as SQL has it: in double quotes, unless it's a plain lower-case word that is no keyword.
#[must_use]
pub fn identifier(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && RESERVED.binary_search(&name).is_err();
    if is_plain { name.to_string() } else { quoted(name) }
}

fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    text.push('"');
    for c in name.chars() {
        if c == '"' {
            text.push('"');
        }
        text.push(c);
    }
    text.push('"');
    text
}
