//! Typed views: one per source table of structured data, with a column per field of the catalog.
//!
//! A view shows exactly the rows of `structured_data` of its source, at all times. Behind it stands a derived table with the same
//! values, typed, as reading JSON is many times slower. The table is filled load by load. The view reads from JSON whatever the table
//! doesn't hold, so the table may lag, be empty, or be dropped by anybody at any time.
//!
//! What belongs to a definition is named by its digest and never changes; a changed definition has other objects:
//!
//! | object | is |
//! | --- | --- |
//! | `derived."ships d1ge57"` | the derived table. `fill` is the load's id in one row of each load, NULL in all others: as it's unique, a load is filled once, and that row comes and goes with the others, in one statement |
//! | `main."ships d1ge57"` | an empty view, which stands in for the table |
//! | `derived."ships d1ge57 rows"` | the table, or what stands in for it: DuckDB looks an unqualified name in a view up in the view's own schema, then in `main` |
//! | `typed."ships"` | what analysts read. The last alias in its text is its digest |

mod cast;
mod names;
mod state;
mod table;
mod view;

use alloc::{format, string::String, vec::Vec};

use serde::Deserialize;
use uuid::Uuid;

use crate::sql;

pub use names::distinct_identifiers;
pub use state::{FillState, Named, ObjectState, fields, fill_state, objects, read_field, sources, view_names};
pub use table::{create_stand_in, create_table, delete_invisible, drop_objects, fill, give_up};
pub use view::{create_view, drop_view, select, select_from_json};

/// Columns of every typed view, after those of the data: where a row comes from.
pub const PROVENANCE: [&str; 3] = ["_load_id", "_row_no", "_batch_id"];

/// What a view that has no name of its own is called, and a column.
const UNNAMED: &str = "_unnamed";

/// Hexadecimal digits of a digest that stand in the names of objects: 128 bits, which nobody finds twice.
const DIGITS_IN_NAMES: usize = 32;

/// A field of a source table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TypedField {
    /// The canonical name.
    pub name: String,
    /// As DuckDB spells it. `None`: no visible load holds the field. It keeps its name, and has no column.
    pub data_type: Option<String>,
    /// The columns of the data whose values it shows: of each row the first that isn't NULL.
    pub columns: Vec<String>,
}

/// What a typed view shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    source: String,
    digest: Digest,
    columns: Vec<TypedColumn>,
}

/// A column of a typed view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedColumn {
    /// Its name in the view.
    pub name: String,
    pub field: TypedField,
    data_type: cast::SqlType,
}

/// SHA-256 of a definition, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(String);

impl Digest {
    /// `None` if it isn't one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digest = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_digest.then(|| Self(text.into()))
    }

    /// Of definitions that have no objects.
    #[must_use]
    pub fn none() -> Self {
        Self("0".repeat(64))
    }

    fn in_names(&self) -> &str {
        self.0.get(..DIGITS_IN_NAMES).unwrap_or(&self.0)
    }

    /// The alias at the end of a view's text.
    fn alias(&self) -> String {
        format!("d_{}", self.0)
    }
}

impl Definition {
    /// `fields`: all that were ever seen, in the order in which they were, so that a name once given stays. They have to be those of
    /// `named`.
    #[must_use]
    pub fn new(named: &Named, fields: Vec<TypedField>) -> Self {
        let view_names = distinct_identifiers(fields.iter().map(|field| field.name.as_str()), &PROVENANCE);
        let columns = view_names
            .into_iter()
            .zip(fields)
            .filter_map(|(name, field)| {
                let data_type = cast::SqlType::of(field.data_type.as_deref()?);
                Some(TypedColumn { name, field, data_type })
            })
            .collect();
        Self { source: named.source.clone(), digest: named.digest.clone(), columns }
    }

    /// The source table.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The columns of the data.
    #[must_use]
    pub fn columns(&self) -> &[TypedColumn] {
        &self.columns
    }

    fn objects(&self) -> Objects {
        Objects::new(&self.source, &self.digest)
    }
}

impl TypedColumn {
    /// The column's type in the view, as DuckDB spells it.
    #[must_use]
    pub fn data_type(&self) -> String {
        self.data_type.name()
    }
}

/// The names of a definition's objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objects {
    /// Of the derived table and what stands in for it.
    pub table: String,
}

impl Objects {
    #[must_use]
    pub fn new(source: &str, digest: &Digest) -> Self {
        Self { table: format!("{source} {}", digest.in_names()) }
    }

    fn derived_table(&self) -> String {
        format!("derived.{}", sql::identifier(&self.table))
    }

    fn stand_in(&self) -> String {
        format!("main.{}", sql::identifier(&self.table))
    }

    fn rows(&self) -> String {
        format!("derived.{}", sql::identifier(&format!("{} rows", self.table)))
    }
}

/// The loads that a derived table holds. The comparison is true for every id; with it the unique column's index is read, not the table.
fn held_loads(rows: &str) -> String {
    format!("SELECT fill AS load_id FROM {rows} WHERE fill >= {}", sql::Literal::Uuid(Uuid::nil()))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn field(name: &str, data_type: Option<&str>) -> TypedField {
        TypedField { name: name.into(), data_type: data_type.map(Into::into), columns: vec![name.into()] }
    }

    #[test]
    fn a_field_that_no_load_holds_keeps_its_name_and_has_no_column() {
        let fields = vec![field("Flag", None), field("flag", Some("VARCHAR")), field("_row_no", Some("BIGINT"))];
        let named = Named { source: "ships".into(), digest: Digest::parse(&"ab".repeat(32)).unwrap(), at_commit: 1 };
        let definition = Definition::new(&named, fields);
        let columns: Vec<&str> = definition.columns().iter().map(|column| column.name.as_str()).collect();
        assert_eq!(columns, ["flag_2", "_row_no_2"]);
    }

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        assert_eq!(Digest::parse(&"AB".repeat(32)), None);
        assert_eq!(Digest::parse("ab"), None);
    }
}
