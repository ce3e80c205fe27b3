//! Both ways to the warehouse: the same values, the same errors; and what the Postgres protocol adds.

use std::time::{Duration, Instant};

use living_core::sql::Statement;
use living_warehouse::{Endpoint, ErrorClass, McpWarehouse, PostgresWarehouse, Warehouse};
use local_warehouse::{Config, LocalWarehouse, Token, Tokens};
use native_tests::{Faults, HttpTransport, TcpNetwork, postgres_client};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

struct Both {
    server: LocalWarehouse,
    mcp: McpWarehouse<HttpTransport>,
    postgres: PostgresWarehouse<TcpNetwork>,
}

async fn start() -> Both {
    start_with(|_| {}).await
}

async fn start_with(change: impl FnOnce(&mut Config)) -> Both {
    let tokens =
        Tokens { read_write: Token::new("test-token").unwrap(), read_only: Some(Token::new("read-token").unwrap()) };
    let mut config = Config::new(tokens);
    config.threads = Some(2);
    change(&mut config);
    let server = LocalWarehouse::start(config).await.unwrap();
    let endpoint = Endpoint {
        url: server.url().to_owned(),
        token: "test-token".to_owned(),
        database: Some(local_warehouse::DEFAULT_DATABASE_NAME.to_owned()),
    };
    let mcp = McpWarehouse::new(endpoint, HttpTransport::new(Faults::none()));
    let postgres = postgres_client(&server, "test-token", PATIENCE);
    Both { server, mcp, postgres }
}

impl Both {
    async fn set_faults(&self, rules: &Value) {
        let url = self.server.url().replace("/mcp", "/faults");
        let request = reqwest::Client::new().post(url).bearer_auth("test-token").body(rules.to_string());
        let response = request.header("content-type", "application/json").send().await.unwrap();
        assert!(response.status().is_success(), "{:?}", response.text().await);
    }

    async fn count(&self) -> Value {
        self.mcp.run(&Statement::read("SELECT count(*) FROM t")).await.unwrap().rows[0][0].clone()
    }
}

#[tokio::test]
async fn a_value_of_every_type_is_the_same_by_both_ways() {
    let both = start().await;
    let expressions = [
        "NULL",
        "true",
        "(-128)::TINYINT",
        "255::UTINYINT",
        "(-32768)::SMALLINT",
        "65535::USMALLINT",
        "(-2147483648)::INTEGER",
        "4294967295::UINTEGER",
        "9223372036854775807::BIGINT",
        "18446744073709551615::UBIGINT",
        "sum(5::BIGINT)",
        "18446744073709551615::HUGEINT",
        "(-9223372036854775809)::HUGEINT",
        "340282366920938463463374607431768211455::UHUGEINT",
        "'12345678901234567890123456789012345678901234567890'::BIGNUM",
        "'0'::BIGNUM",
        "0.1::DOUBLE",
        "1e300::DOUBLE",
        "-5e-324::DOUBLE",
        "0.1::FLOAT",
        "1e-45::FLOAT",
        "'nan'::DOUBLE",
        "'-inf'::FLOAT",
        "'inf'::DOUBLE",
        "1.50::DECIMAL(10,2)",
        "-0.00000000000000000000000000000000000001::DECIMAL(38,38)",
        "'{\"a\": [1, null]}'::JSON",
        "'null'::JSON",
        "'b'''::ENUM('a', 'b''')",
        "''",
        "'a\"\\é😀' || chr(0) || chr(10)",
        "[1, NULL, 3]",
        "[]::INTEGER[]",
        "[1, 2]::INTEGER[2]",
        "['a', NULL, 'b,c']",
        "{'a': 1, 'b c': [DATE '2024-01-31'], 'd': 1.5}",
        "row(1, 'x')",
        "MAP {'k': 1.5, 'l': NULL}",
        "MAP {[1]: 2}",
        "union_value(n := 3)",
        "union_value(s := 'text')",
        "[340282366920938463463374607431768211455::UHUGEINT]",
        "['0.1', 'nan']::DOUBLE[]",
        "'\\x00\\xFFabc''\"\\x5C'::BLOB",
        "''::BLOB",
        "'0101010101'::BIT",
        "'7fffffff-ffff-ffff-ffff-ffffffffffff'::UUID",
        "DATE '2024-02-29'",
        "'infinity'::DATE",
        "DATE '0044-03-15 (BC)'",
        "TIME '23:59:59.5'",
        "TIME_NS '01:02:03.123456789'",
        "TIMETZ '14:30:00-02:30'",
        "TIMESTAMP '2024-01-15 14:30:00.000001'",
        "'-infinity'::TIMESTAMP",
        "TIMESTAMP_S '2024-01-15 14:30:00'",
        "TIMESTAMP_MS '2024-01-15 14:30:00.123'",
        "TIMESTAMP_NS '2024-01-15 14:30:00.123456789'",
        "TIMESTAMPTZ '2024-01-15 14:30:00.1+05:30'",
        "INTERVAL '1 year 2 months 3 days 04:05:06.7'",
        "INTERVAL '-1 month 1 microsecond'",
    ];
    for expression in expressions {
        for sql in [format!("SELECT {expression} AS v"), format!("SELECT NULLIF({expression}, {expression}) AS v")] {
            let statement = Statement::read(sql.clone());
            let by_mcp = both.mcp.run_page(&statement).await.unwrap();
            assert_eq!(both.postgres.run_page(&statement).await.unwrap(), by_mcp, "{sql}");
            let rows = both.postgres.run(&statement).await.unwrap().rows;
            assert_eq!(rows, by_mcp.result.rows, "{sql}");
        }
    }
    both.server.stop().await.unwrap();
}

