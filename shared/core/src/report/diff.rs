//! How two results of a query differ.
//!
//! Columns are compared by name; rows by the columns that both results have, so that a new column doesn't make every row another.
//! Where columns name a row ([`detect`](super::key::detect)), a row of both is unchanged or changed; else rows are a multiset, and each is
//! there or isn't. Neither the order of rows nor the last digits of floating-point numbers count.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::{String, ToString},
    vec::Vec,
};

use serde::Serialize;
use serde_json::Value;

use super::{
    Column, ResultSet, cell,
    key::{self, Key},
};

/// Rows that are shown of each kind; the others are counted.
pub const LISTED: usize = 50;

/// How two results differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Diff {
    pub columns: ColumnChanges,
    /// The columns by which rows are held against each other; `None`: rows as a whole are.
    pub key: Option<Vec<String>>,
    pub rows: RowChanges,
    /// Numeric columns whose figures differ.
    pub numbers: Vec<NumberChange>,
    /// One of the results has more rows than were looked at.
    pub partial: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ColumnChanges {
    pub added: Vec<Column>,
    pub removed: Vec<Column>,
    pub retyped: Vec<Retyped>,
    /// Columns that both have come in another order.
    pub reordered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Retyped {
    pub name: String,
    pub before: String,
    pub after: String,
}

/// `before` is `unchanged + changed + removed`, `after` is `unchanged + changed + added`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RowChanges {
    pub before: u64,
    pub after: u64,
    pub unchanged: u64,
    pub added: Listed<Vec<Value>>,
    pub removed: Listed<Vec<Value>>,
    /// Only with a key.
    pub changed: Listed<ChangedRow>,
}

/// How many there are, and the first of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Listed<T> {
    pub count: u64,
    /// At most 50. Rows have the columns of their own result.
    pub listed: Vec<T>,
    /// How many are not listed.
    pub left_out: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { count: 0, listed: Vec::new(), left_out: 0 }
    }
}

impl<T> Listed<T> {
    fn push(&mut self, item: impl FnOnce() -> T) {
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(item());
        } else {
            self.left_out += 1;
        }
    }
}

/// A row that both results have, with other values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ChangedRow {
    /// Values of the key's columns.
    pub key: Vec<Value>,
    pub cells: Vec<ChangedCell>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ChangedCell {
    pub column: String,
    pub before: Value,
    pub after: Value,
}

/// The figures of a numeric column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct NumberChange {
    pub column: String,
    pub before: Figures,
    pub after: Figures,
}

/// `None` where there's no value. Above 2^53 they are about right.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Figures {
    pub sum: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub mean: Option<f64>,
    pub nulls: u64,
}

impl Diff {
    /// Whether the results are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns == ColumnChanges::default()
            && [self.rows.added.count, self.rows.removed.count, self.rows.changed.count] == [0; 3]
            && self.numbers.is_empty()
    }
}

/// How `after` differs from `before`. `key`: columns that name a row, if somebody said so; else they are looked for.
#[must_use]
pub fn diff(before: &ResultSet, after: &ResultSet, key: Option<&[String]>) -> Diff {
    let (of_before, of_after) = (Labels::of(before), Labels::of(after));
    let common: Vec<(usize, usize)> =
        of_before.0.iter().enumerate().filter_map(|(place, label)| Some((place, of_after.place(label)?))).collect();
    let given = key
        .map(<[String]>::to_vec)
        .filter(|key| !key.is_empty() && key::check_key(before, key).is_ok() && key::check_key(after, key).is_ok());
    let key = given.or_else(|| key::detect(before, after, &common));
    let compared = Compared::new(before, after, &common);
    let rows = match &key {
        Some(key) => by_key(&compared, key, &of_before),
        None => as_multisets(&compared),
    };
    Diff {
        columns: column_changes(before, after, &of_before, &of_after, &common),
        rows,
        numbers: number_changes(before, after, &common, &of_before),
        key,
        partial: before.truncated || after.truncated,
    }
}

/// Names of a result's columns; one that comes again has its number behind it.
struct Labels(Vec<String>);

