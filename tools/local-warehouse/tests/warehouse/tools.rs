//! What the two tools do and refuse.

use local_warehouse::{Config, ReplyStyle};
use serde_json::json;

use crate::client::{BOTH_STYLES, Client, READ_ONLY, config, start, start_with};

/// Statements that would change something, or act outside the transaction.
const WRITES: &[&str] = &[
    "INSERT INTO t VALUES (2)",
    "INSERT INTO t VALUES (2) RETURNING a",
    "UPDATE t SET a = 2",
    "DELETE FROM t",
    "TRUNCATE t",
    "MERGE INTO t USING (SELECT 9 AS a) s ON t.a = s.a WHEN NOT MATCHED THEN INSERT",
    "CREATE TABLE u (a INTEGER)",
    "CREATE TEMP TABLE u (a INTEGER)",
    "CREATE OR REPLACE VIEW v AS SELECT 1",
    "CREATE SECRET s (TYPE s3)",
    "DROP TABLE t",
    "ALTER TABLE t ADD COLUMN b INTEGER",
    "COPY t TO 'r2://bucket/t.csv'",
    "COPY t FROM 'r2://bucket/t.csv'",
    "EXPLAIN ANALYZE COPY t TO 'r2://bucket/t.csv'",
    "EXPLAIN ANALYZE INSERT INTO t VALUES (2)",
    "EXPORT DATABASE 'r2://bucket/dump'",
    "IMPORT DATABASE 'r2://bucket/dump'",
    "ATTACH ':memory:' AS other",
    "DETACH memory",
    "USE memory",
    "INSTALL spatial",
    "LOAD spatial",
    "UPDATE EXTENSIONS",
    "SET TimeZone = 'Asia/Tokyo'",
    "SET VARIABLE v = 1",
    "RESET TimeZone",
    "PRAGMA enable_profiling",
    "CALL enable_logging()",
    "FROM Enable_Logging(storage = 'file')",
    "CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "PREPARE p AS INSERT INTO t VALUES (2)",
    "BEGIN",
    "COMMIT",
    "SELECT nextval('s')",
];

