//! The SQL gate on real DuckDB: what is let through gives the rows that it gave before, and DuckDB reads nothing in it that the gate
//! didn't see.

use living_core::sql::Literal;
use living_sqlgate::{Gate, Policy, Shadows};
use native_tests::sqlgate::{ALLOWED, Oracle, corpus, fixture, gate, mutant, seeds};
use serde_json::Value;

/// Attacks and queries that are mangled for the differential test. `scripts/fuzz sqlgate` goes on for longer.
const MUTANTS: usize = 20_000;

#[tokio::test]
async fn a_query_gives_the_same_rows_and_columns_through_the_gate() {
    let Some((oracle, queries)) = oracle_with_fixture().await else { return };
    let mut seen = 0;
    for query in queries {
        // A sample is another one each time.
        if query.contains("TABLESAMPLE bernoulli") || query.contains("USING SAMPLE") && !query.contains("REPEATABLE") {
            continue;
        }
        let Ok(admitted) = gate().check(&query) else { continue };
        let (Ok(direct), Ok(through)) = (oracle.run(&query).await, oracle.run(admitted.sql()).await) else {
            panic!("one of them fails:\n{query}\n{}", admitted.sql());
        };
        assert_eq!(sorted(&direct.rows), sorted(&through.rows), "{query}\n{}", admitted.sql());
        assert_eq!(direct.columns.len(), through.columns.len(), "{query}");
        let limited = oracle.run(&admitted.limited(&Shadows::none(), 3)).await.expect("a limited query runs");
        assert_eq!(limited.rows.len(), direct.rows.len().min(3), "{query}");
        seen += 1;
    }
    assert!(seen > 200, "only {seen} queries were compared");
}

#[tokio::test]
async fn a_query_reads_shadows_in_place_of_relations() {
    let Some((oracle, queries)) = oracle_with_fixture().await else { return };
    let relations = native_tests::sqlgate::RELATIONS;
    // Shadows that hold the same rows: nothing may change.
    let same =
        relations.iter().fold(Shadows::none(), |shadows, name| shadows.with(*name, format!("FROM main.{name}_now")));
    for name in relations {
        oracle.run(&format!("CREATE VIEW {name}_now AS FROM {name}")).await.expect("a view is made");
    }
    let expected = rows_of_all(&oracle, &queries, |admitted| admitted.sql().to_owned()).await;
    let shadowed = rows_of_all(&oracle, &queries, |admitted| admitted.at(&same)).await;
    for ((query, expected), (_, shadowed)) in expected.iter().zip(&shadowed) {
        assert_eq!(expected, shadowed, "{query}");
    }
    // Shadows without rows: no row of a relation may come through, by whatever name it's read.
    let none = relations
        .iter()
        .fold(Shadows::none(), |shadows, name| shadows.with(*name, format!("FROM main.{name} LIMIT 0")));
    for query in [
        "FROM annotations",
        "FROM main.annotations",
        "WITH annotations AS (FROM annotations) FROM annotations",
        "SELECT a.* FROM (SELECT * FROM annotations) a",
        "SELECT main.annotations.entity_type FROM main.annotations",
        "FROM entity_types WHERE entity_type IN (SELECT entity_type FROM annotations)",
        "FROM annotations UNION ALL BY NAME FROM annotations",
        "WITH RECURSIVE r(n) AS (SELECT span_start FROM annotations UNION SELECT n FROM r) FROM r",
        "PIVOT annotations ON entity_type IN ('owner') USING count(*) GROUP BY annotator",
        "SELECT unnest(array(SELECT entity_type FROM annotations))",
    ] {
        let sql = gate().check(query).expect("it's admitted").at(&none);
        assert_eq!(oracle.run(&sql).await.expect("it runs").rows, Vec::<Vec<Value>>::new(), "{sql}");
    }
}

#[tokio::test]
async fn a_row_limit_keeps_the_order() {
    let oracle = Oracle::start().await;
    for query in [
        "SELECT range AS n FROM range(10) ORDER BY n DESC",
        "SELECT range AS n FROM range(10) ORDER BY n DESC LIMIT 5",
        "SELECT range AS n FROM range(10) ORDER BY n DESC LIMIT (2 + 3)",
        "SELECT range AS n FROM range(10) ORDER BY n DESC LIMIT 50%",
        "(SELECT range AS n FROM range(10)) ORDER BY n DESC",
        "SELECT range AS n FROM range(10) ORDER BY n DESC LIMIT NULL",
    ] {
        let sql = gate().check(query).expect("it's admitted").limited(&Shadows::none(), 3);
        let rows = oracle.run(&sql).await.expect("it runs").rows;
        assert_eq!(rows, [[9], [8], [7]].map(|row| row.map(Value::from).to_vec()), "{sql}");
    }
}

