//! SQL from questions on real DuckDB: what a model is told is there, what it answers is planned and never run, and verified queries.

use living_core::{
    generation::{self, Asked, Example, SemanticModel, VerifiedQuery},
    schema::Schema,
    time::Timestamp,
};
use living_generate::{Failure, Generator, Question};
use living_model::ErrorClass;
use living_sqlgate::{Gate, Policy};
use living_warehouse::Warehouse;
use local_warehouse::ReplyStyle;
use memory_s3::MemoryS3;
use native_tests::{Duck, StandIn, StandInFault};
use proptest::prelude::*;
use uuid::Uuid;

const RELATIONS: [&str; 6] =
    ["raw_documents", "annotations", "structured_data", "entity_mentions", "entity_types", "field_definitions"];

async fn duck() -> Duck {
    Duck::start(ReplyStyle::StatelessJson, &MemoryS3::default()).await
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T12:00:00Z").unwrap()
}

/// What the model answers with a query.
fn answer(sql: &str) -> String {
    serde_json::json!({ "sql": sql, "explanation": "It counts.", "warnings": ["a guess"] }).to_string()
}

async fn generate(
    duck: &Duck,
    stand_in: &StandIn,
    answers: &[String],
) -> Result<living_generate::Generated, (Failure, u32)> {
    stand_in.model_answers(answers.iter().map(String::as_str));
    let (model, warehouse, gate) = (stand_in.model(), duck.reader(), Gate::new(Policy::new(RELATIONS)));
    let generator = Generator { model: &model, warehouse: &warehouse, gate: &gate };
    generator.generate(&Question { text: "How many documents?", context: "## raw_documents", examples: &[] }).await
}