impl Labels {
    fn of(result: &ResultSet) -> Self {
        let mut seen = BTreeMap::<&str, usize>::new();
        let label = |column: &'_ Column, times: usize| match times {
            1 => column.name.clone(),
            times => [column.name.as_str(), " (", &times.to_string(), ")"].concat(),
        };
        let labels = result.columns.iter().map(|column| {
            let times = seen.entry(&column.name).or_default();
            *times += 1;
            label(column, *times)
        });
        Self(labels.collect())
    }

    fn place(&self, label: &str) -> Option<usize> {
        self.0.iter().position(|known| known == label)
    }
}

fn column_changes(
    before: &ResultSet,
    after: &ResultSet,
    of_before: &Labels,
    of_after: &Labels,
    common: &[(usize, usize)],
) -> ColumnChanges {
    let pick = |result: &ResultSet, labels: &Labels, others: &Labels| -> Vec<Column> {
        let missing = labels.0.iter().zip(&result.columns).filter(|(label, _)| others.place(label).is_none());
        missing.map(|(_, column)| column.clone()).collect()
    };
    let retyped = common.iter().filter_map(|&(b, a)| {
        let (old, new) = (before.columns.get(b)?, after.columns.get(a)?);
        let is_retyped = old.data_type != new.data_type;
        is_retyped.then(|| Retyped {
            name: of_before.0.get(b).cloned().unwrap_or_default(),
            before: old.data_type.clone(),
            after: new.data_type.clone(),
        })
    });
    ColumnChanges {
        added: pick(after, of_after, of_before),
        removed: pick(before, of_before, of_after),
        retyped: retyped.collect(),
        reordered: !common.is_sorted_by_key(|(_, a)| *a),
    }
}

/// Two results, and what of their rows is compared.
struct Compared<'a> {
    before: &'a ResultSet,
    after: &'a ResultSet,
    /// Places of the columns that both have.
    of_before: Vec<usize>,
    of_after: Vec<usize>,
    /// Whether values are rounded, by place in the results: where either result has floating-point numbers.
    rounds_before: Vec<bool>,
    rounds_after: Vec<bool>,
}

impl<'a> Compared<'a> {
    fn new(before: &'a ResultSet, after: &'a ResultSet, common: &[(usize, usize)]) -> Self {
        let is_approximate = |result: &ResultSet, place: usize| {
            result.columns.get(place).is_some_and(|column| cell::is_approximate(&column.data_type))
        };
        let flags = |result: &ResultSet, place: fn(&(usize, usize)) -> usize| -> Vec<bool> {
            let rounds = |i: usize| {
                common
                    .iter()
                    .any(|pair| place(pair) == i && (is_approximate(before, pair.0) || is_approximate(after, pair.1)))
            };
            (0..result.columns.len()).map(rounds).collect()
        };
        let (of_before, of_after) = common.iter().copied().unzip();
        let (rounds_before, rounds_after) = (flags(before, |pair| pair.0), flags(after, |pair| pair.1));
        Self { before, after, of_before, of_after, rounds_before, rounds_after }
    }

    fn row_before(&self, row: &[Value]) -> Key {
        key::key_of(row, &self.of_before, &self.rounds_before)
    }

    fn row_after(&self, row: &[Value]) -> Key {
        key::key_of(row, &self.of_after, &self.rounds_after)
    }

    fn empty_changes(&self) -> RowChanges {
        RowChanges {
            before: self.before.rows.len() as u64,
            after: self.after.rows.len() as u64,
            ..RowChanges::default()
        }
    }
}