#[tokio::test]
async fn duckdb_reads_nothing_in_a_query_that_the_gate_did_not_see() {
    let oracle = Oracle::start().await;
    if corpus("legit.jsonl").is_none() {
        println!("without the shared corpora: LIVING_SCHEMA_DATA is not there");
    }
    let seeds = seeds();
    let mut chance = fuzzing::Chance::new(1);
    let mutants = (0..MUTANTS).map(|_| mutant(&seeds, &mut chance));
    let queries: Vec<String> = seeds.iter().cloned().chain(mutants).collect();
    let admitted: Vec<_> = queries.iter().filter_map(|query| gate().check(query).ok()).collect();
    assert!(admitted.len() > 1_000, "only {} of the mutants are admitted", admitted.len());
    for some in admitted.chunks(200) {
        let differences = oracle.differences(some).await;
        assert!(differences.is_empty(), "{differences:#?}");
    }
}

#[tokio::test]
async fn every_function_of_duckdb_is_either_allowed_or_refused_for_a_reason() {
    let oracle = Oracle::start().await;
    let gate = Gate::new(Policy::new(["t"]));
    let sql = "SELECT DISTINCT lower(function_name), function_type LIKE 'table%' FROM duckdb_functions() WHERE function_type <> 'pragma'";
    for row in oracle.run(sql).await.expect("functions are listed").rows {
        let (name, is_table) = (row[0].as_str().expect("a name"), row[1] == true);
        let quoted = format!("\"{name}\"");
        let query = if is_table { format!("FROM {quoted}()") } else { format!("SELECT {quoted}(1, 1, 1)") };
        let Err(refusal) = gate.check(&query) else { continue };
        let is_operator = !name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let has_no_reason = refusal.reason.contains("it is not on the gate's list") && !is_operator;
        // What only makes rows of its arguments is for FROM; what is refused there for no other reason has to be named here.
        let is_unsorted_table =
            refusal.reason.contains("only functions that make rows") && !["histogram", "repeat"].contains(&name);
        assert!(!has_no_reason && !is_unsorted_table, "{name}: {refusal}");
    }
}

#[tokio::test]
async fn every_function_on_the_list_is_there_in_duckdb() {
    let oracle = Oracle::start().await;
    // Forms that the parser knows by name.
    let forms = [
        "coalesce",
        "date",
        "grouping",
        "grouping_id",
        "if",
        "ifnull",
        "percentile_cont",
        "percentile_disc",
        "try",
        "unnest",
    ];
    for name in living_sqlgate::functions().filter(|name| !forms.contains(name)) {
        let sql =
            format!("SELECT count(*) FROM duckdb_functions() WHERE lower(function_name) = {}", Literal::Text(name));
        let rows = oracle.run(&sql).await.expect("functions are counted").rows;
        assert_ne!(rows[0][0], 0, "{name}");
    }
}

async fn oracle_with_fixture() -> Option<(Oracle, Vec<String>)> {
    let (Some(fixture), Some(legitimate)) = (fixture(), corpus("legit.jsonl")) else {
        println!("SKIPPED: LIVING_SCHEMA_DATA is not there");
        return None;
    };
    let oracle = Oracle::start().await;
    oracle.run(&fixture).await.expect("the fixture applies");
    Some((oracle, legitimate.into_iter().chain(ALLOWED.lines().map(str::to_owned)).collect()))
}

async fn rows_of_all(
    oracle: &Oracle,
    queries: &[String],
    sql: impl Fn(&living_sqlgate::Admitted) -> String,
) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for query in queries.iter().filter(|query| !query.to_lowercase().contains("sample")) {
        let sql = sql(&gate().check(query).expect("it's admitted"));
        // DESCRIBE tells a view's keys from a table's.
        if sql.contains("DESCRIBE") || sql.contains("SUMMARIZE") {
            oracle.run(&sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
            continue;
        }
        let result = oracle.run(&sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
        all.push((sql, sorted(&result.rows)));
    }
    all
}

fn sorted(rows: &[Vec<Value>]) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(|row| Value::from(row.clone()).to_string()).collect();
    rows.sort_unstable();
    rows
}