#[tokio::test]
async fn statements_that_write_give_the_same_by_both_ways() {
    let (one, other) = (start().await, start().await);
    for sql in [
        "CREATE TABLE t (n INTEGER PRIMARY KEY, s VARCHAR)",
        "CREATE OR REPLACE VIEW v AS FROM t",
        "INSERT INTO t SELECT range, 'x' FROM range(10)",
        "INSERT INTO t VALUES (10, 'y'), (11, NULL) RETURNING n, s",
        "UPDATE t SET s = 'z' WHERE n > 3",
        "DELETE FROM t WHERE n > 90",
        "DELETE FROM t",
        "DROP VIEW v",
    ] {
        let by_mcp = one.mcp.run(&Statement::once(sql)).await.unwrap();
        let by_postgres = other.postgres.run(&Statement::once(sql)).await.unwrap();
        assert_eq!(by_postgres, by_mcp, "{sql}");
    }
    one.server.stop().await.unwrap();
    other.server.stop().await.unwrap();
}

#[tokio::test]
async fn errors_are_sorted_alike_by_both_ways() {
    let both = start_with(|config| config.limits.time = Duration::from_millis(300)).await;
    both.mcp.run(&Statement::once("CREATE TABLE t (n INTEGER PRIMARY KEY)")).await.unwrap();
    both.mcp.run(&Statement::once("INSERT INTO t VALUES (1)")).await.unwrap();
    let slow = "SELECT count(*) FROM range(1_000_000) a, range(1_000_000) b WHERE a.range + b.range = 7";
    for (statement, class) in [
        (Statement::read("SELEC 1"), ErrorClass::Permanent),
        (Statement::read("FROM nowhere"), ErrorClass::Permanent),
        (Statement::read("SELECT CAST('x' AS INTEGER)"), ErrorClass::Permanent),
        (Statement::once("INSERT INTO t VALUES (1)"), ErrorClass::Conflict),
        (Statement::once(format!("INSERT INTO t {slow}")), ErrorClass::TimeLimit),
        (Statement::read("INSERT INTO t VALUES (2)"), ErrorClass::Permanent),
        (Statement::read("SELECT 1; SELECT 2"), ErrorClass::Permanent),
    ] {
        let by_mcp = both.mcp.run(&statement).await.unwrap_err();
        let by_postgres = both.postgres.run(&statement).await.unwrap_err();
        assert_eq!((by_mcp.class, by_postgres.class), (class, class), "{statement:?} {by_mcp} {by_postgres}");
        assert_eq!(by_postgres.message, by_mcp.message, "{statement:?}");
    }
    assert_eq!(both.count().await, 1, "nothing of it was done");
    both.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_token_and_a_wrong_database_are_told_from_a_server_that_is_away() {
    let both = start().await;
    let class = async |client: &PostgresWarehouse<TcpNetwork>| {
        client.run(&Statement::once("SELECT 1")).await.map(drop).map_err(|error| error.class)
    };
    assert_eq!(class(&postgres_client(&both.server, "guessed", PATIENCE)).await, Err(ErrorClass::Auth));
    let reader = postgres_client(&both.server, "read-token", PATIENCE);
    assert_eq!(class(&reader).await, Ok(()));
    assert_eq!(
        reader.run(&Statement::once("CREATE TABLE x (n INTEGER)")).await.unwrap_err().class,
        ErrorClass::Permanent
    );
    let away = postgres_client(&both.server, "test-token", PATIENCE);
    both.server.stop().await.unwrap();
    assert_eq!(class(&away).await, Err(ErrorClass::Transient));
}

#[tokio::test]
async fn a_result_comes_whole_where_the_tools_stop_and_is_cut_where_a_worker_has_no_room() {
    let both = start().await;
    let rows = |n: u32| Statement::read(format!("SELECT range AS n, 'row ' || range AS s FROM range({n})"));
    assert!(both.mcp.run_page(&rows(50_000)).await.unwrap().truncated);
    let all = both.postgres.run(&rows(50_000)).await.unwrap().rows;
    assert_eq!((all.len(), &all[49_999]), (50_000, &vec![json!(49_999), json!("row 49999")]));
    let most = both.postgres.max_rows();
    assert!(both.postgres.run(&rows(most)).await.is_ok());
    let cut = both.postgres.run_page(&rows(most + 1)).await.unwrap();
    assert_eq!((cut.result.rows.len(), cut.truncated), (most as usize, true));
    assert_eq!(cut.result.column_types, ["BIGINT", "VARCHAR"]);
    assert_eq!(both.postgres.run(&rows(most + 1)).await.unwrap_err().class, ErrorClass::OverLimit);
    let wide = Statement::read("SELECT repeat('x', 10_000_000) FROM range(5)");
    let cut = both.postgres.run_page(&wide).await.unwrap();
    assert!(cut.truncated && cut.result.rows.len() == 3, "{}", cut.result.rows.len());
    assert_eq!(both.postgres.run(&Statement::read("SELECT 1")).await.unwrap().number(), Ok(1), "it goes on");
    both.server.stop().await.unwrap();
}

#[tokio::test]
async fn many_statements_at_once_get_their_own_answers() {
    let both = start().await;
    let statements: Vec<_> =
        (0..40).map(|n| Statement::read(format!("SELECT {n} + count(*) FROM range({n}000)"))).collect();
    let answers = futures_util::future::join_all(statements.iter().map(|statement| both.postgres.run(statement))).await;
    for (n, answer) in (0..40_u64).zip(answers) {
        assert_eq!(answer.unwrap().number(), Ok(n + n * 1000));
    }
    both.server.stop().await.unwrap();
}

/// What each fault leaves behind: whether the insert ran, and how the client sorts it.
#[tokio::test]
async fn a_statement_that_may_have_run_is_never_taken_for_one_that_did_not() {
    for (fault, class, rows) in [
        (json!({ "kind": "fail_before" }), ErrorClass::Transient, 0),
        (json!({ "kind": "status", "status": 429 }), ErrorClass::Transient, 0),
        (json!({ "kind": "status", "status": 403 }), ErrorClass::Auth, 0),
        (json!({ "kind": "status", "status": 404 }), ErrorClass::Ambiguous, 0),
        (json!({ "kind": "status", "status": 500 }), ErrorClass::Ambiguous, 0),
        (json!({ "kind": "stall" }), ErrorClass::TimeLimit, 0),
        (json!({ "kind": "drop_reply" }), ErrorClass::Ambiguous, 1),
        (json!({ "kind": "status_after", "status": 502 }), ErrorClass::Ambiguous, 1),
        (json!({ "kind": "garbage" }), ErrorClass::Ambiguous, 1),
        (json!({ "kind": "truncate" }), ErrorClass::Ambiguous, 1),
        (json!({ "kind": "stall_after" }), ErrorClass::TimeLimit, 1),
    ] {
        let both = start().await;
        both.mcp.run(&Statement::once("CREATE TABLE t (n INTEGER)")).await.unwrap();
        both.set_faults(&json!([{ "match": { "sql_contains": "INSERT" }, "fault": fault }])).await;
        let client = postgres_client(&both.server, "test-token", Duration::from_millis(300));
        let error = client.run(&Statement::once("INSERT INTO t VALUES (1)")).await.unwrap_err();
        assert_eq!(error.class, class, "{fault} {error}");
        assert_eq!(both.count().await, rows, "{fault}");
        both.server.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_not_seen_by_who_asked_for_something_repeatable() {
    let both = start().await;
    both.mcp.run(&Statement::once("CREATE TABLE t (n INTEGER PRIMARY KEY)")).await.unwrap();
    for fault in ["fail_before", "drop_reply", "garbage", "truncate", "stall_after"] {
        both.set_faults(&json!([{ "match": { "sql_contains": "SELECT 7", "times": 2 }, "fault": { "kind": fault } }]))
            .await;
        let client = postgres_client(&both.server, "test-token", Duration::from_millis(300));
        assert_eq!(client.run(&Statement::read("SELECT 7")).await.unwrap().number(), Ok(7), "{fault}");
    }
    both.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_statement_whose_client_gives_up_is_stopped() {
    let both = start().await;
    both.mcp.run(&Statement::once("CREATE TABLE t (n BIGINT)")).await.unwrap();
    let slow =
        "INSERT INTO t SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range + b.range = 7";
    let client = postgres_client(&both.server, "test-token", Duration::from_millis(200));
    let started = Instant::now();
    assert_eq!(client.run(&Statement::once(slow)).await.unwrap_err().class, ErrorClass::TimeLimit);
    let log: Vec<Value> = loop {
        let url = both.server.url().replace("/mcp", "/requests");
        let log: Vec<Value> = serde_json::from_str(
            &reqwest::Client::new().get(url).bearer_auth("test-token").send().await.unwrap().text().await.unwrap(),
        )
        .unwrap();
        let ended = |entry: &&Value| entry["method"] == "postgres" && entry["outcome"] != "running";
        if let Some(entry) = log.iter().find(ended) {
            assert_eq!(entry["outcome"], "cancelled", "{entry}");
            break log;
        }
        assert!(started.elapsed() < PATIENCE, "{log:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(log.iter().any(|entry| entry["sql"].as_str().unwrap().starts_with("INSERT INTO t SELECT")));
    both.server.stop().await.unwrap();
}