fn by_key(compared: &Compared<'_>, key: &[String], labels: &Labels) -> RowChanges {
    // The places of the key among the columns that both have.
    let places: Vec<usize> =
        key.iter().filter_map(|name| compared.of_before.iter().position(|&b| labels.0.get(b) == Some(name))).collect();
    let key_in = |row: &Key| -> Key { places.iter().map(|&place| row.get(place).cloned().flatten()).collect() };
    let index = |rows: &'_ [Vec<Value>], read: &dyn Fn(&[Value]) -> Key| -> BTreeMap<Key, (Key, usize)> {
        let entry = |(i, row): (usize, &Vec<Value>)| {
            let row = read(row);
            (key_in(&row), (row, i))
        };
        rows.iter().enumerate().map(entry).collect()
    };
    let old = index(&compared.before.rows, &|row| compared.row_before(row));
    let new = index(&compared.after.rows, &|row| compared.row_after(row));
    let mut changes = compared.empty_changes();
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    let original = |rows: &[Vec<Value>], i: usize| rows.get(i).cloned().unwrap_or_default();
    for key in keys {
        match (old.get(key), new.get(key)) {
            (Some((before, _)), Some((after, _))) if before == after => changes.unchanged += 1,
            (Some((before, b)), Some((after, a))) => {
                let rows = (original(&compared.before.rows, *b), original(&compared.after.rows, *a));
                changes.changed.push(|| changed_row(compared, labels, &places, (before, after), &rows));
            }
            (Some((_, b)), None) => changes.removed.push(|| original(&compared.before.rows, *b)),
            (None, Some((_, a))) => changes.added.push(|| original(&compared.after.rows, *a)),
            (None, None) => {}
        }
    }
    changes
}

fn changed_row(
    compared: &Compared<'_>,
    labels: &Labels,
    key: &[usize],
    (before, after): (&Key, &Key),
    (old, new): &(Vec<Value>, Vec<Value>),
) -> ChangedRow {
    let value = |row: &[Value], places: &[usize], i: usize| {
        places.get(i).and_then(|&place| row.get(place)).cloned().unwrap_or_default()
    };
    let differs = |i: &usize| before.get(*i) != after.get(*i);
    let cell = |i: usize| ChangedCell {
        column: compared.of_before.get(i).and_then(|&place| labels.0.get(place)).cloned().unwrap_or_default(),
        before: value(old, &compared.of_before, i),
        after: value(new, &compared.of_after, i),
    };
    ChangedRow {
        key: key.iter().map(|&place| value(old, &compared.of_before, place)).collect(),
        cells: (0..before.len()).filter(differs).map(cell).collect(),
    }
}

fn as_multisets(compared: &Compared<'_>) -> RowChanges {
    // Places of the rows with one text, those of the other result crossed off one by one.
    let mut rows = BTreeMap::<Key, (Vec<usize>, Vec<usize>)>::new();
    for (i, row) in compared.before.rows.iter().enumerate() {
        rows.entry(compared.row_before(row)).or_default().0.push(i);
    }
    for (i, row) in compared.after.rows.iter().enumerate() {
        rows.entry(compared.row_after(row)).or_default().1.push(i);
    }
    let mut changes = compared.empty_changes();
    for (before, after) in rows.values() {
        let both = before.len().min(after.len());
        changes.unchanged += both as u64;
        for &i in before.iter().skip(both) {
            changes.removed.push(|| compared.before.rows.get(i).cloned().unwrap_or_default());
        }
        for &i in after.iter().skip(both) {
            changes.added.push(|| compared.after.rows.get(i).cloned().unwrap_or_default());
        }
    }
    changes
}

fn number_changes(
    before: &ResultSet,
    after: &ResultSet,
    common: &[(usize, usize)],
    labels: &Labels,
) -> Vec<NumberChange> {
    let is_number = |result: &ResultSet, place: usize| {
        result.columns.get(place).is_some_and(|column| cell::is_number(&column.data_type))
    };
    let numeric = common.iter().filter(|(b, a)| is_number(before, *b) && is_number(after, *a));
    let changes = numeric.map(|&(b, a)| NumberChange {
        column: labels.0.get(b).cloned().unwrap_or_default(),
        before: figures(before, b),
        after: figures(after, a),
    });
    changes.filter(|change| !change.before.is_about(&change.after)).collect()
}

fn figures(result: &ResultSet, place: usize) -> Figures {
    let values = result.rows.iter().filter_map(|row| row.get(place));
    let nulls = values.clone().filter(|value| value.is_null()).count() as u64;
    let mut numbers: Vec<f64> = values.filter_map(cell::number).collect();
    // A sum depends on the order; so it's always the same one.
    numbers.sort_by(f64::total_cmp);
    let sum = (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>());
    #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
    let mean = sum.map(|sum| sum / numbers.len() as f64);
    Figures { sum, min: numbers.first().copied(), max: numbers.last().copied(), mean, nulls }
}

