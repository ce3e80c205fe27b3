//! Finding the few catalogued names that are worth a comparison.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use twox_hash::XxHash64;

use super::{
    Column, Comparison, Kind, Name, Verdict, columns_with,
    judge::Options,
    name::{Role, Word},
    relation::may_be_contraction,
    words::{self, Representation},
};
use crate::profile::ColumnProfile;

/// Hashes of a column's values under which it's filed. Two columns that are matched by their values alone share a third of them, and
/// with it one of so many hashes in all but one of a thousand cases (e to the power of -24/3).
const MINIMA: usize = 24;

/// Words in a row whose initials may be an acronym.
const MAX_INITIALS: usize = 6;

/// Fewest letters of short forms written together: three of the first, and `id`.
const MIN_GLUED: usize = 5;

/// Catalogued columns or entity types by what makes two of them candidates, so that a new one is compared with few.
///
/// Every rule that can make names one has its keys here: equal keys, words, beginnings of words (short forms and typos keep the first
/// two letters), contractions by their first letter, compounds by their parts, acronyms by their initials, values by scheme and by the
/// minima of their sketches. What is found doesn't depend on the order of insertion.
#[derive(Debug, Clone)]
pub struct Index<K> {
    options: Options,
    items: Vec<Item<K>>,
    postings: BTreeMap<u64, Vec<usize>>,
}

#[derive(Debug, Clone)]
struct Item<K> {
    id: K,
    name: Name,
    profile: Option<ColumnProfile>,
}

/// A catalogued item that is a duplicate of the one looked up, or may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<K> {
    pub id: K,
    pub comparison: Comparison,
}

impl<K: Clone + Ord> Index<K> {
    #[must_use]
    pub const fn new(options: Options) -> Self {
        Self { options, items: Vec::new(), postings: BTreeMap::new() }
    }

    /// Files an item under its name and the profile of its values, if it has one. Several with one `id` are several items: the aliases
    /// of one column.
    pub fn insert(&mut self, id: K, name: Name, profile: Option<ColumnProfile>) {
        let item = self.items.len();
        let filed: BTreeSet<u64> = Keys::of(&name, profile.as_ref()).filed.into_iter().collect();
        for key in filed {
            self.postings.entry(key).or_default().push(item);
        }
        self.items.push(Item { id, name, profile });
    }

    #[must_use]
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items that are duplicates of a column, or in doubt: best first, then by `id`.
    #[must_use]
    pub fn find(&self, column: Column<'_>) -> Vec<Found<K>> {
        let compare = |item: &Item<K>| {
            let other = Column { name: &item.name, profile: item.profile.as_ref() };
            let comparison = columns_with(&self.options, column, other);
            (comparison.verdict != Verdict::Different).then(|| Found { id: item.id.clone(), comparison })
        };
        let mut found: Vec<Found<K>> =
            self.candidates(column).into_iter().filter_map(|item| self.items.get(item).and_then(compare)).collect();
        found.sort_by(|a, b| {
            b.comparison
                .score
                .total_cmp(&a.comparison.score)
                .then_with(|| a.id.cmp(&b.id))
                .then_with(|| a.comparison.reason.cmp(&b.comparison.reason))
        });
        found
    }

    /// How many items a column is compared with.
    #[must_use]
    pub fn candidate_count(&self, column: Column<'_>) -> usize {
        self.candidates(column).len()
    }

    fn candidates(&self, column: Column<'_>) -> BTreeSet<usize> {
        let keys = Keys::of(column.name, column.profile).sought;
        keys.iter().filter_map(|key| self.postings.get(key)).flatten().copied().collect()
    }
}

/// What an item is filed under, and what it's looked up by.
#[derive(Debug, Default)]
struct Keys {
    filed: Vec<u64>,
    sought: Vec<u64>,
}

impl Keys {
    fn of(name: &Name, profile: Option<&ColumnProfile>) -> Self {
        let mut keys = Self::default();
        keys.both("name", name.key());
        keys.add_words(name);
        keys.add_compounds(name);
        keys.add_acronyms(name);
        if let Some(profile) = profile {
            keys.add_values(profile);
        }
        keys
    }

    fn both(&mut self, kind: &str, text: &str) {
        let key = hash(kind, text);
        self.filed.push(key);
        self.sought.push(key);
    }

    /// Filed under one kind, and looked up by another.
    fn apart(&mut self, filed: &str, sought: &str, text: &str) {
        self.filed.push(hash(filed, text));
        self.sought.push(hash(sought, text));
    }

    fn add_words(&mut self, name: &Name) {
        for word in telling_words(name) {
            self.both("beginning", &beginning(&word.stem));
            if word.representation() == Some(Representation::Number) {
                self.both("beginning", "nu");
            }
            if let Some(period) = word.period {
                self.both("period", period);
            }
            let initial: String = word.stem.chars().take(1).collect();
            self.filed.push(hash("long", &initial));
            if may_be_contraction(&word.stem) {
                self.filed.push(hash("short", &initial));
                self.sought.push(hash("long", &initial));
            }
            self.sought.push(hash("short", &initial));
        }
    }

