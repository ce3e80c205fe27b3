//! Every table, key, list, view and macro of the scripts, as the warehouse itself describes them: one that is new is tested, too.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use living_core::sql::{Statement, split};
use living_warehouse::{ErrorClass, Warehouse};
use local_warehouse::ReplyStyle;
use memory_s3::MemoryS3;
use native_tests::{Duck, rows_at_first};
use serde_json::Value;

const SCRIPTS: [&str; 7] = [
    include_str!("../../../sql/motherduck/schema_v1.sql"),
    include_str!("../../../sql/motherduck/schema_catalog.sql"),
    include_str!("../../../sql/motherduck/typed.sql"),
    include_str!("../../../sql/motherduck/reports.sql"),
    include_str!("../../../sql/motherduck/outbox.sql"),
    include_str!("../../../sql/motherduck/queries.sql"),
    include_str!("../../../sql/motherduck/monitoring.sql"),
];

/// Tables with a primary key, and its columns.
const KEYS: [(&str, &str); 8] = [
    ("main.catalog_log", "commit_seq, item_no"),
    ("main.commit_embeddings", "commit_seq"),
    ("main.commits", "commit_seq"),
    ("main.health_reports", "week"),
    ("main.name_embeddings", "model, name"),
    ("main.outbox_attempts", "fact, channel, attempt"),
    ("main.report_log", "report_id, revision"),
    ("main.schema_snapshots", "version"),
];

/// Columns that the rows made here don't have: only decisions have a decision, and the rows here are loads.
const OF_OTHER_ROWS: [(&str, &str); 1] = [("main.commits", "decision")];

/// A column of a table.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    data_type: String,
    required: bool,
    in_key: bool,
    /// The text of a condition on this column, if there is one: a list of words, or the range from 0 to 1.
    check: Option<String>,
}

impl Column {
    /// A value that the column takes.
    fn value(&self) -> String {
        if let Some(word) = self.check.as_deref().and_then(first_word) {
            return format!("'{word}'");
        }
        match self.data_type.as_str() {
            "VARCHAR" => "'text'",
            // Within the range of scores, too.
            "BIGINT" | "INTEGER" | "DOUBLE" => "0",
            "BOOLEAN" => "true",
            "JSON" => "'{}'",
            "TIMESTAMP" => "TIMESTAMP '2026-01-01'",
            "DATE" => "DATE '2026-01-05'",
            "FLOAT[]" => "[0.5]::FLOAT[]",
            "UUID" => "'018f0000-0000-7000-8000-000000000001'",
            other => panic!("{}: no value of type {other} is known here", self.name),
        }
        .to_owned()
    }

    /// A value other than [`Self::value`].
    fn another_value(&self) -> &'static str {
        match self.data_type.as_str() {
            "VARCHAR" => "'another text'",
            "BIGINT" | "INTEGER" => "7",
            "DATE" => "DATE '2026-01-12'",
            "UUID" => "'018f0000-0000-7000-8000-000000000002'",
            other => panic!("{}: a key of type {other} is not known here", self.name),
        }
    }

    /// Values that the column refuses.
    fn wrong_values(&self) -> Vec<&'static str> {
        let mut wrong = Vec::new();
        if self.required {
            wrong.push("NULL");
        }
        if self.data_type == "JSON" {
            wrong.push("'{'");
        }
        match &self.check {
            Some(check) if first_word(check).is_some() => wrong.push("'no such word'"),
            Some(_) => wrong.extend(["-0.1", "1.1"]),
            None => {}
        }
        wrong
    }
}

/// The first word of a list, such as `(kind IN ('load', 'retraction'))`.
fn first_word(check: &str) -> Option<&str> {
    check.split('\'').nth(1)
}

/// `INSERT` of a row with what its columns take; `changed`: but another value in the column of that name, if there is one.
fn insert(table: &str, columns: &[Column], changed: Option<(&str, &str)>) -> String {
    let value = |column: &Column| match changed {
        Some((name, value)) if name == column.name => value.to_owned(),
        _ if OF_OTHER_ROWS.contains(&(table, column.name.as_str())) => "NULL".to_owned(),
        _ => column.value(),
    };
    format!("INSERT INTO {table} VALUES ({})", columns.iter().map(value).collect::<Vec<_>>().join(", "))
}