impl Figures {
    /// Whether they are the same but for the last digits.
    fn is_about(&self, other: &Self) -> bool {
        let text = |figure: Option<f64>| figure.and_then(|figure| cell::text(&Value::from(figure), true));
        let texts = |f: &Self| [f.sum, f.min, f.max, f.mean].map(text);
        texts(self) == texts(other) && self.nulls == other.nulls
    }
}

#[cfg(test)]
pub(super) mod tests {
    use alloc::vec;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TYPES: [&str; 3] = ["VARCHAR", "BIGINT", "DOUBLE"];

    fn value(data_type: &'static str) -> BoxedStrategy<Value> {
        match data_type {
            "VARCHAR" => prop_oneof![Just(Value::Null), "[ab]{0,2}".prop_map(Value::from)].boxed(),
            "BIGINT" => prop_oneof![Just(Value::Null), (0i64..4).prop_map(Value::from)].boxed(),
            _ => prop_oneof![Just(Value::Null), (0i32..4).prop_map(|n| json!(f64::from(n) / 3.0))].boxed(),
        }
    }

    /// Small results: few values, so that rows and keys meet.
    pub(in super::super) fn result_sets() -> impl Strategy<Value = ResultSet> {
        let columns = proptest::collection::vec((0usize..4, 0usize..3), 0..4);
        columns.prop_flat_map(|columns| {
            let row: Vec<BoxedStrategy<Value>> = columns.iter().map(|(_, of)| value(TYPES[*of])).collect();
            let columns: Vec<Column> = columns
                .iter()
                .map(|(name, of)| Column { name: ["a", "b", "c", "d"][*name].into(), data_type: TYPES[*of].into() })
                .collect();
            (proptest::collection::vec(row, 0..9), any::<bool>()).prop_map(move |(rows, truncated)| ResultSet {
                columns: columns.clone(),
                rows,
                truncated,
            })
        })
    }

    fn shuffled(result: &ResultSet, by: usize) -> ResultSet {
        let mut rows = result.rows.clone();
        rows.reverse();
        let middle = by % rows.len().max(1);
        rows.rotate_left(middle);
        ResultSet { rows, ..result.clone() }
    }

    fn counts(diff: &Diff) -> [u64; 6] {
        let RowChanges { before, after, unchanged, added, removed, changed } = &diff.rows;
        [*before, *after, *unchanged, added.count, removed.count, changed.count]
    }

    /// Without the rows that are listed where others are the same by what is compared.
    fn listed(diff: &Diff) -> (Vec<Vec<Value>>, Vec<Vec<Value>>) {
        (diff.rows.added.listed.clone(), diff.rows.removed.listed.clone())
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself_in_whatever_order(a in result_sets(), by in 0usize..9) {
            prop_assert!(diff(&a, &a, None).is_empty());
            prop_assert!(diff(&a, &shuffled(&a, by), None).is_empty());
        }

        #[test]
        fn the_counts_add_up(a in result_sets(), b in result_sets()) {
            let found = diff(&a, &b, None);
            let [before, after, unchanged, added, removed, changed] = counts(&found);
            prop_assert_eq!(before, a.rows.len() as u64);
            prop_assert_eq!(after, b.rows.len() as u64);
            prop_assert_eq!(before, unchanged + changed + removed);
            prop_assert_eq!(after, unchanged + changed + added);
            for listed in [&found.rows.added, &found.rows.removed] {
                prop_assert_eq!(listed.count, listed.listed.len() as u64 + listed.left_out);
            }
        }

        #[test]
        fn the_order_of_rows_is_of_no_matter(a in result_sets(), b in result_sets(), by in 0usize..9) {
            let (one, two) = (diff(&a, &b, None), diff(&shuffled(&a, by), &shuffled(&b, by + 1), None));
            prop_assert_eq!(counts(&one), counts(&two));
            prop_assert_eq!((&one.columns, &one.key, &one.numbers), (&two.columns, &two.key, &two.numbers));
            if a.columns == b.columns && !a.columns.iter().any(|column| column.data_type == "DOUBLE") {
                prop_assert_eq!(listed(&one), listed(&two));
            }
        }

        #[test]
        fn backwards_what_was_added_is_removed(a in result_sets(), b in result_sets()) {
            let [before, after, unchanged, added, removed, changed] = counts(&diff(&a, &b, None));
            prop_assert_eq!([after, before, unchanged, removed, added, changed], counts(&diff(&b, &a, None)));
        }

        #[test]
        fn a_difference_of_fingerprints_is_one_of_results(a in result_sets(), b in result_sets()) {
            let is_same = super::super::Fingerprint::of(&a) == super::super::Fingerprint::of(&b);
            let found = diff(&a, &b, None);
            if is_same {
                prop_assert!(found.is_empty());
            }
            if found.is_empty() && a.columns == b.columns && a.truncated == b.truncated {
                prop_assert!(is_same);
            }
        }
    }

