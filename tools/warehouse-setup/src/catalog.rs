//! What is in a database, to tell what a script changed.

use std::collections::BTreeMap;

use living_core::sql::Statement;
use living_warehouse::Warehouse;

/// Things by kind and name, each with a text that changes when it does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Catalog(BTreeMap<String, String>);

/// A kind and a name, and what defines the thing.
const QUERY: &str = "\
SELECT 'table ' || schema_name || '.' || table_name, sql FROM duckdb_tables()
WHERE NOT internal AND NOT temporary AND database_name = current_database()
UNION ALL
SELECT 'view ' || schema_name || '.' || view_name, sql FROM duckdb_views()
WHERE NOT internal AND NOT temporary AND database_name = current_database()
UNION ALL
SELECT 'macro ' || schema_name || '.' || function_name, macro_definition FROM duckdb_functions()
WHERE NOT internal AND function_type LIKE '%macro' AND database_name = current_database()
UNION ALL
SELECT 'index ' || schema_name || '.' || index_name, sql FROM duckdb_indexes()
WHERE database_name = current_database()";

impl Catalog {
    /// # Errors
    /// The warehouse's.
    pub(crate) async fn read(warehouse: &impl Warehouse) -> Result<Self, String> {
        let result = warehouse.run(&Statement::read(QUERY)).await.map_err(|error| error.to_string())?;
        let text = |value: Option<&serde_json::Value>| value.and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        Ok(Self(result.rows.iter().map(|row| (text(row.first()), text(row.get(1)))).collect()))
    }

    /// A line for each thing that is new, changed or gone.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (name, definition) in &self.0 {
            match before.0.get(name) {
                None => changes.push(format!("+ {name}")),
                Some(old) if old != definition => changes.push(format!("~ {name}")),
                Some(_) => {}
            }
        }
        changes.extend(before.0.keys().filter(|name| !self.0.contains_key(*name)).map(|name| format!("- {name}")));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(things: &[(&str, &str)]) -> Catalog {
        Catalog(things.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn what_is_new_changed_or_gone_is_said() {
        let before = catalog(&[("table a", "1"), ("table b", "1"), ("view c", "1")]);
        let after = catalog(&[("table a", "1"), ("table b", "2"), ("view d", "1")]);
        assert_eq!(after.changes_since(&before), ["~ table b", "+ view d", "- view c"]);
        assert!(after.changes_since(&after).is_empty());
    }
}
