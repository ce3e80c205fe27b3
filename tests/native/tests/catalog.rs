//! Properties of the catalog's rules, on random contents.

use std::collections::BTreeMap;

use living_core::catalog::{
    ItemKey, ItemKind,
    content::{Change, Compatibility, Content, Definition, apply, diff},
};
use proptest::prelude::*;

fn item() -> impl Strategy<Value = (ItemKey, Definition)> {
    let names = prop_oneof!["[a-c]{1,2}", any::<String>()];
    let types = prop_oneof![Just("BIGINT"), Just("DOUBLE"), Just("VARCHAR"), Just("DATE")];
    (any::<bool>(), "[ab]", names, types, any::<bool>()).prop_map(|(is_field, scope, name, data_type, flagged)| {
        let (kind, question) = if is_field { (ItemKind::Field, "") } else { (ItemKind::EntityType, "entities") };
        let key = ItemKey { kind, scope, question: question.to_owned(), name };
        (key, Definition { data_type: is_field.then(|| data_type.to_owned()), flagged })
    })
}

fn items() -> impl Strategy<Value = Vec<(ItemKey, Definition)>> {
    proptest::collection::vec(item(), 0..12)
}

fn content(items: &[(ItemKey, Definition)]) -> Content {
    Content(items.iter().cloned().collect::<BTreeMap<_, _>>())
}

proptest! {
    #[test]
    fn a_diff_leads_from_one_content_to_the_other(a in items(), b in items()) {
        let (a, b) = (content(&a), content(&b));
        prop_assert_eq!(apply(&diff(&a, &b), &a), b);
    }

    #[test]
    fn a_diff_survives_being_written_and_read(a in items(), b in items()) {
        let changes = diff(&content(&a), &content(&b));
        let text = serde_json::to_string(&changes).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<Change>>(&text).unwrap(), changes);
    }

    #[test]
    fn the_canonical_text_is_blind_to_order_and_loses_nothing(items in items().prop_shuffle()) {
        let content = content(&items);
        let text = content.canonical();
        prop_assert_eq!(Content::parse(&text), Ok(content.clone()));
        let mut backwards: Vec<_> = content.0.into_iter().collect();
        backwards.reverse();
        prop_assert_eq!(Content(backwards.into_iter().collect()).canonical(), text);
    }

    #[test]
    fn what_is_only_added_breaks_nothing(a in items(), b in items()) {
        let before = content(&a);
        let mut after = before.clone();
        for (key, definition) in b {
            after.0.entry(key).or_insert(definition);
        }
        prop_assert!(diff(&before, &after).iter().all(|change| change.compatibility == Compatibility::Additive));
    }
}
