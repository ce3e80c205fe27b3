//! Properties of the catalog's rules, on random contents.

use std::collections::BTreeMap;

use living_core::catalog::{
    ItemKey, ItemKind,
    content::{Change, Compatibility, Content, Definition, apply, diff},
    review::{Action, Decided, Decision, Ruling, rulings},
};
use proptest::prelude::*;
use uuid::Uuid;

fn item() -> impl Strategy<Value = (ItemKey, Definition)> {
    let names = prop_oneof!["[a-c]{1,2}", any::<String>()];
    let types = prop_oneof![Just("BIGINT"), Just("DOUBLE"), Just("VARCHAR"), Just("DATE")];
    (any::<bool>(), "[ab]", names, types, any::<bool>()).prop_map(|(is_field, scope, name, data_type, flagged)| {
        let (kind, question) = if is_field { (ItemKind::Field, "") } else { (ItemKind::EntityType, "entities") };
        let key = ItemKey { kind, scope, question: question.to_owned(), name };
        (key, Definition { data_type: is_field.then(|| data_type.to_owned()), flagged, ..Definition::default() })
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

    #[test]
    fn what_is_undone_holds_no_more_and_what_was_before_holds_again(actions in proptest::collection::vec(action(), 1..12)) {
        let log = log(&actions);
        let undone = [&log[..], &[decided(100, Action::Undo { decision: log[log.len() - 1].commit_seq })]].concat();
        prop_assert_eq!(holding(&undone), holding(&log[..log.len() - 1]));
        let redone = [&undone[..], &[decided(101, Action::Undo { decision: 100 })]].concat();
        prop_assert_eq!(holding(&redone), holding(&log));
    }
}

fn decided(commit_seq: i64, action: Action) -> Decided {
    Decided { commit_seq, decision: Decision { id: Uuid::nil(), by: "ann".to_owned(), reason: String::new(), action } }
}

fn log(actions: &[Action]) -> Vec<Decided> {
    actions.iter().zip(1..).map(|(action, commit_seq)| decided(commit_seq, action.clone())).collect()
}

/// Any decisions, rings of merges and undoings of what isn't there included: rules have to hold for whatever stands in the log.
fn action() -> impl Strategy<Value = Action> {
    let key = || {
        "[a-d]".prop_map(|name| ItemKey {
            kind: ItemKind::EntityType,
            scope: "a".to_owned(),
            question: "entities".to_owned(),
            name,
        })
    };
    prop_oneof![
        (key(), key()).prop_map(|(item, into)| Action::Merge { item, into }),
        key().prop_map(|item| Action::KeepBoth { item, other: None }),
        (key(), "[a-f]").prop_map(|(item, to)| Action::Rename { item, to }),
        key().prop_map(|item| Action::Reject { item }),
        (1i64..12).prop_map(|decision| Action::Undo { decision }),
    ]
}

/// What holds, but for the numbers of the decisions.
fn holding(log: &[Decided]) -> BTreeMap<ItemKey, Ruling> {
    let holding = rulings(log).into_iter().map(|(item, ruling)| (item, Ruling { decision: 0, ..ruling }));
    holding.filter(|(_, ruling)| *ruling != Ruling::default()).collect()
}
