//! Typed views on real DuckDB: whatever their derived tables hold or lack, they show the rows of `structured_data`.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int64Array,
    ListArray, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
    types::Int32Type,
};
use discovery::TypedReport;
use futures_util::future::{join, join_all};
use living_core::{
    sql::{self, identifier},
    typed::{self, Definition, ObjectState, distinct_identifiers},
};
use living_warehouse::listing;
use native_tests::{Cells, Fault, Faults, Harness, table, write};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;

async fn land(harness: &Harness, key: &str, columns: &[&str], rows: &[Vec<Option<&str>>]) {
    let cells = Cells {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows.iter().map(|row| row.iter().map(|cell| cell.map(str::to_owned)).collect()).collect(),
    };
    harness.deliver_until_done(&harness.store.put("csv", key, table(&cells))).await;
}

async fn land_one(harness: &Harness, key: &str, columns: &[(&str, &str)]) {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    land(harness, key, &names, &[columns.iter().map(|(_, value)| Some(*value)).collect()]).await;
}

async fn discover(harness: &Harness) -> TypedReport {
    harness.discover().await;
    harness.maintain_typed().await
}

/// The definitions whose objects are all there, or none.
async fn definitions(harness: &Harness) -> Vec<Definition> {
    let warehouse = harness.duck.reader();
    let mut definitions = Vec::new();
    for (at, body) in listing::rows(&warehouse, &typed::objects()).await.unwrap() {
        let state = ObjectState::read(at.scope, &at.question, &at.name, &body).unwrap();
        if let ObjectState::Ready(named) = state {
            let fields = listing::rows(&warehouse, &typed::fields(named.at_commit, &named.source)).await.unwrap();
            let fields = fields.iter().map(|(_, body)| typed::read_field(body).unwrap()).collect();
            definitions.push(Definition::new(&named, fields));
        }
    }
    definitions
}

/// A typed view and the columns of data in it: name and type.
type Views = BTreeMap<String, Vec<(String, String)>>;

async fn views(harness: &Harness) -> Views {
    let mut views = Views::new();
    let rows = harness
        .duck
        .query(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'typed' \
             ORDER BY table_name, column_index",
        )
        .await;
    for row in rows {
        let text = |n: usize| row[n].as_str().unwrap().to_owned();
        views.entry(text(0)).or_default().push((text(1), text(2)));
    }
    views
}

