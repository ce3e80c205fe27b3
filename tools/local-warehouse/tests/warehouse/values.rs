//! Values on their way out.

use local_warehouse::{Config, Limits, ReplyStyle};
use serde_json::{Value, json};

use crate::client::{Client, config, start, start_with};

#[tokio::test]
async fn numbers_and_nested_values_are_json_where_json_has_them() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    for (expression, value, data_type) in [
        ("NULL", json!(null), "INTEGER"),
        ("true", json!(true), "BOOLEAN"),
        ("(-128)::TINYINT", json!(-128), "TINYINT"),
        ("9223372036854775807::BIGINT", json!(9_223_372_036_854_775_807_i64), "BIGINT"),
        ("18446744073709551615::UBIGINT", json!(18_446_744_073_709_551_615_u64), "UBIGINT"),
        ("sum(5::BIGINT)", json!(5), "HUGEINT"),
        ("18446744073709551615::HUGEINT", json!(18_446_744_073_709_551_615_u64), "HUGEINT"),
        ("(-9223372036854775809)::HUGEINT", json!("-9223372036854775809"), "HUGEINT"),
        (
            "340282366920938463463374607431768211455::UHUGEINT",
            json!("340282366920938463463374607431768211455"),
            "UHUGEINT",
        ),
        ("0.1::DOUBLE", json!(0.1), "DOUBLE"),
        ("1e300::DOUBLE", json!(1e300), "DOUBLE"),
        ("0.1::FLOAT", json!(f64::from(0.1_f32)), "FLOAT"),
        ("'nan'::DOUBLE", json!("nan"), "DOUBLE"),
        ("'-inf'::FLOAT", json!("-inf"), "FLOAT"),
        ("'inf'::DOUBLE", json!("inf"), "DOUBLE"),
        ("1.50::DECIMAL(10,2)", json!("1.50"), "DECIMAL(10,2)"),
        ("'{\"a\": [1, null]}'::JSON", json!("{\"a\": [1, null]}"), "JSON"),
        ("'b'''::ENUM('a', 'b''')", json!("b'"), "ENUM('a', 'b''')"),
        ("[1, NULL, 3]", json!([1, null, 3]), "INTEGER[]"),
        ("[]::INTEGER[]", json!([]), "INTEGER[]"),
        ("[1, 2]::INTEGER[2]", json!([1, 2]), "INTEGER[2]"),
        (
            "{'a': 1, 'b c': [DATE '2024-01-31']}",
            json!({ "a": 1, "b c": ["2024-01-31"] }),
            "STRUCT(a INTEGER, \"b c\" DATE[])",
        ),
        ("row(1, 'x')", json!([1, "x"]), "STRUCT(INTEGER, VARCHAR)"),
        ("MAP {'k': 1.5, 'l': NULL}", json!({ "k": "1.5", "l": null }), "MAP(VARCHAR, DECIMAL(2,1))"),
        ("MAP {DATE '2024-01-31': 1}", json!({ "2024-01-31": 1 }), "MAP(DATE, INTEGER)"),
        ("MAP {[1]: 2}", json!({ "key": [[1]], "value": [2] }), "MAP(INTEGER[], INTEGER)"),
        ("union_value(n := 3)", json!(3), "UNION(n INTEGER)"),
        (
            "[340282366920938463463374607431768211455::UHUGEINT]",
            json!(["340282366920938463463374607431768211455"]),
            "UHUGEINT[]",
        ),
        ("'a\"\\é😀' || chr(0) || chr(10)", json!("a\"\\é😀\u{0}\n"), "VARCHAR"),
    ] {
        let result = client.query(&format!("SELECT {expression}")).await;
        assert_eq!(
            (&result["rows"][0][0], &result["columnTypes"][0]),
            (&value, &json!(data_type)),
            "{expression}: {result}"
        );
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn everything_else_is_text_exactly_as_duckdb_prints_it() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    let decimals = [
        "0.5::DECIMAL(3,3)",
        "-99.9::DECIMAL(4,1)",
        "0::DECIMAL(9,9)",
        "-123456789.123456789::DECIMAL(18,9)",
        "99999999999999999999999999999999999999::DECIMAL(38,0)",
        "-0.00000000000000000000000000000000000001::DECIMAL(38,38)",
    ];
    let times = [
        "DATE '2024-02-29'",
        "'infinity'::DATE",
        "'-infinity'::DATE",
        "DATE '0044-03-15 (BC)'",
        "'5881580-07-10'::DATE",
        "TIME '23:59:59.5'",
        "TIME_NS '01:02:03.123456789'",
        "TIMETZ '14:30:00-02:30'",
        "TIMESTAMP '2024-01-15 14:30:00.000001'",
        "TIMESTAMP '0001-01-01 00:00:00'",
        "'infinity'::TIMESTAMP",
        "TIMESTAMP '294247-01-10 04:00:54.775806'",
        "TIMESTAMP_S '2024-01-15 14:30:00'",
        "TIMESTAMP_MS '2024-01-15 14:30:00.123'",
        "TIMESTAMP_NS '2024-01-15 14:30:00.123456789'",
        "TIMESTAMPTZ '2024-01-15 14:30:00.1+05:30'",
        "'-infinity'::TIMESTAMPTZ",
        "INTERVAL '1 year 2 months 3 days 04:05:06.7'",
        "INTERVAL '-1 month 1 microsecond'",
    ];
    let bytes = [
        "'\\x00\\xFFabc'''::BLOB",
        "''::BLOB",
        "'0101010101'::BIT",
        "'1'::BIT",
        "'00000000-0000-0000-0000-000000000000'::UUID",
        "'ffffffff-ffff-4fff-8fff-ffffffffffff'::UUID",
        "'7fffffff-ffff-ffff-ffff-ffffffffffff'::UUID",
        "'12345678901234567890123456789012345678901234567890'::BIGNUM",
        "'-1'::BIGNUM",
        "'0'::BIGNUM",
    ];
    for expression in decimals.iter().chain(&times).chain(&bytes) {
        let rows = client.rows(&format!("SELECT {expression} AS v, v::VARCHAR")).await;
        assert!(rows[0][0].is_string(), "{expression}: {rows}");
        assert_eq!(rows[0][0], rows[0][1], "{expression}");
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn every_chunk_of_a_result_is_read_at_its_own_rows() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    let rows =
        client.rows("SELECT range, CASE WHEN range % 3 > 0 THEN [range] END, {'x': range} FROM range(2_000)").await;
    let expected: Vec<Value> =
        (0..2_000).map(|n| json!([n, if n % 3 == 0 { Value::Null } else { json!([n]) }, { "x": n }])).collect();
    assert_eq!(rows, Value::from(expected));
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn enums_of_every_size_give_their_own_values() {
    // The type's name lists all values.
    let limits = Limits { characters: 10_000_000, ..Limits::default() };
    let warehouse = start_with(Config { limits, reply_style: ReplyStyle::StatelessJson, ..config() }).await;
    let client = Client::connect(&warehouse).await;
    for size in [1, 255, 256, 257, 65_535, 65_536, 65_537] {
        client.run(&format!("CREATE OR REPLACE TYPE e AS ENUM (SELECT 'v' || range FROM range({size}))")).await;
        let last = format!("v{}", size - 1);
        assert_eq!(
            client.rows(&format!("SELECT '{last}'::e, ['v0', '{last}']::e[]")).await,
            json!([[last, ["v0", last]]])
        );
        client.run("DROP TYPE e").await;
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_column_that_cannot_be_returned_is_refused_before_the_statement_runs() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    client.run("CREATE TABLE t (v VARIANT)").await;
    let refused = client.query_rw("INSERT INTO t VALUES (1::VARIANT) RETURNING [v] AS vs").await;
    assert_eq!(
        refused["error"],
        "Invalid Input Error: column \"vs\" holds values of type VARIANT, which this warehouse can't return; cast it to VARCHAR or JSON"
    );
    assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[0]]));
    warehouse.stop().await.unwrap();
}