#[tokio::test]
async fn what_a_model_is_told_is_there_as_it_is_told() {
    let duck = duck().await;
    for relation in SemanticModel::of_schema(&Schema::default()).relations {
        let described = duck.query(&format!("DESCRIBE {}", relation.name)).await;
        for column in relation.columns {
            let known = described.iter().find(|row| row[0] == column.name.as_str());
            let known = known.unwrap_or_else(|| panic!("{}.{}", relation.name, column.name));
            assert_eq!(known[1], column.data_type.as_str(), "{}.{}", relation.name, column.name);
            duck.query(&format!("SELECT {} FROM {}", column.expression, relation.name)).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_may_run_is_planned_and_comes_back() {
    let (duck, stand_in) = (duck().await, StandIn::default());
    let generated =
        generate(&duck, &stand_in, &[answer("SELECT count(*) AS documents FROM raw_documents;")]).await.unwrap();
    assert_eq!((generated.sql.as_str(), generated.attempts), ("SELECT count(*) AS documents FROM raw_documents", 1));
    assert_eq!(
        (generated.explanation.as_str(), generated.warnings.as_slice()),
        ("It counts.", ["a guess".to_owned()].as_slice())
    );
    let described = generate(&duck, &stand_in, &[answer("SUMMARIZE raw_documents")]).await.unwrap();
    assert_eq!(described.attempts, 1);
}

#[tokio::test]
async fn a_query_that_fails_or_may_not_run_is_sent_back_once_with_its_error() {
    let (duck, stand_in) = (duck().await, StandIn::default());
    let good = answer("SELECT count(*) FROM raw_documents");
    for (bad, error) in [
        (answer("SELECT pages FROM raw_documents"), "pages"),
        (answer("DELETE FROM raw_documents"), "line 1, column 1"),
        (answer("SELECT count(*) FROM raw_documents WHERE page_number > $1"), "parameter"),
        ("I would rather not".to_owned(), "neither the JSON object"),
    ] {
        let generated = generate(&duck, &stand_in, &[bad.clone(), good.clone()]).await.unwrap();
        assert_eq!(generated.attempts, 2, "{bad}");
        let prompts = stand_in.prompts();
        let repair = prompts.last().unwrap()["messages"][0]["content"].as_str().unwrap();
        assert!(repair.contains("BEGIN FAILED QUERY") && repair.contains(error), "{repair}");
        let twice = generate(&duck, &stand_in, &[bad.clone(), bad.clone()]).await.unwrap_err();
        assert_eq!((twice.1, stand_in.prompts().len() % 2), (2, 0), "{bad}");
        assert!(matches!(twice.0, Failure::Rejected(_) | Failure::Unreadable(_)));
    }
}

#[tokio::test]
async fn a_model_that_finds_no_query_or_fails_is_asked_no_more() {
    let (duck, stand_in) = (duck().await, StandIn::default());
    let none = r#"{"sql": null, "explanation": "There are no prices."}"#.to_owned();
    let (failure, attempts) = generate(&duck, &stand_in, &[none]).await.unwrap_err();
    assert!(matches!(failure, Failure::NoQuery(why) if why == "There are no prices.") && attempts == 1);
    for (fault, class) in [
        (StandInFault::Down, ErrorClass::Unavailable),
        (StandInFault::Silent, ErrorClass::Lost),
        (StandInFault::LostAnswer, ErrorClass::Lost),
        (StandInFault::Garbage, ErrorClass::Unreadable),
        (StandInFault::Answer { status: 529, body: "overloaded", retry_after: None }, ErrorClass::Unavailable),
        (StandInFault::Answer { status: 401, body: "no", retry_after: None }, ErrorClass::NotAdmitted),
    ] {
        stand_in.model_meets([fault.clone()]);
        let (failure, attempts) = generate(&duck, &stand_in, &[answer("SELECT 1")]).await.unwrap_err();
        assert!(matches!(&failure, Failure::Model(error) if error.class == class), "{fault:?}: {failure}");
        assert_eq!(attempts, 1);
        stand_in.model_meets([]);
    }
}

#[tokio::test]
async fn verified_queries_are_listed_picked_and_withdrawn_and_stay_in_the_log() {
    let (duck, hash) = (duck().await, "0".repeat(64));
    let warehouse = duck.reader();
    let id = |n: u32| Uuid::parse_str(&format!("018f0000-0000-7000-8000-{n:012}")).unwrap();
    for n in 1..=25 {
        let question = format!("How many vessels of class {n} are flagged to Spain's port?");
        let sql = format!("SELECT count(*) FROM annotations WHERE text = 'it''s {n}'");
        let keep = generation::keep_verified(id(n), now(), "ann", (&question, &sql, None), &hash, 3);
        // A statement that nobody knows the end of is sent again.
        warehouse.run(&keep).await.unwrap();
        warehouse.run(&keep).await.unwrap();
    }
    warehouse.run(&generation::withdraw(id(7), now(), "ben")).await.unwrap();
    let mut listed: Vec<VerifiedQuery> = Vec::new();
    loop {
        let before = listed.last().map(|last| Uuid::parse_str(&last.id).unwrap());
        let (statement, page) = generation::verified(before);
        let rows = warehouse.run(&statement).await.unwrap().rows;
        listed.extend(rows.iter().take(page).map(|row| generation::read_verified(row).unwrap()));
        if rows.len() <= page {
            break;
        }
    }
    let expected: Vec<String> = (1..=25).rev().filter(|n| *n != 7).map(|n| id(n).to_string()).collect();
    assert_eq!(listed.iter().map(|query| query.id.clone()).collect::<Vec<_>>(), expected);
    let first = &listed[23];
    assert_eq!((first.verified_by.as_str(), first.verified_at.as_str()), ("ann", "2026-11-24T12:00:00.000000Z"));
    assert_eq!(first.sql, "SELECT count(*) FROM annotations WHERE text = 'it''s 1'");
    assert!(warehouse.run(&generation::verified_one(id(7))).await.unwrap().rows.is_empty());
    let rows = duck.number("SELECT count(*) FROM verified_query_events").await;
    assert_eq!(rows, 51);

    let question = "Which vessel's flag is Spain's?";
    let rows = warehouse.run(&generation::candidates(question)).await.unwrap().rows;
    let examples: Vec<Example> = rows.iter().map(|row| generation::read_candidate(row).unwrap()).collect();
    let picked = generation::pick(question, &examples, 500);
    assert!(!picked.is_empty() && picked.len() <= generation::MAX_EXAMPLES);
    assert!(examples.iter().all(|example| example.id != id(7).to_string()));
    // One without a word that tells something.
    let rows = warehouse.run(&generation::candidates("How many?")).await.unwrap().rows;
    assert!(!rows.is_empty());
}

#[tokio::test]
async fn a_question_is_counted_once_and_its_end_is_kept() {
    let duck = duck().await;
    let warehouse = duck.reader();
    let asked = |n: u32, at| Asked {
        id: Uuid::parse_str(&format!("018f0000-0000-7000-8000-{n:012}")).unwrap(),
        at,
        by: "ann",
        question: "it's how many?",
        model: "m",
        schema_version: 1,
    };
    let yesterday = Timestamp::parse("2026-11-23T11:59:59Z").unwrap();
    for (n, at) in [(1, yesterday), (2, now()), (2, now()), (3, now())] {
        warehouse.run(&generation::started(&asked(n, at))).await.unwrap();
    }
    warehouse.run(&generation::ended(&asked(2, now()), now(), 2, Ok("SELECT 1"))).await.unwrap();
    warehouse.run(&generation::ended(&asked(3, now()), now(), 1, Err("it's down"))).await.unwrap();
    let count = warehouse.run(&generation::asked_today(now())).await.unwrap().number().unwrap();
    assert_eq!(count, 2);
    let ends = duck
        .query("SELECT event, attempts, sql_text, detail FROM generation_events WHERE event <> 'asked' ORDER BY ALL")
        .await;
    let text = serde_json::to_string(&ends).unwrap();
    assert_eq!(text, r#"[["answered",2,"SELECT 1",null],["failed",1,null,"it's down"]]"#);
}

#[tokio::test]
async fn a_value_of_the_data_that_the_question_names_is_found() {
    let duck = duck().await;
    duck.write("CREATE TABLE fleet (\"Ship Name\" VARCHAR, imo BIGINT)").await;
    duck.write("INSERT INTO fleet SELECT 'Ship ' || i, 9000000 + i FROM range(500) r(i)").await;
    duck.write("INSERT INTO fleet VALUES ('Santa María d''Arc', 9123456)").await;
    let column = |name: &str, expression: &str, data_type: &str| generation::Column {
        name: name.into(),
        expression: expression.into(),
        data_type: data_type.into(),
        ..generation::Column::default()
    };
    let columns = vec![column("Ship Name", "\"Ship Name\"", "VARCHAR"), column("imo", "imo", "BIGINT")];
    let relation = generation::Relation { name: "fleet".into(), columns, ..generation::Relation::default() };
    let model = SemanticModel { title: "a test".into(), relations: vec![relation] };
    for (question, expected) in [
        ("Where is santa maría d'arc?", vec!["Santa María d'Arc"]),
        ("Is \"Ship 17\" the one with 9123456 or 9000003?", vec!["Ship 17", "9000003", "9123456"]),
        ("'; DROP TABLE fleet; --", vec![]),
    ] {
        let probe = generation::probe(&model, question).unwrap();
        let rows = duck.reader().run(&probe).await.unwrap().rows;
        let found: Vec<_> = rows.iter().map(|row| generation::read_found(row).unwrap()).collect();
        assert_eq!(found.iter().map(|found| found.value.as_str()).collect::<Vec<_>>(), expected);
        let told = generation::context(&generation::found(model.clone(), found), question, 500).markdown;
        for value in expected {
            assert!(told.contains(&value.replace('\'', "''")), "{told}");
        }
    }
    assert_eq!(duck.number("SELECT count(*) FROM fleet").await, 501);
}

/// Whatever a question says, what is made of it is a statement that reads.
#[test]
fn any_question_makes_statements_that_run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let duck = runtime.block_on(duck());
    let model = SemanticModel::of_schema(&Schema::default());
    let questions = prop_oneof![any::<String>(), "[a-z'\";%_ 0-9-]{0,60}"];
    proptest!(ProptestConfig::with_cases(40), |(question in questions)| {
        runtime.block_on(async {
            let warehouse = duck.reader();
            warehouse.run(&generation::candidates(&question)).await.unwrap();
            if let Some(probe) = generation::probe(&model, &question) {
                warehouse.run(&probe).await.unwrap();
            }
        });
    });
}