    /// One word on one side, two on the other. Words that are equal are another matter, so each side is filed apart.
    fn add_compounds(&mut self, name: &Name) {
        for word in &name.words {
            self.apart("1 word", "2 words", &word.stem);
            if word.stem.len() >= MIN_GLUED {
                self.apart("1 glued", "2 glued", &beginning(&word.stem));
            }
        }
        for pair in name.words.windows(2) {
            if let [first, second] = pair {
                self.apart("2 words", "1 word", &(first.text.clone() + &second.stem));
                // `fname`.
                let initial = first.text.chars().take(1);
                self.apart("2 words", "1 word", &initial.chain(second.stem.chars()).collect::<String>());
                // `custid`: short forms that are written together begin like the first.
                self.apart("2 glued", "1 glued", &beginning(&first.stem));
            }
        }
    }

    /// Acronyms may have one letter more than there are words: `DWT`.
    fn add_acronyms(&mut self, name: &Name) {
        for word in &name.words {
            self.both("initials", &word.text);
            for left_out in 1..word.text.chars().count().min(MAX_INITIALS + 2) {
                let shorter: String =
                    word.text.chars().enumerate().filter(|&(i, _)| i != left_out).map(|(_, letter)| letter).collect();
                self.both("initials", &shorter);
            }
        }
        let content: Vec<&str> =
            name.sequence.iter().map(String::as_str).filter(|word| !words::is_stop(word)).collect();
        let all: Vec<&str> = name.sequence.iter().map(String::as_str).collect();
        for sequence in [content, all] {
            for start in 0..sequence.len() {
                let initials = |count: usize| -> String {
                    sequence.iter().skip(start).take(count).filter_map(|word| word.chars().next()).collect()
                };
                for count in 2..=MAX_INITIALS.min(sequence.len() - start) {
                    self.both("initials", &initials(count));
                }
            }
        }
    }

    fn add_values(&mut self, profile: &ColumnProfile) {
        match Kind::of(profile) {
            Some(Kind::ImoNumber) => self.both("values", "IMO number"),
            Some(Kind::Mmsi) => self.both("values", "MMSI"),
            Some(Kind::Text | Kind::Country | Kind::Date) => {
                for minimum in profile.sketch.smallest(MINIMA) {
                    self.filed.push(minimum);
                    self.sought.push(minimum);
                }
            }
            _ => {}
        }
    }
}

/// The words that tell a name from others: those with a meaning of their own, or if there are none all of them.
fn telling_words(name: &Name) -> Vec<&Word> {
    let is_telling = |word: &&Word| word.role == Role::Content && word.is_noun() && !word.is_contrast;
    let telling: Vec<&Word> = name.words.iter().filter(is_telling).collect();
    if telling.is_empty() { name.words.iter().collect() } else { telling }
}

/// The letters that short forms and typos keep.
fn beginning(word: &str) -> String {
    word.chars().take(2).collect()
}

fn hash(kind: &str, text: &str) -> u64 {
    // Kinds are few, so a seed of their first bytes keeps them apart.
    let seed = kind.bytes().fold(0u64, |seed, byte| seed << 8 | u64::from(byte));
    XxHash64::oneshot(seed, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn index(names: &[&str]) -> Index<String> {
        let mut index = Index::new(Options::default());
        for name in names {
            index.insert((*name).to_string(), Name::new(name), None);
        }
        index
    }

    fn duplicates(index: &Index<String>, name: &str) -> Vec<String> {
        let name = Name::new(name);
        let found = index.find(Column { name: &name, profile: None });
        found.into_iter().filter(|f| f.comparison.verdict == Verdict::Duplicate).map(|f| f.id).collect()
    }

    #[test]
    fn every_mechanism_has_its_keys() {
        for (catalogued, new) in [
            ("call_sign", "CallSign"),
            ("address", "adress"),
            ("quantity", "qty"),
            ("International Radio Call Sign", "IRCS"),
            ("dead weight", "DWT"),
            ("date of birth", "DOB"),
            ("call sign number", "callsign"),
            ("Length", "length (m)"),
            ("number of crew", "crew count"),
            ("vessel_name", "name"),
            ("telephone", "tel"),
            ("vessel", "Vessel Name"),
            ("updated", "last update"),
            ("year_built", "year build"),
        ] {
            let is_duplicate =
                super::super::compare(&Name::new(catalogued), &Name::new(new)).verdict == Verdict::Duplicate;
            assert_eq!(!duplicates(&index(&[catalogued]), new).is_empty(), is_duplicate, "{catalogued} {new}");
            assert_eq!(!duplicates(&index(&[new]), catalogued).is_empty(), is_duplicate, "{new} {catalogued}");
        }
    }

    #[test]
    fn what_is_found_does_not_depend_on_the_order_of_insertion() {
        let names = ["owner", "Owner Name", "owners", "operator", "OWNER"];
        let reversed: Vec<&str> = names.iter().rev().copied().collect();
        assert_eq!(duplicates(&index(&names), "owner_name"), duplicates(&index(&reversed), "owner_name"));
        assert_eq!(duplicates(&index(&names), "owner_name"), ["Owner Name", "OWNER", "owner", "owners"]);
    }
}