/// The definition of a view of `source`, slow and simple. The names of its columns are those in the data.
fn by_definition(source: &str, columns: &[(String, String)], structured_data: &str) -> String {
    let value = |(name, data_type): &(String, String)| match name.as_str() {
        "_load_id" | "_row_no" | "_batch_id" => name.trim_start_matches('_').to_owned(),
        _ => {
            let text = format!("data->>{}", sql::text(&format!("$.\"{name}\"")));
            match data_type.as_str() {
                "BIGINT" => format!("CASE WHEN ({text}) NOT LIKE '%.%' THEN TRY_CAST(({text}) AS BIGINT) END"),
                _ => format!("TRY_CAST(({text}) AS {data_type})"),
            }
        }
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    format!("SELECT {} FROM {structured_data} WHERE source_table = {}", values.join(", "), sql::text(source))
}

/// Rows that only one of two queries gives.
async fn differences(harness: &Harness, a: &str, b: &str) -> Vec<Vec<Value>> {
    harness
        .duck
        .query(&format!("(FROM ({a}) EXCEPT ALL FROM ({b})) UNION ALL (FROM ({b}) EXCEPT ALL FROM ({a})) LIMIT 5"))
        .await
}

/// Every view shows what it should, now; and every definition at each commit.
async fn check(harness: &Harness, after: &str) {
    for (source, columns) in views(harness).await {
        let view = format!("SELECT * FROM typed.{}", identifier(&source));
        let wrong = differences(harness, &view, &by_definition(&source, &columns, "structured_data")).await;
        assert!(wrong.is_empty(), "{source}, after {after}: {wrong:?}");
    }
}

async fn check_past(harness: &Harness, after: &str) {
    let newest = harness.duck.number("SELECT coalesce(max(commit_seq), 0) FROM commits").await;
    for definition in definitions(harness).await {
        let columns: Vec<(String, String)> =
            definition.columns().iter().map(|c| (c.name.clone(), c.data_type())).collect();
        for commit in 0..=newest {
            let past = typed::select(&definition, commit);
            let past = format!("SELECT * EXCLUDE (_load_id, _row_no, _batch_id) FROM ({past})");
            let expected = by_definition(definition.source(), &columns, &format!("structured_data_at({commit})"));
            let wrong = differences(harness, &past, &expected).await;
            assert!(wrong.is_empty(), "{} at {commit}, after {after}: {wrong:?}", definition.source());
        }
    }
}

async fn derived_tables(harness: &Harness) -> Vec<String> {
    let rows =
        harness.duck.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'derived' ORDER BY 1").await;
    rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_view_has_a_typed_column_for_each_field_and_follows_the_catalog() {
    let harness = Harness::start().await;
    land_one(&harness, "ships/1.parquet", &[("imo", "9074729"), ("length", "12.5"), ("flag", "NO")]).await;
    let report = discover(&harness).await;
    assert_eq!((report.views_made, report.rows_filled, report.failures), (1, 1, 0));
    let query = "SELECT imo + 1, length * 2, flag FROM typed.ships";
    let row = [Value::from(9_074_730), 25.0.into(), "NO".into()];
    assert_eq!(harness.duck.query(query).await, [row]);

    land_one(&harness, "ships/2.parquet", &[("imo", "9319466"), ("Year built", "2007")]).await;
    check(&harness, "a load that isn't folded in").await;
    assert_eq!(harness.duck.number("SELECT count(*) FROM typed.ships").await, 2);
    let report = discover(&harness).await;
    assert_eq!((report.views_made, report.tables_dropped, report.rows_filled), (1, 1, 2));
    let years = harness.duck.query(r#"SELECT "year built", flag FROM typed.ships ORDER BY imo"#).await;
    assert_eq!(years, [[Value::Null, "NO".into()], [2007.into(), Value::Null]]);
    check(&harness, "both").await;
    check_past(&harness, "both").await;
    assert_eq!(derived_tables(&harness).await.len(), 1);
    assert_eq!(harness.maintain_typed().await, TypedReport::default());
}

#[tokio::test]
async fn what_no_load_holds_any_more_has_no_view() {
    let harness = Harness::start().await;
    land_one(&harness, "gone/ships/1.parquet", &[("imo", "9074729")]).await;
    discover(&harness).await;
    harness.deliver_until_done(&harness.store.delete("csv", "gone/ships/1.parquet")).await;
    assert_eq!(harness.duck.number("SELECT count(*) FROM typed.ships").await, 0, "the view is never stale");
    let report = discover(&harness).await;
    assert_eq!((report.views_dropped, report.tables_dropped), (1, 1));
    let left = "SELECT count(*) FROM duckdb_views() WHERE NOT internal AND (schema_name IN ('typed', 'derived') OR view_name LIKE 'ships %')";
    assert_eq!(harness.duck.number(left).await, 0);
    assert!(derived_tables(&harness).await.is_empty());
}

#[tokio::test]
async fn a_derived_table_may_be_dropped_and_comes_back() {
    let harness = Harness::start().await;
    land_one(&harness, "ships/1.parquet", &[("imo", "9074729")]).await;
    discover(&harness).await;
    for name in derived_tables(&harness).await {
        harness.duck.write(&format!("DROP TABLE derived.{}", identifier(&name))).await;
    }
    assert_eq!(harness.duck.query("SELECT imo FROM typed.ships").await, [[9_074_729]]);
    check_past(&harness, "the table was dropped").await;
    let report = harness.maintain_typed().await;
    assert_eq!((report.rows_filled, report.failures), (1, 0));
    assert_eq!(harness.duck.query("SELECT imo FROM typed.ships").await, [[9_074_729]]);
}

#[tokio::test]
async fn rows_of_a_load_that_was_replaced_leave_the_derived_table() {
    let harness = Harness::start().await;
    land_one(&harness, "ships/1.parquet", &[("imo", "9074729")]).await;
    discover(&harness).await;
    land_one(&harness, "ships/1.parquet", &[("imo", "9319466")]).await;
    check(&harness, "a new upload").await;
    let report = discover(&harness).await;
    assert_eq!((report.rows_deleted, report.rows_filled), (1, 1));
    check(&harness, "a new upload that is folded in").await;
    check_past(&harness, "a new upload that is folded in").await;
}

#[tokio::test]
async fn a_record_that_comes_again_is_shown_once_whichever_loads_the_table_holds() {
    let harness = Harness::start().await;
    let put = async |file: u8, vessels: &[&str]| {
        let rows: Vec<Vec<Option<&str>>> = vessels.iter().map(|imo| vec![Some(*imo)]).collect();
        land(&harness, &format!("keyed/register/{file}.parquet"), &["imo"], &rows).await;
    };
    let seen = async || {
        check(&harness, "a record that comes again").await;
        check_past(&harness, "a record that comes again").await;
        let rows = harness.duck.query("SELECT imo FROM typed.register ORDER BY imo").await;
        rows.iter().map(|row| row[0].as_i64().unwrap()).collect::<Vec<_>>()
    };
    put(1, &["1", "2"]).await;
    discover(&harness).await;
    put(2, &["2", "3"]).await;
    assert_eq!(seen().await, [1, 2, 3], "the table holds the older one");
    put(3, &["3", "4"]).await;
    assert_eq!(seen().await, [1, 2, 3, 4], "the table holds neither");
    discover(&harness).await;
    assert_eq!(seen().await, [1, 2, 3, 4], "the table holds all");
    put(3, &["5"]).await;
    assert_eq!(seen().await, [1, 2, 3, 5], "what superseded 3 was replaced");
    discover(&harness).await;
    assert_eq!(seen().await, [1, 2, 3, 5]);
}

#[tokio::test]
async fn a_load_that_takes_too_long_is_left_to_json() {
    let harness = Harness::start().await;
    land_one(&harness, "ships/1.parquet", &[("imo", "9074729")]).await;
    land_one(&harness, "ships/2.parquet", &[("imo", "9319466")]).await;
    harness.duck.fail("INSERT INTO derived", "INTERRUPT Error: Interrupted!").await;
    let report = discover(&harness).await;
    assert_eq!((report.rows_filled, report.loads_given_up, report.failures), (0, 2, 0));
    check(&harness, "giving up").await;
    assert_eq!(harness.maintain_typed().await, TypedReport::default(), "not again and again");
}

/// A column of each type, with values at its ends.
fn every_type() -> Vec<(&'static str, ArrayRef)> {
    let decimals = |values: [i128; 3], precision, scale| {
        let array: Decimal128Array = values.into_iter().map(Some).collect();
        Arc::new(array.with_precision_and_scale(precision, scale).unwrap()) as ArrayRef
    };
    let micros = [Some(-62_135_596_800_000_000), None, Some(1_790_000_000_123_456)];
    let lists = [Some(vec![Some(1), None]), None, Some(vec![])];
    vec![
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("bigint", Arc::new(Int64Array::from(vec![Some(i64::MAX), None, Some(i64::MIN)]))),
        ("ubigint", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0)]))),
        ("float", Arc::new(Float32Array::from(vec![Some(0.1), Some(f32::NAN), Some(f32::MIN_POSITIVE)]))),
        ("double", Arc::new(Float64Array::from(vec![Some(0.1 + 0.2), Some(f64::NEG_INFINITY), Some(-1e-300)]))),
        ("decimal", decimals([10i128.pow(38) - 1, 1, -5], 38, 10)),
        ("fraction", decimals([-5, 0, 99], 2, 2)),
        ("text", Arc::new(StringArray::from(vec![Some("007"), Some(""), Some("a\0\"'\\ é🚢")]))),
        ("blob", Arc::new(BinaryArray::from(vec![Some(&b"\xff\0'\\\""[..]), None, Some(b"")]))),
        ("date", Arc::new(Date32Array::from(vec![Some(-800_000), None, Some(20_000)]))),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![Some(0), None, Some(86_399_999_999)]))),
        ("timestamp", Arc::new(TimestampMicrosecondArray::from(micros.to_vec()))),
        ("nanos", Arc::new(TimestampNanosecondArray::from(vec![Some(1), None, Some(-1_790_000_000_123_456_789)]))),
        ("instant", Arc::new(TimestampMicrosecondArray::from(micros.to_vec()).with_timezone("UTC"))),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
    ]
}

