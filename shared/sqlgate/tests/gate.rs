//! The gate as its users see it: what it lets through, what it refuses and where, and what comes out.

use std::{fmt::Write as _, path::PathBuf};

use living_sqlgate::{Code, Gate, Parameters, Policy, RelationName, Scalar, Shadows, Value};
use proptest::prelude::*;

/// Queries in DuckDB's dialect, a line each.
const ALLOWED: &str = include_str!("queries/allowed.sql");
/// Attacks, a line each.
const REFUSED: &str = include_str!("queries/refused.sql");

const RELATIONS: [&str; 9] = [
    "raw_documents",
    "annotations",
    "structured_data",
    "query_executions",
    "entity_conflicts",
    "field_definitions",
    "saved_queries",
    "entity_types",
    "schema_snapshots",
];

fn gate() -> Gate {
    Gate::new(Policy::new(RELATIONS))
}

fn sql(query: &str) -> String {
    gate().check(query).unwrap_or_else(|refusal| panic!("{refusal}\n{query}")).sql().to_owned()
}

fn reason(query: &str) -> String {
    match gate().check(query) {
        Ok(admitted) => panic!("admitted as {}\n{query}", admitted.sql()),
        Err(refusal) => refusal.to_string(),
    }
}

// ---- Corpora ----

#[test]
fn queries_of_analysts_are_admitted_and_print_as_what_they_are() {
    for query in ALLOWED.lines() {
        let printed = sql(query);
        assert_eq!(printed, sql(&printed), "{query}");
    }
}

#[test]
fn attacks_are_refused_each_with_a_reason_and_a_place() {
    for query in REFUSED.lines() {
        let Err(refusal) = gate().check(query) else { panic!("admitted: {query}") };
        assert!(!refusal.reason.is_empty());
        assert_eq!(refusal.position.line, 1, "{query}");
        assert!(refusal.position.column <= query.chars().count() + 1, "{refusal}: {query}");
    }
}

#[test]
fn the_shared_corpora_pass_and_fail_as_they_should() {
    let Some(folder) = shared_corpora() else {
        println!("SKIPPED: LIVING_SCHEMA_DATA is not there");
        return;
    };
    let attacks = corpus(&folder.join("attacks.jsonl"));
    let passed: Vec<_> = attacks.iter().filter(|query| gate().check(query).is_ok()).collect();
    assert!(passed.is_empty(), "attacks that pass: {passed:#?}");

    let legitimate = corpus(&folder.join("legit.jsonl"));
    let refused: Vec<_> =
        legitimate.iter().filter_map(|query| gate().check(query).err().map(|refusal| (query, refusal))).collect();
    assert!(refused.len() * 100 < legitimate.len() * 3, "more than 3 % of the queries are refused: {refused:#?}");
}

fn shared_corpora() -> Option<PathBuf> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("LIVING_SCHEMA_DATA").map_or_else(default, PathBuf::from).join("sql");
    folder.is_dir().then_some(folder)
}

fn corpus(file: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let entries = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    entries
        .map(|entry| match entry["gen"].as_str() {
            Some(spec) => expand(spec),
            None => entry["sql"].as_str().unwrap().to_owned(),
        })
        .collect()
}

/// The corpora's generated entries, `name:N`.
fn expand(spec: &str) -> String {
    let (name, n) = spec.split_once(':').unwrap();
    let n: usize = n.parse().unwrap();
    let around =
        |before: &str, inner: &str, after: &str| format!("SELECT {}{inner}{}", before.repeat(n), after.repeat(n));
    match name {
        "nested_parens" => around("(", "1", ")"),
        "nested_subqueries" => format!("{}SELECT 1 AS a{}", "SELECT * FROM (".repeat(n), ")".repeat(n)),
        "not_chain" => around("NOT ", "true", ""),
        "nested_list" => around("[", "1", "]"),
        "nested_case" => around("CASE WHEN true THEN ", "1", " END"),
        "plus_chain" => format!("SELECT 1{}", "+1".repeat(n)),
        "nested_comment" => format!("SELECT 1 {} x {}", "/*".repeat(n), "*/".repeat(n)),
        "union_chain" => format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(n)),
        "nested_func" => around("abs(", "1", ")"),
        "cross_join_chain" => {
            let tables: Vec<_> = (0..n).map(|i| format!("annotations t{i}")).collect();
            format!("SELECT count(*) FROM {}", tables.join(", "))
        }
        "cte_doubling" => {
            let mut ctes = "c0 AS (SELECT unnest([1, 2]) AS x)".to_owned();
            for i in 1..n {
                write!(ctes, ", c{i} AS (SELECT a.x FROM c{0} a, c{0} b)", i - 1).unwrap();
            }
            format!("WITH {ctes} SELECT count(*) FROM c{}", n - 1)
        }
        _ => panic!("unknown generator {name}"),
    }
}