    fn result(columns: &[(&str, &str)], rows: Value) -> ResultSet {
        let column = |(name, data_type): &(&str, &str)| Column { name: (*name).into(), data_type: (*data_type).into() };
        ResultSet {
            columns: columns.iter().map(column).collect(),
            rows: serde_json::from_value(rows).unwrap(),
            truncated: false,
        }
    }

    #[test]
    fn rows_are_held_against_each_other_by_what_names_them() {
        let columns = [("ships", "BIGINT"), ("flag", "VARCHAR")];
        let before = result(&columns, json!([[3, "NO"], [4, "SE"], [5, "FI"]]));
        let after = result(&columns, json!([[3, "NO"], [5, "SE"], [9, "DK"]]));
        let found = diff(&before, &after, None);
        assert_eq!(found.key, Some(vec!["flag".to_string()]), "the number of ships is different in each row, too");
        assert_eq!(counts(&found), [3, 3, 1, 1, 1, 1]);
        let changed = &found.rows.changed.listed[0];
        assert_eq!(changed.key, [json!("SE")]);
        let cell = ChangedCell { column: "ships".into(), before: json!(4), after: json!(5) };
        assert_eq!(changed.cells, [cell]);
        let ships = &found.numbers[0];
        assert_eq!((ships.before.sum, ships.after.sum, ships.after.max), (Some(12.0), Some(17.0), Some(9.0)));
    }

    #[test]
    fn a_key_that_somebody_gives_is_used_unless_it_is_none() {
        let columns = [("a", "VARCHAR"), ("b", "BIGINT")];
        let before = result(&columns, json!([["x", 1], ["y", 2]]));
        let after = result(&columns, json!([["x", 2], ["y", 1]]));
        assert_eq!(diff(&before, &after, Some(&["b".into()])).key, Some(vec!["b".to_string()]));
        assert_eq!(diff(&before, &after, Some(&["nothing".into()])).key, Some(vec!["a".to_string()]));
    }

    #[test]
    fn a_new_column_makes_no_row_another_and_a_wider_type_no_value() {
        let before = result(&[("a", "INTEGER")], json!([[1], [2]]));
        let after = result(&[("b", "VARCHAR"), ("a", "BIGINT")], json!([["x", 2], ["y", 1]]));
        let found = diff(&before, &after, None);
        assert_eq!(counts(&found), [2, 2, 2, 0, 0, 0]);
        assert_eq!(found.columns.added[0].name, "b");
        assert_eq!(found.columns.retyped[0].after, "BIGINT");
        assert!(!found.is_empty() && found.numbers.is_empty());
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let rows: Vec<Value> = (0..120).map(|n| json!([n])).collect();
        let found = diff(&result(&[("a", "BIGINT")], json!([])), &result(&[("a", "BIGINT")], rows.into()), None);
        let added = &found.rows.added;
        assert_eq!((added.count, added.listed.len(), added.left_out), (120, LISTED, 70));
    }

    #[test]
    fn columns_of_one_name_are_told_apart() {
        let before = result(&[("n", "BIGINT"), ("n", "BIGINT")], json!([[1, 2]]));
        let after = result(&[("n", "BIGINT")], json!([[1]]));
        assert_eq!(diff(&before, &after, None).columns.removed.len(), 1);
    }
}
