//! What a query reads, and so what can matter to it.

use alloc::{
    collections::BTreeSet,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use crate::catalog::{
    ItemKind,
    content::{Change, ChangeKind},
};

/// What a query reads. It may name more than is read, never less.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Reads {
    /// Relations that are there whatever the schema, such as `annotations`.
    pub relations: BTreeSet<String>,
    /// Source tables whose typed views are read.
    pub sources: BTreeSet<String>,
    /// Names that may be those of columns, in lower case.
    pub columns: BTreeSet<String>,
    /// It reads columns that it doesn't name, as `*` does.
    pub every_column: bool,
}

/// Rows of the landing tables, those of all sources or of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowsOf {
    /// `raw_documents`, `annotations` or `structured_data`.
    pub dataset: &'static str,
    pub source: Option<String>,
}

const MENTIONS: &str = "entity_mentions";
const ENTITY_TYPES: &str = "entity_types";
const FIELDS: &str = "field_definitions";

/// The rows that each relation is made of.
const MADE_OF: [(&str, &str); 6] = [
    ("raw_documents", "raw_documents"),
    ("annotations", "annotations"),
    (MENTIONS, "annotations"),
    (ENTITY_TYPES, "annotations"),
    ("structured_data", "structured_data"),
    (FIELDS, "structured_data"),
];

impl Reads {
    /// The rows that the query's result depends on.
    #[must_use]
    pub fn rows(&self) -> BTreeSet<RowsOf> {
        let whole = MADE_OF.iter().filter(|(relation, _)| self.relations.contains(*relation));
        let whole = whole.map(|(_, dataset)| RowsOf { dataset, source: None });
        let typed = self.sources.iter();
        whole.chain(typed.map(|source| RowsOf { dataset: "structured_data", source: Some(source.clone()) })).collect()
    }

    /// Whether entity types of the schema can matter to the query.
    #[must_use]
    pub fn has_entity_types(&self) -> bool {
        [MENTIONS, ENTITY_TYPES].iter().any(|relation| self.relations.contains(*relation))
    }

    /// Whether all fields of the schema can matter to the query, and not only those of its source tables.
    #[must_use]
    pub fn has_all_fields(&self) -> bool {
        self.relations.contains(FIELDS)
    }

    /// Whether a change of the schema can change the query's result, or whether it runs.
    #[must_use]
    pub fn can_be_affected_by(&self, change: &Change) -> bool {
        let lists = |catalog: &str| self.relations.contains(catalog);
        match change.item.kind {
            // Mentions show labels by the names that the schema has for them; whether one is flagged they don't show.
            ItemKind::EntityType => {
                lists(ENTITY_TYPES)
                    || (lists(MENTIONS) && matters_to_rows(change) && change.change != ChangeKind::Added)
            }
            ItemKind::Field => {
                lists(FIELDS)
                    || (self.sources.contains(&change.item.scope)
                        && matters_to_rows(change)
                        && (self.every_column || self.names(&change.item.name)))
            }
        }
    }

    /// Whether the query may name a column of this name, or of one that was made different by a number.
    fn names(&self, column: &str) -> bool {
        let column = column.to_ascii_lowercase();
        let is_numbered = |name: &str| {
            name.strip_prefix(column.as_str())
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let unnamed = column.is_empty().then(|| "_unnamed".to_string());
        self.columns.iter().any(|name| *name == column || Some(name) == unnamed.as_ref() || is_numbered(name))
    }
}

/// Whether rows of data can show a change; the catalog's relations show each.
fn matters_to_rows(change: &Change) -> bool {
    match change.change {
        ChangeKind::Added | ChangeKind::Removed | ChangeKind::TypeChanged | ChangeKind::NamesChanged => true,
        // A type or names may have changed with it: the kind is that of the greatest change.
        ChangeKind::MeaningChanged => {
            let parts = |definition: &Option<crate::catalog::content::Definition>| {
                definition.as_ref().map(|definition| (definition.data_type.clone(), definition.names.clone()))
            };
            parts(&change.before) != parts(&change.after)
        }
        ChangeKind::Reviewed => false,
    }
}

/// The changes that can affect a query, and how many there are of others.
#[must_use]
pub fn affecting(reads: &Reads, changes: Vec<Change>) -> (Vec<Change>, usize) {
    let all = changes.len();
    let affecting: Vec<Change> = changes.into_iter().filter(|change| reads.can_be_affected_by(change)).collect();
    let others = all - affecting.len();
    (affecting, others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{ItemKey, content::Definition};

    fn field(scope: &str, name: &str, change: (Option<&str>, Option<&str>)) -> Change {
        let definition = |data_type: &str| Definition { data_type: Some(data_type.into()), ..Definition::default() };
        let key = ItemKey { kind: ItemKind::Field, scope: scope.into(), question: String::new(), name: name.into() };
        Change::between(&key, change.0.map(definition).as_ref(), change.1.map(definition).as_ref()).unwrap()
    }

    fn label(change: (Option<&[&str]>, Option<&[&str]>)) -> Change {
        let definition = |names: &[&str]| Definition {
            names: names.iter().map(|name| (*name).into()).collect(),
            ..Definition::default()
        };
        let key = ItemKey {
            kind: ItemKind::EntityType,
            scope: "calls".into(),
            question: "entities".into(),
            name: "vessel".into(),
        };
        Change::between(&key, change.0.map(definition).as_ref(), change.1.map(definition).as_ref()).unwrap()
    }

    fn reads(relations: &[&str], sources: &[&str], columns: &[&str], every_column: bool) -> Reads {
        let set = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        Reads { relations: set(relations), sources: set(sources), columns: set(columns), every_column }
    }

    #[test]
    fn a_column_matters_to_those_who_read_it() {
        let retyped = field("register", "Flag", (Some("BIGINT"), Some("VARCHAR")));
        let added = field("register", "owner", (None, Some("VARCHAR")));
        let named = reads(&[], &["register"], &["flag", "n"], false);
        assert!(named.can_be_affected_by(&retyped) && !named.can_be_affected_by(&added));
        let all = reads(&[], &["register"], &[], true);
        assert!(all.can_be_affected_by(&retyped) && all.can_be_affected_by(&added));
        assert!(
            reads(&[], &["register"], &["flag_2"], false).can_be_affected_by(&retyped),
            "of two that differ in case"
        );
        assert!(!reads(&[], &["fleet"], &["flag"], true).can_be_affected_by(&retyped), "another table");
        assert!(!reads(&["structured_data"], &[], &["flag"], true).can_be_affected_by(&retyped), "JSON stays as it is");
        assert!(reads(&["field_definitions"], &[], &[], false).can_be_affected_by(&added));
    }

    #[test]
    fn names_of_labels_matter_to_mentions_and_not_to_annotations() {
        let merged = label((Some(&["vessel"]), Some(&["vessel", "ship"])));
        let added = label((None, Some(&[])));
        let mentions = reads(&["entity_mentions"], &[], &[], false);
        assert!(mentions.can_be_affected_by(&merged));
        assert!(!mentions.can_be_affected_by(&added), "a new label comes with a load");
        assert!(reads(&["entity_types"], &[], &[], false).can_be_affected_by(&added));
        assert!(!reads(&["annotations"], &[], &[], true).can_be_affected_by(&merged));
    }

    #[test]
    fn rows_are_those_of_all_relations() {
        let rows = reads(&["entity_mentions", "annotations"], &["fleet"], &[], false).rows();
        let source = RowsOf { dataset: "structured_data", source: Some("fleet".into()) };
        assert_eq!(rows, [RowsOf { dataset: "annotations", source: None }, source].into());
    }
}
