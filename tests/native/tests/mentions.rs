//! Annotations as labelled spans.

use living_core::landing::load::label_profiles;
use local_warehouse::ReplyStyle;
use memory_s3::MemoryS3;
use native_tests::{Duck, Harness, annotations};
use serde_json::{Value, json};

const LOAD: &str = "'018f0000-0000-7000-8000-000000000001'";

/// A record of the dataset `d`, whose text is `The é🚢 Vigo`, with these questions.
async fn land(duck: &Duck, record: &str, questions: &Value) {
    duck.write(&format!(
        "INSERT INTO landing.annotations VALUES ({LOAD}, 0, 'batch', 'd', '{record}', NULL, 'doc', 'completed', 'The é🚢 Vigo', \
         TIMESTAMP '2026-11-24', '{questions}', NULL, NULL)"
    ))
    .await;
}

async fn commit(duck: &Duck) {
    duck.write(&format!(
        "INSERT INTO commits VALUES (1, 'load', {LOAD}, 'b', 'k', 'e', now()::TIMESTAMP, 'annotations', 'd', 'batch', 1, NULL, NULL, 1, 0, \
         'push', now()::TIMESTAMP, NULL)"
    ))
    .await;
}

fn span(start: u32, end: u32, label: &str) -> Value {
    json!({ "start": start, "end": end, "label": label })
}

#[tokio::test]
async fn a_mention_is_a_span_of_a_submitted_response_or_of_a_suggestion() {
    let duck = Duck::start(ReplyStyle::StatelessJson, &MemoryS3::default()).await;
    let questions = json!({
        "entities": {
            "responses": [[span(4, 6, "vessel"), span(7, 11, "port")], null, [span(0, 3, "draft")], []],
            "status": ["submitted", "discarded", "draft", "submitted"],
            "users": ["ann", "ben", "cid", "dan"],
            "suggestion": [span(4, 6, "ship"), span(7, 11, "port")],
            "score": [0.5, 0.75],
            "agent": "model-1",
        },
        "rating": { "responses": [5], "status": ["submitted"], "suggestion": 4 },
        "unanswered": { "responses": null, "status": null },
    });
    land(&duck, "r1", &questions).await;
    land(&duck, "r2", &json!({ "entities": { "suggestion": [span(0, 3, "word")], "score": 0.25 } })).await;
    let query = "SELECT record_id, question, label, start, \"end\", mention, origin, score, annotator FROM entity_mentions ORDER BY ALL";
    assert!(duck.query(query).await.is_empty(), "not committed");
    commit(&duck).await;
    let mention = |record: &str, label: &str, at: [u32; 2], text: &str, origin: &str, score: Value, by: Value| {
        let entities = Value::from("entities");
        vec![record.into(), entities, label.into(), at[0].into(), at[1].into(), text.into(), origin.into(), score, by]
    };
    assert_eq!(
        duck.query(query).await,
        [
            mention("r1", "port", [7, 11], "Vigo", "response", Value::Null, "ann".into()),
            mention("r1", "port", [7, 11], "Vigo", "suggestion", 0.75.into(), "model-1".into()),
            mention("r1", "ship", [4, 6], "é🚢", "suggestion", 0.5.into(), "model-1".into()),
            mention("r1", "vessel", [4, 6], "é🚢", "response", Value::Null, "ann".into()),
            mention("r2", "word", [0, 3], "The", "suggestion", 0.25.into(), Value::Null),
        ]
    );
    assert_eq!(duck.number("SELECT count(*) FROM entity_mentions_at(0)").await, 0);
}

#[tokio::test]
async fn mentions_are_what_label_profiles_count() {
    let harness = Harness::start().await;
    for (key, rows) in
        [("1", vec![("a", "one", "x"), ("b", "two", "y")]), ("2", vec![("b", "two", "x"), ("c", "", "z")])]
    {
        let event = harness.store.put("argilla", &format!("wnut/{key}.parquet"), annotations(&rows));
        harness.deliver_until_done(&event).await;
    }
    let counted = "SELECT dataset, question, label, count(*) FILTER (origin = 'response'), count(*) FILTER (origin = 'suggestion'), \
                   count(DISTINCT record_id) FROM entity_mentions GROUP BY ALL ORDER BY ALL";
    let profiled = format!(
        "SELECT profile->>'$.dataset', profile->>'$.question', name, sum((profile->>'$.responses')::BIGINT)::BIGINT, \
                sum((profile->>'$.suggestions')::BIGINT)::BIGINT, sum((profile->>'$.records')::BIGINT)::BIGINT \
         FROM ({}) AS p(load_id, kind, name, profile) GROUP BY ALL ORDER BY ALL",
        label_profiles("annotations", "true")
    );
    let counted = harness.duck.query(counted).await;
    assert_eq!(counted.len(), 2, "x and z: b came again without y, and a mention of nothing is one");
    assert_eq!(counted, harness.duck.query(&profiled).await);
}