// ---- Names ----

#[test]
fn a_relation_is_known_by_all_parts_of_its_name() {
    let policy =
        Policy::new([RelationName::from("annotations"), ("typed", "Flag register").into()]).with_database("warehouse");
    let gate = Gate::new(policy);
    for (query, allowed) in [
        ("FROM annotations", true),
        ("FROM ANNOTATIONS", true),
        ("FROM main.annotations", true),
        ("FROM warehouse.main.annotations", true),
        (r#"FROM typed."flag register""#, true),
        (r#"FROM "flag register""#, false),
        ("FROM typed.annotations", false),
        ("FROM other.main.annotations", false),
        ("FROM warehouse.annotations", false),
    ] {
        assert_eq!(gate.check(query).is_ok(), allowed, "{query}");
    }
}

#[test]
fn a_common_table_expression_allows_its_name_only_where_it_is_visible() {
    assert!(sql("WITH x AS (SELECT 1) FROM x").ends_with(r#"FROM "x""#));
    assert!(sql("WITH x AS (SELECT 1) SELECT (SELECT count(*) FROM X)").contains(r#"FROM "X""#));
    for query in [
        "WITH a AS (FROM b), b AS (SELECT 1) FROM a",
        "SELECT (WITH x AS (SELECT 1) FROM x), (FROM x)",
        "FROM (WITH x AS (SELECT 1) FROM x), x",
        "WITH x AS (FROM x) FROM x",
        "WITH RECURSIVE x AS (FROM x) FROM x",
    ] {
        assert!(reason(query).contains("is not allowed"), "{query}");
    }
}

#[test]
fn a_common_table_expression_hides_the_relation_of_its_name() {
    let admitted = gate().check("WITH annotations AS (SELECT 1) FROM annotations").unwrap();
    assert!(admitted.relations().is_empty());
    // In itself it doesn't yet.
    let admitted = gate().check("WITH annotations AS (FROM annotations LIMIT 1) FROM annotations").unwrap();
    assert_eq!(admitted.relations().len(), 1);
    assert!(admitted.sql().contains(r#"FROM "main"."annotations" LIMIT 1) SELECT * FROM "annotations""#));
}

#[test]
fn a_refusal_names_what_it_refuses_and_says_where_it_stands() {
    let refusal = gate().check("SELECT a\nFROM annotations,\n  read_csv('x')").unwrap_err();
    assert_eq!(refusal.code, Code::TableFunction);
    assert_eq!(
        refusal.to_string(),
        "line 3, column 3: the table function read_csv is not allowed: it reads files or other sources outside of the warehouse"
    );
    assert_eq!(
        reason("SELECT 'é', nextval('s')"),
        "line 1, column 13: the function nextval is not allowed: it changes something"
    );
    assert_eq!(reason("FROM annotations WHERE"), "line 1, column 23: expected an expression, but the text ends here");
    assert_eq!(
        reason("SELECT\u{200b}1"),
        "line 1, column 7: the character U+200B is not allowed outside of literals and quoted identifiers"
    );
    assert_eq!(reason("SELECT 1; -- a\rDROP TABLE x"), "line 2, column 1: only one statement is allowed at a time");
}

// ---- What comes out ----

#[test]
fn queries_that_differ_in_form_only_have_one_hash() {
    let hash = |query: &str| gate().check(query).unwrap().hash();
    let one = hash("SELECT count(*) FROM annotations WHERE confidence < 0.7");
    assert_eq!(one, hash("select   count(*) -- all\nfrom \"main\".annotations /* x */ where confidence<0.7;"));
    assert_ne!(one, hash("SELECT count(*) FROM annotations WHERE confidence < 0.8"));
    assert_eq!(one.len(), 64);
}

#[test]
fn a_query_tells_its_order_its_limit_and_its_parameters() {
    let admitted =
        gate().check("FROM annotations WHERE a = $name AND b = $name AND c = ? ORDER BY 1 LIMIT 1_000").unwrap();
    assert!(admitted.has_order());
    assert_eq!(admitted.limit(), Some(1000));
    assert_eq!(admitted.parameters(), ["$name", "$1"]);
    assert!(!gate().check("SELECT * FROM (FROM annotations ORDER BY 1)").unwrap().has_order());
    assert!(gate().check("(FROM annotations ORDER BY 1)").unwrap().has_order());
}

fn bound(query: &str, parameters: &Parameters) -> Result<String, String> {
    let admitted = gate().check_with(query, parameters);
    admitted.map(|admitted| admitted.sql().to_owned()).map_err(|refusal| refusal.to_string())
}

#[test]
fn parameters_are_put_in_place_as_literals_whatever_is_in_them() {
    let text = |text: &str| Value::from(Scalar::Text(text.to_owned()));
    let number = |number: i64| Value::from(Scalar::Integer(number));
    let positional = Parameters::positional([text("x' OR '1'='1"), number(-5)]);
    let sql = r#"SELECT * FROM "main"."annotations" WHERE "id" = 'x'' OR ''1''=''1' AND "confidence" > (- 5)"#;
    for query in
        ["FROM annotations WHERE id = ? AND confidence > ?", "FROM annotations WHERE id = $1 AND confidence > $2"]
    {
        assert_eq!(bound(query, &positional).unwrap(), sql, "{query}");
    }
    let list = Value::List(vec![Scalar::Null, Scalar::Boolean(true), Scalar::Double(0.1)]);
    let named = Parameters::named([("a".to_owned(), list)]);
    assert_eq!(bound("SELECT 1 IN $a", &named).unwrap(), "SELECT 1 IN [NULL, TRUE, 0.1]");
}

#[test]
fn values_don_t_change_the_hash_but_what_runs() {
    let checked = |n: i64| {
        let parameters = Parameters::positional([Scalar::Integer(n).into()]);
        gate().check_with("FROM annotations LIMIT ?", &parameters).unwrap()
    };
    assert_eq!(checked(1).hash(), checked(2).hash());
    assert_ne!(checked(1).sql(), checked(2).sql());
    assert_eq!(checked(2).limit(), Some(2));
}

#[test]
fn each_parameter_has_a_value_and_each_value_a_parameter() {
    let one = Parameters::positional([Scalar::Null.into()]);
    assert!(bound("SELECT $1, $2", &one).unwrap_err().ends_with("the parameter $2 has no value"));
    assert!(bound("SELECT 1", &one).unwrap_err().ends_with("the query has no parameter $1"));
    assert!(bound("SELECT $1", &Parameters::none()).is_err());
    // Values are seen by the rules of cost, as if they stood in the text.
    let many = Parameters::positional([Scalar::Integer(1_000_000_000_000).into()]);
    assert!(bound("SELECT count(*) FROM range(?)", &many).is_err());
    let long = Parameters::positional([Scalar::Text("x".repeat(100_000)).into()]);
    assert!(bound("SELECT ?", &long).is_err());
}

#[test]
fn a_query_tells_whether_the_clock_or_chance_has_a_part_in_it() {
    let repeats = |query: &str| gate().check(query).unwrap().is_repeatable();
    assert!(repeats("FROM annotations ORDER BY id LIMIT 3"));
    for query in [
        "SELECT now()",
        "SELECT current_date",
        "SELECT random() FROM annotations",
        "FROM annotations USING SAMPLE 3",
        "SELECT * FROM annotations TABLESAMPLE 3%",
        "SELECT (SELECT uuid())",
        "SELECT ago(INTERVAL 1 DAY)",
    ] {
        assert!(!repeats(query), "{query}");
    }
}

#[test]
fn a_schema_may_be_open() {
    let gate = Gate::new(Policy::new(["annotations"]).with_schema("typed"));
    let admitted = gate.check("FROM Typed.\"a \"\"b\"\"\" AS x JOIN annotations USING (id)").unwrap();
    assert!(admitted.sql().contains(r#""typed"."a ""b""""#), "{}", admitted.sql());
    assert!(gate.check("FROM derived.x").is_err());
}

#[test]
fn a_point_in_time_reaches_every_relation_and_no_common_table_expression() {
    let shadows = Shadows::none().with("annotations", "FROM annotations_at(42)");
    let at = |query: &str| gate().check(query).unwrap().at(&shadows);
    assert_eq!(
        at("SELECT a.x FROM main.annotations a, raw_documents"),
        r#"WITH "as of: main.annotations" AS (FROM annotations_at(42)) SELECT "a"."x" FROM "as of: main.annotations" AS "a", "main"."raw_documents""#
    );
    assert_eq!(
        at("WITH RECURSIVE annotations AS (FROM annotations) SELECT main.annotations.x FROM annotations"),
        r#"WITH RECURSIVE "as of: main.annotations" AS (FROM annotations_at(42)), "annotations" AS (SELECT * FROM "as of: main.annotations" AS "annotations") SELECT "annotations"."x" FROM "annotations""#
    );
    assert_eq!(
        at("DESCRIBE annotations"),
        r#"DESCRIBE WITH "as of: main.annotations" AS (FROM annotations_at(42)) SELECT * FROM "as of: main.annotations" AS "annotations""#
    );
    assert_eq!(at("FROM entity_types"), r#"SELECT * FROM "main"."entity_types""#);
}

#[test]
fn a_row_limit_is_the_smaller_of_two() {
    let limited = |query: &str| gate().check(query).unwrap().limited(&Shadows::none(), 100);
    assert_eq!(limited("VALUES (1)"), "VALUES (1) LIMIT 100");
    assert_eq!(limited("VALUES (1) LIMIT 5"), "VALUES (1) LIMIT 5");
    assert_eq!(limited("VALUES (1) LIMIT 500 OFFSET 2"), "VALUES (1) LIMIT 100 OFFSET 2");
    assert_eq!(limited("VALUES (1) LIMIT (2.5)"), r#"VALUES (1) LIMIT "least"(CAST((2.5) AS BIGINT), 100)"#);
    assert_eq!(limited("VALUES (1) LIMIT 50%"), "SELECT * FROM (VALUES (1) LIMIT 50 %) LIMIT 100");
    assert_eq!(limited("DESCRIBE annotations"), r#"SELECT * FROM (DESCRIBE "main"."annotations") LIMIT 100"#);
}

#[test]
fn no_name_of_a_query_can_be_that_of_a_shadow() {
    assert!(reason(r#"WITH "as of: main.annotations" AS (SELECT 1) FROM annotations"#).contains("may be named by"));
    assert!(reason(r#"FROM "as of: main.annotations""#).contains("is not allowed"));
}

// ---- Hostile text ----

#[test]
fn deep_text_is_refused_on_a_small_stack() {
    let run = || {
        for n in [50, 199, 1_000, 20_000] {
            for name in [
                "nested_parens",
                "nested_subqueries",
                "not_chain",
                "nested_list",
                "nested_case",
                "nested_func",
                "plus_chain",
                "union_chain",
                "nested_comment",
            ] {
                let query = expand(&format!("{name}:{n}"));
                let outcome = gate().check(&query);
                let is_flat = ["plus_chain", "union_chain", "nested_comment"].contains(&name);
                assert!(n <= 50 || is_flat || outcome.is_err(), "{name}:{n}");
            }
        }
    };
    // Unoptimised frames are several times as large as those of a Worker, which has 1 MB.
    std::thread::Builder::new().stack_size(8 << 20).spawn(run).unwrap().join().unwrap();
}

/// A form around itself: the text before, the innermost, and the text after.
const NESTING: [(&str, &str, &str); 22] = [
    ("SELECT (", "SELECT 1", ")"),
    ("SELECT unnest((", "SELECT [1]", "))"),
    ("SELECT list_transform([1], lambda x: (", "SELECT 1", "))"),
    ("SELECT list_reduce([1], lambda x, y: x + (", "SELECT 1", "))"),
    ("SELECT [x FOR x IN (", "SELECT [1]", ") IF true]"),
    ("SELECT CASE (", "SELECT 1", ") WHEN 1 THEN 2 END"),
    ("SELECT CASE WHEN true THEN (", "SELECT 1", ") ELSE 2 END"),
    ("SELECT 1 WHERE 1 IN (", "SELECT 1", ")"),
    ("SELECT 1 WHERE EXISTS (", "SELECT 1", ")"),
    ("SELECT 1 WHERE 1 BETWEEN 0 AND (", "SELECT 1", ")"),
    ("SELECT 1 FROM annotations a JOIN annotations b ON a.x = (", "SELECT 1", ")"),
    ("SELECT 1 FROM range((", "SELECT 1", "))"),
    ("SELECT 1 ORDER BY (", "SELECT 1", ")"),
    ("SELECT 1 LIMIT (", "SELECT 1", ")"),
    ("SELECT 1 GROUP BY (", "SELECT 1", ")"),
    ("SELECT sum(1) OVER (ORDER BY (", "SELECT 1", "))"),
    ("SELECT *, * FROM (", "SELECT 1", ")"),
    ("WITH a AS (", "SELECT 1", ") SELECT * FROM a, a b"),
    (
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < (",
        "SELECT 5",
        ")) SELECT max(n) FROM a",
    ),
    ("PIVOT (", "SELECT 1 AS x", ") ON x IN (1) USING count(*)"),
    ("UNPIVOT (", "SELECT 1 AS x", ") ON COLUMNS(*)"),
    ("SELECT 1 FROM ((", "SELECT 1", ") x JOIN annotations USING (a))"),
];

/// A form that is looked at twice at each level would take for ever.
#[test]
fn the_time_of_nested_text_does_not_double_with_each_level() {
    for (before, inner, after) in NESTING {
        for n in [1, 2, 20, 60] {
            let query = format!("{}{inner}{}", before.repeat(n), after.repeat(n));
            let outcome = gate().check(&query);
            assert!(n > 1 || outcome.is_ok(), "{query}: {outcome:?}");
        }
    }
}

#[test]
fn a_plan_that_doubles_with_each_table_expression_is_refused() {
    let mut ctes = "c0 AS (FROM annotations)".to_owned();
    for i in 1..30 {
        write!(ctes, ", c{i} AS (SELECT a.x FROM c{0} a JOIN c{0} b USING (x))", i - 1).unwrap();
    }
    assert!(reason(&format!("WITH {ctes} FROM c29")).contains("more than 1000 tables"));
}

/// Words, symbols and oddities of which random text is made.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "WITH",
    "RECURSIVE",
    "AS",
    "(",
    ")",
    "(",
    ")",
    ",",
    "annotations",
    "raw_documents",
    "x",
    "\"y\"",
    "a.b",
    "*",
    "1",
    "1e9",
    "'t'",
    "'x.csv'",
    "$$q$$",
    "?",
    "$1",
    "#1",
    "[",
    "]",
    "{",
    "}",
    ":",
    "::",
    "INT",
    "JSON",
    "->",
    "->>",
    "=",
    "<",
    "+",
    "-",
    "||",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS",
    "NULL",
    "BETWEEN",
    "LIKE",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "count(*)",
    "range(10)",
    "read_text('x')",
    "repeat('x', 9)",
    "lambda",
    "JOIN",
    "ON",
    "USING",
    "ASOF",
    "UNION",
    "ALL",
    "BY",
    "NAME",
    "GROUP",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "PIVOT",
    "UNPIVOT",
    "FOR",
    "VALUES",
    "DESCRIBE",
    "SUMMARIZE",
    "COLUMNS",
    "EXCLUDE",
    "REPLACE",
    "OVER",
    "WINDOW",
    "QUALIFY",
    "FILTER",
    "INTERVAL",
    "DAY",
    "DATE",
    "CAST",
    "ARRAY",
    "MAP",
    "ROW",
    "EXISTS",
    "ANY",
    ";",
    "--",
    "/*",
    "*/",
    "\n",
    "\r",
    "'",
    "\"",
    "\u{200b}",
    "é",
    "%",
    "!",
    "@",
    "UPDATE",
    "DELETE",
    "main",
    ".",
    "DISTINCT",
    "TABLE",
    "LATERAL",
    "unnest([1])",
    "COLLATE",
    "NOCASE",
    "TABLESAMPLE",
];

#[test]
fn the_columns_that_are_read_are_named_or_every_one_is() {
    let columns = |query: &str| {
        let admitted = gate().check(query).unwrap();
        let names: Vec<&str> = admitted.columns().names.iter().map(String::as_str).collect();
        (names.join(" "), admitted.columns().every)
    };
    let named = |query: &str, names: &str| assert_eq!(columns(query), (names.to_owned(), false), "{query}");
    named("SELECT a.Text, count(*) FROM annotations AS a WHERE dataset = 'x' GROUP BY ALL", "dataset text");
    named("SELECT main.annotations.text FROM annotations", "text");
    named(
        "WITH x AS (SELECT text AS t FROM annotations) SELECT upper(t) FROM x ORDER BY record_id",
        "record_id t text",
    );
    named("SELECT data.a.b FROM structured_data", "a b data");
    named("SELECT 1 FROM annotations JOIN raw_documents USING (document_id)", "document_id");
    named(
        "SELECT (SELECT max(page_number) FROM raw_documents AS d WHERE d.document_id = a.document_id) FROM annotations a",
        "document_id page_number",
    );
    for every in [
        "FROM annotations",
        "SELECT a.* FROM annotations AS a",
        "SELECT COLUMNS('x.*') FROM annotations",
        "SELECT a FROM annotations AS a",
        "SELECT annotations FROM annotations",
        "SELECT text FROM annotations NATURAL JOIN raw_documents",
        "DESCRIBE annotations",
        "SUMMARIZE annotations",
        "PIVOT annotations ON dataset IN ('a', 'b') USING count(*)",
        "SELECT y FROM annotations AS a(x, y)",
    ] {
        assert!(columns(every).1, "{every}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn random_words_are_never_a_panic_and_what_is_admitted_prints_as_what_it_is(words in prop::collection::vec(prop::sample::select(WORDS), 0..40)) {
        holds_for(&words.join(" "))?;
        holds_for(&words.concat())?;
    }

    #[test]
    fn mangled_queries_are_never_a_panic_and_what_is_admitted_prints_as_what_it_is(
        query in prop::sample::select(ALLOWED.lines().chain(REFUSED.lines()).collect::<Vec<_>>()),
        cut in any::<prop::sample::Index>(),
        length in 0_usize..12,
        word in prop::sample::select(WORDS),
    ) {
        let characters: Vec<char> = query.chars().collect();
        let start = cut.index(characters.len());
        let end = (start + length).min(characters.len());
        let mangled: String = characters[..start].iter().copied().chain(word.chars()).chain(characters[end..].iter().copied()).collect();
        holds_for(&mangled)?;
    }

    #[test]
    fn any_text_is_never_a_panic(text in any::<String>()) {
        holds_for(&text)?;
    }
}

fn holds_for(query: &str) -> Result<(), TestCaseError> {
    match gate().check(query) {
        Ok(admitted) => {
            let again = gate().check(admitted.sql());
            prop_assert_eq!(again.as_ref().map(living_sqlgate::Admitted::sql), Ok(admitted.sql()), "{}", query);
            prop_assert!(!admitted.functions().contains("read_text"));
        }
        Err(refusal) => prop_assert!(!refusal.reason.is_empty()),
    }
    Ok(())
}