#[tokio::test]
async fn a_statement_that_runs_gives_columns_types_and_rows() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        let created = client.query_rw("CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR)").await;
        assert_eq!(
            created,
            json!({ "success": true, "columns": ["Count"], "columnTypes": ["BIGINT"], "rows": [], "rowCount": 0 })
        );
        let inserted = client.query_rw("INSERT INTO t VALUES (1, 'one'), (2, NULL)").await;
        assert_eq!(
            inserted,
            json!({ "success": true, "columns": ["Count"], "columnTypes": ["BIGINT"], "rows": [[2]], "rowCount": 1 })
        );
        let selected = client.query("FROM t ORDER BY a").await;
        assert_eq!(
            selected,
            json!({ "success": true, "columns": ["a", "b"], "columnTypes": ["INTEGER", "VARCHAR"], "rows": [[1, "one"], [2, null]], "rowCount": 2 })
        );
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_failure_has_duckdbs_own_words_and_the_python_clients_class() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    client.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER NOT NULL)").await;
    client.run("INSERT INTO t VALUES (1, 1)").await;
    for (sql, message, class) in [
        (
            "INSERT INTO t VALUES (1, 1)",
            "Constraint Error: Duplicate key \"a: 1\" violates primary key constraint.",
            "ConstraintException",
        ),
        ("INSERT INTO t VALUES (2, NULL)", "Constraint Error: NOT NULL constraint failed: t.b", "ConstraintException"),
        ("SELECT * FROM nowhere", "Catalog Error: Table with name nowhere does not exist!", "CatalogException"),
        ("SELECT c FROM t", "Binder Error: Referenced column \"c\" not found in FROM clause!", "BinderException"),
        ("SELEC 1", "Parser Error: syntax error at or near \"SELEC\"", "ParserException"),
        ("SELECT 'x'::INTEGER", "Conversion Error: Could not convert string 'x' to INT32", "ConversionException"),
        (
            "SELECT 300::INTEGER::TINYINT",
            "Conversion Error: Type INT32 with value 300 can't be cast",
            "ConversionException",
        ),
        (
            "SELECT 9223372036854775807 + 1::BIGINT",
            "Out of Range Error: Overflow in addition of INT64",
            "OutOfRangeException",
        ),
        ("SELECT error('stop')", "Invalid Input Error: stop", "InvalidInputException"),
        (
            "SELECT * FROM read_csv('/etc/passwd')",
            "Permission Error: Cannot access file \"/etc/passwd\"",
            "PermissionException",
        ),
        (
            "SELECT ?",
            "Invalid Input Error: Values were not provided for the following prepared statement parameters: 1",
            "InvalidInputException",
        ),
        ("SELECT '\u{0}'", "Invalid Input Error: the text has a NUL character at byte 8", "InvalidInputException"),
        ("-- nothing", "Invalid Input Error: the text has no SQL statement", "InvalidInputException"),
    ] {
        let result = client.query_rw(sql).await;
        let error = result["error"].as_str().unwrap();
        assert!(error.starts_with(message), "{sql}: {error}");
        assert_eq!((&result["success"], &result["errorType"]), (&json!(false), &json!(class)), "{sql}");
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn where_only_reading_is_allowed_nothing_is_changed() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let writer = Client::connect(&warehouse).await;
    let reader = Client::connect_to(warehouse.url(), READ_ONLY).await;
    for sql in ["CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)", "CREATE SEQUENCE s"] {
        writer.run(sql).await;
    }
    let state = "SELECT (SELECT list(a) FROM t), (SELECT list(table_name) FROM duckdb_tables()), \
        (SELECT list(view_name) FROM duckdb_views() WHERE NOT internal), (SELECT count(*) FROM duckdb_secrets()), \
        (SELECT count(*) FROM duckdb_databases()), (SELECT last_value FROM duckdb_sequences()), \
        (SELECT list(name || value ORDER BY name) FROM duckdb_settings())";
    let before = writer.rows(state).await;
    for sql in WRITES {
        for result in [writer.query(sql).await, reader.query(sql).await, reader.query_rw(sql).await] {
            assert_eq!(result["success"], false, "{sql}: {result}");
        }
    }
    assert_eq!(writer.rows(state).await, before);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn queries_of_every_form_are_allowed_where_only_reading_is() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    client.run("CREATE TABLE t AS SELECT range AS a, range % 2 AS b FROM range(4)").await;
    for sql in [
        "FROM t",
        "WITH x AS (SELECT 1) FROM x",
        "VALUES (1)",
        "TABLE t",
        "SHOW TABLES",
        "DESCRIBE t",
        "SUMMARIZE t",
        "EXPLAIN FROM t",
        "  explain analyze SELECT count(*) FROM t",
        "PRAGMA table_info('t')",
        "PIVOT t ON b USING sum(a)",
        "UNPIVOT t ON a, b",
        "SELECT 1; -- a comment",
        "SELECT ';'",
    ] {
        let result = client.query(sql).await;
        assert_eq!(result["success"], true, "{sql}: {result}");
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_read_only_token_reads_with_both_tools() {
    let warehouse = start(ReplyStyle::StatefulSse).await;
    Client::connect(&warehouse).await.run("CREATE TABLE t AS SELECT 5 AS a").await;
    let reader = Client::connect_to(warehouse.url(), READ_ONLY).await;
    assert_eq!(reader.query("FROM t").await["rows"], json!([[5]]));
    assert_eq!(reader.query_rw("FROM t").await["rows"], json!([[5]]));
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_configured_database_is_served() {
    let warehouse = start_with(Config { database_name: "it's \"quoted\"".to_owned(), ..config() }).await;
    let client = Client::connect(&warehouse).await;
    let call = async |database: &str| {
        client.call("query_rw", json!({ "database": database, "sql": "SELECT current_database()" })).await
    };
    assert_eq!(call("it's \"quoted\"").await["rows"], json!([["it's \"quoted\""]]));
    let refused = call("living_schema").await;
    assert_eq!(refused["errorType"], "CatalogException");
    assert!(refused["error"].as_str().unwrap().contains("living_schema"), "{refused}");
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn there_is_no_second_database_to_write_to() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    let databases = client.rows("SELECT database_name FROM duckdb_databases() WHERE NOT internal").await;
    assert_eq!(databases, json!([["living_schema"]]));
    for sql in ["CREATE TABLE memory.main.t (a INTEGER)", "USE memory", "ATTACH ':memory:' AS other"] {
        assert_eq!(client.query_rw(sql).await["success"], false, "{sql}");
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_connection_reaches_another_call() {
    let warehouse = start(ReplyStyle::StatefulSse).await;
    let (first, second) = (Client::connect(&warehouse).await, Client::connect(&warehouse).await);
    for sql in [
        "SET TimeZone = 'Asia/Tokyo'",
        "SET GLOBAL TimeZone = 'Asia/Tokyo'",
        "SET VARIABLE v = 1",
        "CREATE TEMP TABLE mine (a INTEGER)",
        "SET search_path = 'system.main'",
    ] {
        first.run(sql).await;
    }
    for client in [&first, &second] {
        let rows = client
            .rows("SELECT current_setting('TimeZone'), getvariable('v'), current_database(), current_schema()")
            .await;
        assert_eq!(rows, json!([["UTC", null, "living_schema", "main"]]));
        assert_eq!(client.query("FROM mine").await["errorType"], "CatalogException");
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn settings_of_the_whole_instance_are_locked() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    for setting in
        ["memory_limit = '1GB'", "threads = 1", "enable_external_access = true", "lock_configuration = false"]
    {
        let result = client.query_rw(&format!("SET GLOBAL {setting}")).await;
        let error = result["error"].as_str().unwrap();
        assert!(error.contains("the configuration has been locked"), "{setting}: {error}");
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_text_with_several_statements_is_refused_unless_allowed() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    let refused = client.query_rw("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)").await;
    assert_eq!(refused["error"], "Invalid Input Error: one statement per call is allowed; this text has 2");
    assert_eq!(client.query("FROM t").await["errorType"], "CatalogException");
    let refused = client.query_rw("BEGIN").await;
    assert!(refused["error"].as_str().unwrap().contains("transaction of its own"), "{refused}");
    warehouse.stop().await.unwrap();

    let warehouse = start_with(Config { allow_multiple_statements: true, ..config() }).await;
    let client = Client::connect(&warehouse).await;
    let rows = client.query_rw("BEGIN; CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1); COMMIT; FROM t").await;
    assert_eq!(rows["rows"], json!([[1]]));
    let escaped = client.query("COMMIT; INSERT INTO t VALUES (2)").await;
    assert_eq!(escaped["success"], false);
    assert_eq!(client.rows("FROM t").await, json!([[1]]));
    warehouse.stop().await.unwrap();
}