async fn duck() -> Duck {
    Duck::start_by_scripts(ReplyStyle::StatelessJson, &MemoryS3::default()).await
}

async fn apply_again(duck: &Duck) {
    let warehouse = duck.reader();
    for statement in SCRIPTS.into_iter().flat_map(split) {
        warehouse.run(&Statement::repeatable(&statement)).await.unwrap_or_else(|error| panic!("{error}\n{statement}"));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The columns of each table, in their order.
async fn tables(duck: &Duck) -> BTreeMap<String, Vec<Column>> {
    let columns = duck
        .query(
            "WITH c AS (SELECT schema_name, table_name, constraint_type, constraint_text, unnest(constraint_column_names) AS name, \
                               len(constraint_column_names) AS columns \
                        FROM duckdb_constraints()), \
                  said AS (SELECT schema_name, table_name, name, count(*) FILTER (constraint_type = 'PRIMARY KEY') > 0 AS in_key, \
                                  min(constraint_text) FILTER (constraint_type = 'CHECK' AND columns = 1) AS condition \
                           FROM c GROUP BY ALL) \
             SELECT t.schema_name || '.' || t.table_name, column_name, data_type, NOT is_nullable, coalesce(in_key, false), condition \
             FROM duckdb_columns() AS t JOIN duckdb_tables() USING (table_oid) \
             LEFT JOIN said ON (said.schema_name, said.table_name, said.name) = (t.schema_name, t.table_name, t.column_name) \
             WHERE NOT t.internal ORDER BY 1, column_index",
        )
        .await;
    let mut tables = BTreeMap::<_, Vec<_>>::new();
    for row in columns {
        tables.entry(text(&row[0])).or_default().push(Column {
            name: text(&row[1]),
            data_type: text(&row[2]),
            required: row[3] == true,
            in_key: row[4] == true,
            check: row[5].as_str().map(str::to_owned),
        });
    }
    tables
}

/// What defines each thing in the database, and every row of every table.
async fn everything(duck: &Duck) -> Vec<Vec<Value>> {
    let mut all = duck
        .query(
            "SELECT 'table ' || schema_name || '.' || table_name, sql FROM duckdb_tables() WHERE NOT internal \
             UNION ALL SELECT 'view ' || schema_name || '.' || view_name, sql FROM duckdb_views() WHERE NOT internal \
             UNION ALL SELECT 'macro ' || schema_name || '.' || function_name, macro_definition FROM duckdb_functions() \
                       WHERE NOT internal AND function_type LIKE '%macro' \
             UNION ALL SELECT 'index ' || schema_name || '.' || index_name, sql FROM duckdb_indexes() \
             ORDER BY ALL",
        )
        .await;
    for table in tables(duck).await.keys() {
        all.extend(duck.query(&format!("SELECT '{table}', CAST(r AS VARCHAR) FROM {table} AS r ORDER BY ALL")).await);
    }
    all
}

#[tokio::test]
async fn applying_the_scripts_again_changes_nothing() {
    let duck = duck().await;
    for (table, columns) in tables(&duck).await {
        duck.write(&insert(&table, &columns, None)).await;
    }
    let before = everything(&duck).await;
    for seen in ["table landing.annotations", "view main.loads", "macro main.annotations_at", "main.schema_snapshots"] {
        assert!(before.iter().any(|thing| thing[0] == seen), "{seen}");
    }
    for _ in 0..2 {
        apply_again(&duck).await;
    }
    assert_eq!(everything(&duck).await, before);
}

#[tokio::test]
async fn the_empty_version_1_is_there_once_and_named_by_its_content() {
    let duck = duck().await;
    apply_again(&duck).await;
    let versions = duck
        .query(
            "SELECT version, parent_version, content, content_hash = sha256(content), diff, commit_seq, lineage, \
                    abs(epoch(make_timestamp(epoch_us(now()))) - epoch(created_at)) < 600 \
             FROM schema_snapshots",
        )
        .await;
    let content = r#"{"entity_types":[],"fields":[]}"#;
    let expected: [Value; 8] =
        [1.into(), Value::Null, content.into(), true.into(), "[]".into(), 0.into(), "[]".into(), true.into()];
    assert_eq!(versions, [expected]);
}

#[tokio::test]
async fn every_table_takes_a_row_and_refuses_one_with_a_value_that_is_missing_or_wrong() {
    let duck = duck().await;
    for (table, columns) in tables(&duck).await {
        for column in &columns {
            for wrong in column.wrong_values() {
                let statement = insert(&table, &columns, Some((&column.name, wrong)));
                let refused = duck.reader().run(&Statement::once(&statement)).await;
                let class = refused.map_err(|error| error.class);
                assert_eq!(class, Err(ErrorClass::Permanent), "{}: {statement}", column.name);
            }
        }
        let count = async || duck.number(&format!("SELECT count(*) FROM {table}")).await;
        let before = count().await;
        duck.write(&insert(&table, &columns, None)).await;
        assert_eq!(count().await, before + 1, "{table}");
    }
}

#[tokio::test]
async fn a_key_is_given_once_and_a_row_that_differs_in_one_of_its_columns_is_another() {
    let duck = duck().await;
    let tables = tables(&duck).await;
    let key_of = |columns: &[Column]| {
        columns.iter().filter(|column| column.in_key).map(|column| column.name.clone()).collect::<Vec<_>>()
    };
    let keys: Vec<(&str, String)> = tables
        .iter()
        .map(|(table, columns)| (table.as_str(), key_of(columns).join(", ")))
        .filter(|(_, key)| !key.is_empty())
        .collect();
    assert_eq!(keys, KEYS.map(|(table, key)| (table, key.to_owned())));
    // All at once: the client tries a while before it takes a conflict for final.
    join_all(keys.iter().map(async |(table, _)| {
        let columns = &tables[*table];
        duck.write(&insert(table, columns, None)).await;
        let again = duck.reader().run(&Statement::once(insert(table, columns, None))).await;
        assert_eq!(again.map_err(|error| error.class), Err(ErrorClass::Conflict), "{table}");
        for column in columns.iter().filter(|column| column.in_key) {
            duck.write(&insert(table, columns, Some((&column.name, column.another_value())))).await;
        }
    }))
    .await;
}

#[tokio::test]
async fn every_view_and_macro_answers_whether_there_is_something_or_not() {
    let duck = duck().await;
    let relations = duck
        .query(
            "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main' \
             UNION ALL SELECT schema_name || '.' || function_name || '(7)' FROM duckdb_functions() \
                       WHERE NOT internal AND function_type = 'table_macro' AND parameters = ['at_commit'] \
             ORDER BY ALL",
        )
        .await;
    let relations: BTreeSet<String> = relations.iter().map(|row| text(&row[0])).collect();
    for name in ["main.annotations", "main.annotations_at(7)", "main.quarantine", "main.visible_loads_at(7)"] {
        assert!(relations.contains(name), "{name}");
    }
    for relation in &relations {
        let count = duck.number(&format!("SELECT count(*) FROM {relation}")).await;
        assert_eq!(count, rows_at_first(relation), "{relation}");
    }
    for (table, columns) in tables(&duck).await {
        // Not hidden by another load.
        duck.write(&insert(&table, &columns, Some(("superseded_by", "NULL")))).await;
    }
    for relation in &relations {
        duck.query(&format!("FROM {relation}")).await;
    }
    // All rows are of one load, and it's committed.
    for view in ["raw_documents", "annotations", "structured_data", "rejected_rows", "load_profiles"] {
        assert_eq!(duck.number(&format!("SELECT count(*) FROM {view}")).await, 1, "{view}");
    }
}

/// A reader of a script meets each table with words on what its rows are.
#[test]
fn every_table_has_a_comment_above_it() {
    for script in SCRIPTS {
        let lines: Vec<&str> = script.lines().collect();
        for (above, table) in lines.iter().zip(&lines[1..]).filter(|(_, line)| line.starts_with("CREATE TABLE")) {
            assert!(above.starts_with("-- ") && above.len() > 10, "{table}");
        }
    }
}
