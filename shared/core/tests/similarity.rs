//! Properties of the comparison of names, over any Unicode text and over text that looks like names.

use living_core::similarity::{Column, Context, DUPLICATE, Index, Name, Options, Verdict, compare};
use proptest::prelude::*;

/// Text made of the parts that rules look for.
fn name_like() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "vessel",
        "ship",
        "name",
        "Name",
        "owner",
        "Owners",
        "no",
        "number",
        "#",
        "of",
        "or",
        "at",
        "in",
        "(m)",
        "(if any)",
        "m",
        "ft",
        "km",
        "/h",
        "IMO",
        "IRCS",
        "LOAm",
        "type",
        "shipname",
        "start",
        "end",
        "2",
        "02",
        "tel",
        "telephone",
        "adress",
        "address",
        "count",
        "gross",
        "tonnage",
        "GT",
        "date",
        "é",
        "ß",
        "名前",
        "_",
        " ",
        "-",
        ".",
        "kW",
        "horse",
        "power",
        "s",
        "(s)",
    ]);
    prop::collection::vec(parts, 0..7).prop_map(|parts| parts.concat())
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![name_like(), "[a-zA-Z_ ]{0,24}", any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn comparing_is_symmetric_and_scores_are_from_0_to_1(a in any_name(), b in any_name()) {
        let (a, b) = (Name::new(&a), Name::new(&b));
        let comparison = compare(&a, &b);
        prop_assert_eq!(&comparison, &compare(&b, &a));
        prop_assert!((0.0..=1.0).contains(&comparison.score));
        prop_assert_eq!(comparison.score >= DUPLICATE, comparison.verdict == Verdict::Duplicate);
        prop_assert!(!comparison.reason.is_empty());
    }

    #[test]
    fn a_name_is_itself(a in any_name()) {
        prop_assume!(!a.trim().is_empty());
        prop_assert!(compare(&Name::new(&a), &Name::new(&a)).score >= 1.0);
    }

    #[test]
    fn case_does_not_tell_separated_words_apart(words in prop::collection::vec("[a-z]{3,9}", 1..5)) {
        let (snake, upper) = (words.join("_"), words.join(" ").to_uppercase());
        prop_assert_eq!(compare(&Name::new(&snake), &Name::new(&upper)).verdict, Verdict::Duplicate);
    }

    #[test]
    fn any_table_is_a_context(table in any::<String>(), columns in prop::collection::vec(any_name(), 0..8)) {
        let context = Context::of_table(&table, columns.iter().map(String::as_str));
        for column in columns.iter().filter(|column| !column.trim().is_empty()) {
            let name = Name::in_table(column, &context);
            prop_assert!(compare(&name, &name).score >= 1.0);
        }
    }

    #[test]
    fn the_index_finds_what_comparing_all_pairs_finds(names in prop::collection::vec(name_like(), 0..12), new in name_like()) {
        let mut index = Index::new(Options::default());
        for (i, name) in names.iter().enumerate() {
            index.insert(i, Name::new(name), None);
        }
        let new = Name::new(&new);
        let is_duplicate = |i: &usize| compare(&Name::new(&names[*i]), &new).verdict == Verdict::Duplicate;
        let expected: Vec<usize> = (0..names.len()).filter(is_duplicate).collect();
        let found = index.find(Column { name: &new, profile: None });
        let mut found: Vec<usize> =
            found.into_iter().filter(|f| f.comparison.verdict == Verdict::Duplicate).map(|f| f.id).collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
