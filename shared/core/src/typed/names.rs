//! Names that DuckDB can tell apart.

use alloc::{borrow::ToOwned, collections::BTreeSet, format, string::String, vec::Vec};

use super::UNNAMED;

/// Names for what is called `names`, in this order. DuckDB ignores the case of ASCII letters, and knows no empty name. The first keeps
/// its name; a later one that DuckDB would take for it gets `_2`, `_3`, … . `reserved` names are given to none. A name never depends on
/// what comes after it.
#[must_use]
pub fn distinct_identifiers<'a>(names: impl IntoIterator<Item = &'a str>, reserved: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = reserved.iter().map(|name| name.to_ascii_lowercase()).collect();
    let mut distinct = |name: &str| {
        // As `sql::identifier` writes it.
        let name = if name.is_empty() { UNNAMED.to_owned() } else { name.replace('\0', "\u{fffd}") };
        let mut candidate = name.clone();
        let mut n = 2u32;
        while !taken.insert(candidate.to_ascii_lowercase()) {
            candidate = format!("{name}_{n}");
            n += 1;
        }
        candidate
    };
    names.into_iter().map(&mut distinct).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_keeps_its_name() {
        let names = ["Flag", "flag", "FLAG", "flag_2", "", "_unnamed", "a\0", "a\u{fffd}", "É", "é"];
        assert_eq!(
            distinct_identifiers(names, &["_row_no"]),
            ["Flag", "flag_2", "FLAG_3", "flag_2_2", "_unnamed", "_unnamed_2", "a\u{fffd}", "a\u{fffd}_2", "É", "é"]
        );
        assert_eq!(distinct_identifiers(["_ROW_NO"], &["_row_no"]), ["_ROW_NO_2"]);
    }

    proptest! {
        #[test]
        fn no_two_are_equal_and_what_comes_later_changes_nothing(
            names in proptest::collection::vec(prop_oneof!["[aA_2]{0,3}", any::<String>()], 0..20),
            cut in any::<prop::sample::Index>(),
        ) {
            let given = distinct_identifiers(names.iter().map(String::as_str), &["_a"]);
            let folded: BTreeSet<String> = given.iter().map(|name| name.to_ascii_lowercase()).collect();
            prop_assert_eq!(folded.len(), names.len());
            prop_assert!(!folded.contains("_a") && !folded.contains(""));
            let cut = cut.index(names.len() + 1);
            let before = distinct_identifiers(names[..cut].iter().map(String::as_str), &["_a"]);
            prop_assert_eq!(&given[..cut], &before[..]);
        }
    }
}
