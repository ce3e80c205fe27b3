//! What a version of the schema says, and how two versions differ.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use super::{ItemKey, ItemKind, data_type::holds};
use crate::profile::Meaning;

/// What the schema says of an entity type or a field. Counts, times and descriptions are no part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// As DuckDB spells it; `None` for an entity type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub data_type: Option<String>,
    /// What the values of a field are, where nearly all are of one kind.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meaning: Option<Meaning>,
    /// The names that it has in the data, its own first; empty if that is the only one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub names: Vec<String>,
    /// It looks like another item, and nobody has decided yet.
    #[serde(skip_serializing_if = "is_false", default)]
    pub flagged: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The schema at a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content(pub BTreeMap<ItemKey, Definition>);

/// What happened to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub change: ChangeKind,
    pub compatibility: Compatibility,
    #[serde(flatten)]
    pub item: ItemKey,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Definition>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Definition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    /// No visible load holds it any more.
    Removed,
    TypeChanged,
    /// The values seem to be of another kind than before.
    MeaningChanged,
    /// It has other names in the data than before.
    NamesChanged,
    /// Only whether it's flagged.
    Reviewed,
}

/// What a change means for a query that worked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compatibility {
    /// It still means the same.
    Additive,
    /// It finds the same values, in a type that holds more.
    Widening,
    /// It may fail, or mean something else.
    Breaking,
}

impl Change {
    /// `None` if nothing changed.
    #[must_use]
    pub fn between(item: &ItemKey, before: Option<&Definition>, after: Option<&Definition>) -> Option<Self> {
        let (change, compatibility) = match (before, after) {
            (None, None) => return None,
            (Some(before), Some(after)) if before == after => return None,
            (None, Some(_)) => (ChangeKind::Added, Compatibility::Additive),
            (Some(_), None) => (ChangeKind::Removed, Compatibility::Breaking),
            (Some(before), Some(after)) => kind_of_change(before, after),
        };
        Some(Self { change, compatibility, item: item.clone(), before: before.cloned(), after: after.cloned() })
    }
}

/// What changed most, of two definitions that differ.
fn kind_of_change(before: &Definition, after: &Definition) -> (ChangeKind, Compatibility) {
    if before.data_type != after.data_type {
        let widens = before.data_type.as_deref().zip(after.data_type.as_deref()).is_some_and(|(b, a)| holds(a, b));
        (ChangeKind::TypeChanged, if widens { Compatibility::Widening } else { Compatibility::Breaking })
    } else if before.meaning != after.meaning {
        // That nearly all values turned out to be of a kind is news; that they no longer are may break what was built on it.
        let is_news = before.meaning.is_none();
        (ChangeKind::MeaningChanged, if is_news { Compatibility::Additive } else { Compatibility::Breaking })
    } else if before.names != after.names {
        let loses = before.names.iter().any(|name| !after.names.contains(name)) && !after.names.is_empty();
        (ChangeKind::NamesChanged, if loses { Compatibility::Breaking } else { Compatibility::Additive })
    } else {
        (ChangeKind::Reviewed, Compatibility::Additive)
    }
}

/// What leads from one content to another, in the order of the items.
#[must_use]
pub fn diff(from: &Content, to: &Content) -> Vec<Change> {
    let mut items: Vec<&ItemKey> = from.0.keys().chain(to.0.keys()).collect();
    items.sort_unstable();
    items.dedup();
    items.into_iter().filter_map(|item| Change::between(item, from.0.get(item), to.0.get(item))).collect()
}

/// Carries changes out. `apply(&diff(a, b), a)` is `b`.
#[must_use]
pub fn apply(changes: &[Change], content: &Content) -> Content {
    let mut content = content.clone();
    for change in changes {
        match &change.after {
            Some(definition) => content.0.insert(change.item.clone(), definition.clone()),
            None => content.0.remove(&change.item),
        };
    }
    content
}

/// The form in which snapshots keep a content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    entity_types: Vec<EntityType>,
    fields: Vec<Field>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntityType {
    dataset: String,
    question: String,
    label: String,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    names: Vec<String>,
    #[serde(skip_serializing_if = "is_false", default)]
    flagged: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    source_table: String,
    column: String,
    #[serde(rename = "type")]
    data_type: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    meaning: Option<Meaning>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    names: Vec<String>,
    #[serde(skip_serializing_if = "is_false", default)]
    flagged: bool,
}

impl Content {
    /// Reads what a snapshot keeps.
    ///
    /// # Errors
    /// Where it isn't such a document.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let types = document.entity_types.into_iter().map(|entity| {
            let key = ItemKey {
                kind: ItemKind::EntityType,
                scope: entity.dataset,
                question: entity.question,
                name: entity.label,
            };
            (key, Definition { names: entity.names, flagged: entity.flagged, ..Definition::default() })
        });
        let fields = document.fields.into_iter().map(|field| {
            let Field { source_table: scope, column: name, data_type, meaning, names, flagged } = field;
            let key = ItemKey { kind: ItemKind::Field, scope, question: String::new(), name };
            (key, Definition { data_type: Some(data_type), meaning, names, flagged })
        });
        Ok(Self(types.chain(fields).collect()))
    }

    /// The canonical JSON: the same content has the same text, whatever the order in which its items came.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut document = Document { entity_types: Vec::new(), fields: Vec::new() };
        for (key, definition) in &self.0 {
            let Definition { data_type, meaning, names, flagged } = definition.clone();
            match key.kind {
                ItemKind::EntityType => document.entity_types.push(EntityType {
                    dataset: key.scope.clone(),
                    question: key.question.clone(),
                    label: key.name.clone(),
                    names,
                    flagged,
                }),
                ItemKind::Field => document.fields.push(Field {
                    source_table: key.scope.clone(),
                    column: key.name.clone(),
                    data_type: data_type.unwrap_or_default(),
                    meaning,
                    names,
                    flagged,
                }),
            }
        }
        // Strings and lists always have a JSON text.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> ItemKey {
        ItemKey { kind: ItemKind::Field, scope: "registers".into(), question: String::new(), name: name.into() }
    }

    fn typed(data_type: &str) -> Definition {
        Definition { data_type: Some(data_type.into()), ..Definition::default() }
    }

    #[test]
    fn a_change_says_what_it_means_for_queries() {
        let means = |before: Option<&str>, after: Option<&str>| {
            Change::between(&field("imo"), before.map(typed).as_ref(), after.map(typed).as_ref())
                .map(|c| c.compatibility)
        };
        assert_eq!(means(None, Some("BIGINT")), Some(Compatibility::Additive));
        assert_eq!(means(Some("BIGINT"), Some("VARCHAR")), Some(Compatibility::Widening));
        assert_eq!(means(Some("VARCHAR"), Some("BIGINT")), Some(Compatibility::Breaking));
        assert_eq!(means(Some("BIGINT"), None), Some(Compatibility::Breaking));
        assert_eq!(means(Some("BIGINT"), Some("BIGINT")), None);
    }

    #[test]
    fn a_content_survives_being_written_and_read() {
        let mut flagged = typed("DOUBLE");
        flagged.flagged = true;
        let content = Content([(field("imo"), typed("BIGINT")), (field("a \"b\"\n"), flagged)].into());
        assert_eq!(Content::parse(&content.canonical()), Ok(content));
        assert_eq!(Content::default().canonical(), r#"{"entity_types":[],"fields":[]}"#);
    }
}