#[tokio::test]
async fn a_value_of_any_type_is_what_it_is_in_the_file_with_and_without_the_table() {
    let harness = Harness::start().await;
    let event = harness.store.put("csv", "types/1.parquet", write(every_type()));
    harness.deliver_until_done(&event).await;
    discover(&harness).await;
    let typed = "SELECT * EXCLUDE (_load_id, _row_no, _batch_id) FROM typed.types";
    let names: Vec<String> = views(&harness).await["types"].iter().map(|(name, _)| name.clone()).collect();
    let in_file: Vec<String> = names[..names.len() - 3]
        .iter()
        .map(
            |name| {
                if name == "list" { "CAST(to_json(list) AS JSON) AS list".to_owned() } else { format!("\"{name}\"") }
            },
        )
        .collect();
    let file = format!("SELECT {} FROM read_parquet('r2://csv/types/1.parquet')", in_file.join(", "));
    let described = |query: &str| format!("SELECT column_name, column_type FROM (DESCRIBE {query})");
    assert_eq!(harness.duck.query(&described(typed)).await, harness.duck.query(&described(&file)).await);
    for state in ["held", "dropped"] {
        assert_eq!(differences(&harness, typed, &file).await, Vec::<Vec<Value>>::new(), "{state}");
        for name in derived_tables(&harness).await {
            harness.duck.write(&format!("DROP TABLE derived.{}", identifier(&name))).await;
        }
    }
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof!["[aA\"' ;_./~$\\-]{0,4}", any::<String>(), Just("_row_no".to_owned()), Just("select".to_owned())]
}

#[tokio::test]
async fn any_text_can_be_the_name_of_a_table_or_a_column() {
    let mut runner = TestRunner::default();
    for _ in 0..12 {
        let strategy = proptest::collection::btree_map(
            // The name of a source table is a folder, without blanks at its end.
            hostile().prop_map(|source| format!("x{}", source.replace(['/', '\0'], "_")).trim().to_owned()),
            proptest::collection::btree_set(hostile(), 1..6),
            1..4,
        );
        let tables = strategy.new_tree(&mut runner).unwrap().current();
        let harness = Harness::start().await;
        for (source, columns) in &tables {
            let values: Vec<String> = (0..columns.len()).map(|i| format!("value {i}")).collect();
            let cells: Vec<(&str, &str)> =
                columns.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
            land_one(&harness, &format!("{source}/1.parquet"), &cells).await;
        }
        let report = discover(&harness).await;
        assert_eq!((report.views_made, report.failures), (tables.len() as u64, 0), "{tables:#?}");
        let names = distinct_identifiers(tables.keys().map(String::as_str), &[]);
        for (name, columns) in names.iter().zip(tables.values()) {
            let expected = distinct_identifiers(columns.iter().map(String::as_str), &typed::PROVENANCE);
            let view = format!("SELECT * EXCLUDE (_load_id, _row_no, _batch_id) FROM typed.{}", identifier(name));
            for _ in ["held", "dropped"] {
                let result = harness.duck.try_query(&view).await.unwrap();
                assert_eq!(result.columns, expected, "{name}: {tables:#?}");
                let values: Vec<Value> = (0..columns.len()).map(|i| format!("value {i}").into()).collect();
                assert_eq!(result.rows, [values], "{name}: {tables:#?}");
                for name in derived_tables(&harness).await {
                    harness.duck.write(&format!("DROP TABLE derived.{}", identifier(&name))).await;
                }
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Put {
        key: usize,
        columns: Vec<usize>,
        rows: Vec<Vec<usize>>,
    },
    Delete(usize),
    Discover,
    Maintain,
    MaintainAndDie {
        at: usize,
        after: bool,
    },
    /// Several runs at once, each of which may die, while a file lands.
    MaintainAtOnce {
        dying: Vec<Option<(usize, bool)>>,
        key: usize,
        rows: Vec<Vec<usize>>,
    },
    DropTable(prop::sample::Index),
}

const KEYS: [&str; 6] = [
    "ships/1.parquet",
    "ships/2.parquet",
    "gone/fleet/1.parquet",
    "gone/fleet/2.parquet",
    "keyed/register/1.parquet",
    "keyed/register/2.parquet",
];
const COLUMNS: [&str; 4] = ["imo", "length m", "flag", "a'b"];
const VALUES: [Option<&str>; 6] = [Some("1"), Some("2"), Some("2.5"), Some("x"), Some(""), None];

fn rows() -> impl Strategy<Value = Vec<Vec<usize>>> {
    proptest::collection::vec(proptest::collection::vec(0..VALUES.len(), COLUMNS.len()), 0..4)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let columns = proptest::sample::subsequence((1..COLUMNS.len()).collect::<Vec<_>>(), 0..COLUMNS.len());
    let put = (0..KEYS.len(), columns, rows()).prop_map(|(key, columns, rows)| Step::Put { key, columns, rows });
    let dying = proptest::option::of((0usize..25, any::<bool>()));
    let at_once = (proptest::collection::vec(dying, 2..4), 0..KEYS.len(), rows())
        .prop_map(|(dying, key, rows)| Step::MaintainAtOnce { dying, key, rows });
    let step = prop_oneof![
        5 => put,
        1 => (2usize..4).prop_map(Step::Delete),
        3 => Just(Step::Discover),
        3 => Just(Step::Maintain),
        2 => (0usize..25, any::<bool>()).prop_map(|(at, after)| Step::MaintainAndDie { at, after }),
        2 => at_once,
        1 => any::<prop::sample::Index>().prop_map(Step::DropTable),
    ];
    proptest::collection::vec(step, 6..14)
}

async fn put(harness: &Harness, key: usize, columns: &[usize], rows: &[Vec<usize>]) {
    // The first column is the record key of `keyed/`.
    let columns: Vec<usize> = [0].into_iter().chain(columns.iter().copied()).collect();
    let names: Vec<&str> = columns.iter().map(|column| COLUMNS[*column]).collect();
    let rows: Vec<Vec<Option<&str>>> =
        rows.iter().map(|row| columns.iter().map(|column| VALUES[row[*column]]).collect()).collect();
    land(harness, KEYS[key], &names, &rows).await;
}

fn plan(at: usize, after: bool) -> Faults {
    let faults = Faults::none();
    faults.plan(at, if after { Fault::DieAfter } else { Fault::DieBefore });
    faults
}

async fn carry_out(harness: &Harness, step: &Step) {
    match step {
        Step::Put { key, columns, rows } => put(harness, *key, columns, rows).await,
        Step::Delete(key) => {
            harness.deliver_until_done(&harness.store.delete("csv", KEYS[*key])).await;
        }
        Step::Discover => {
            harness.discover().await;
        }
        Step::Maintain => {
            assert_eq!(harness.maintain_typed().await.failures, 0);
        }
        Step::MaintainAndDie { at, after } => {
            harness.maintain_typed_with(&plan(*at, *after)).await;
        }
        Step::MaintainAtOnce { dying, key, rows } => {
            let plans: Vec<Faults> =
                dying.iter().map(|dies| dies.map_or_else(Faults::none, |(at, after)| plan(at, after))).collect();
            let runs = join_all(plans.iter().map(|faults| harness.maintain_typed_with(faults)));
            join(runs, put(harness, *key, &[1, 2], rows)).await;
        }
        Step::DropTable(index) => {
            let tables = derived_tables(harness).await;
            if !tables.is_empty() {
                harness
                    .duck
                    .write(&format!("DROP TABLE derived.{}", identifier(&tables[index.index(tables.len())])))
                    .await;
            }
        }
    }
}

#[tokio::test]
async fn after_any_history_the_views_show_the_rows_of_structured_data() {
    let mut runner = TestRunner::default();
    for _ in 0..12 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let harness = Harness::start().await;
        for step in &steps {
            carry_out(&harness, step).await;
            check(&harness, &format!("{step:?} of\n{steps:#?}")).await;
        }
        harness.discover().await;
        harness.maintain_typed().await;
        let after = format!("{steps:#?}");
        check(&harness, &after).await;
        check_past(&harness, &after).await;
        assert_eq!(harness.maintain_typed().await, TypedReport::default(), "{after}");
        let in_catalog = harness.duck.query("SELECT DISTINCT source_table FROM field_definitions ORDER BY 1").await;
        let in_views: Vec<Vec<Value>> = views(&harness).await.into_keys().map(|name| vec![name.into()]).collect();
        assert_eq!(in_views, in_catalog, "{after}");
        assert_eq!(derived_tables(&harness).await.len(), in_catalog.len(), "{after}");
    }
}
