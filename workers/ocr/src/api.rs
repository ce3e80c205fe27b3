//! The HTTP side: where documents are, and reading them again.

use living_core::landing::event;
use living_kit::{Host, ObjectStore, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    DocumentsQueue, Ocr, OcrEngine,
    ocr::{DEAD_LETTERS, RECORDS, record_key},
    record::{Record, State},
    shelf::Shelf,
};

/// Records, or messages, on one page.
const PAGE: u32 = 50;

/// What `GET /documents` is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DocumentsQuery {
    prefix: String,
    state: Option<State>,
    cursor: Option<String>,
}

impl DocumentsQuery {
    /// From the parameters of a URL.
    pub(crate) fn parse(pairs: impl Iterator<Item = (String, String)>) -> Result<Self, Problem> {
        let mut query = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "prefix" => query.prefix = value,
                "cursor" => query.cursor = Some(value),
                "state" => {
                    query.state = Some(serde_json::from_value(Value::String(value.clone())).map_err(|_| {
                        Problem::bad_request(format!(
                            "parameter \"state\": {value:?} is none of queued, reading, waiting, done and refused"
                        ))
                    })?);
                }
                other => {
                    return Err(Problem::bad_request(format!(
                        "parameter {other:?}: known are prefix, state and cursor"
                    )));
                }
            }
        }
        Ok(query)
    }
}

/// `GET /documents`: records by key. Those of other states are left out after a page was taken, so that it may be short; the cursor tells
/// whether there are more.
pub(crate) async fn documents(shelf: &impl Shelf, query: &DocumentsQuery) -> Result<Value, Problem> {
    let listed =
        shelf.list(&format!("{RECORDS}{}", query.prefix), PAGE, query.cursor.clone()).await.map_err(unavailable)?;
    let mut documents = Vec::new();
    for key in &listed.keys {
        // Gone since it was listed: then there's nothing to say.
        let Some(content) = shelf.get(key).await.map_err(unavailable)? else { continue };
        let Ok(record) = serde_json::from_slice::<Record>(&content.bytes) else { continue };
        if query.state.is_none_or(|state| state == record.state) {
            documents.push(shown(&record));
        }
    }
    Ok(json!({ "documents": documents, "cursor": listed.cursor }))
}

/// `GET /documents/<key>`
pub(crate) async fn document(shelf: &impl Shelf, key: &str) -> Result<Value, Problem> {
    let content = shelf.get(&record_key(key)).await.map_err(unavailable)?;
    let record = content.and_then(|content| serde_json::from_slice::<Record>(&content.bytes).ok());
    record.map(|record| shown(&record)).ok_or_else(|| {
        Problem::new(
            404,
            "Not found",
            format!("no document {key:?} is known: it wasn't uploaded, or its event hasn't come yet"),
        )
    })
}

fn shown(record: &Record) -> Value {
    let mut shown = serde_json::to_value(record).unwrap_or_default();
    if let Some(fields) = shown.as_object_mut() {
        // Of no use to anybody outside.
        fields.remove("writing");
        fields.remove("silent");
    }
    shown
}

/// `GET /dead-letters`: messages that nothing could be done with.
pub(crate) async fn dead_letters(shelf: &impl Shelf, cursor: Option<String>) -> Result<Value, Problem> {
    let listed = shelf.list(DEAD_LETTERS, PAGE, cursor).await.map_err(unavailable)?;
    let mut letters = Vec::new();
    for key in &listed.keys {
        let Some(content) = shelf.get(key).await.map_err(unavailable)? else { continue };
        letters.push(serde_json::from_slice::<Value>(&content.bytes).unwrap_or_default());
    }
    Ok(json!({ "dead_letters": letters, "cursor": listed.cursor }))
}

/// What is to be read again: one document by `key`, or those whose keys begin with `prefix`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    key: Option<String>,
    prefix: Option<String>,
    cursor: Option<String>,
}

/// What `POST /replay` answers.
#[derive(Debug, Serialize)]
pub(crate) struct Replayed {
    queued: usize,
    /// Where the next page begins, if there is one: send the request again with it.
    cursor: Option<String>,
}

/// `POST /replay`: a document that is refused, done, or was there before this Worker, is read from its first page.
pub(crate) async fn replay<S, P, E, Q, H>(ocr: &Ocr<S, P, E, Q, H>, body: &str) -> Result<Replayed, Problem>
where
    S: ObjectStore,
    P: Shelf,
    E: OcrEngine,
    Q: DocumentsQueue,
    H: Host,
{
    let asked: Replay = serde_json::from_str(body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let bucket = &ocr.config.documents_bucket;
    let (keys, cursor) = match (asked.key, asked.prefix) {
        (Some(key), None) => (vec![key], None),
        (None, Some(prefix)) => {
            let listed = ocr.store.list(bucket, &prefix, asked.cursor).await.map_err(unavailable)?;
            let keys = listed.objects.into_iter().map(|(key, _)| key);
            (keys.filter(|key| is_pdf(key)).collect(), listed.cursor)
        }
        _ => return Err(Problem::bad_request("give either \"key\" or \"prefix\"")),
    };
    let now = ocr.host.now();
    let messages: Vec<_> = keys.iter().map(|key| event::replay(bucket, key, now)).collect();
    let queued = messages.len();
    ocr.queue.send(messages).await.map_err(|error| Problem::unavailable().because(error))?;
    Ok(Replayed { queued, cursor })
}

/// Whether a key is one of those that events come for (notifications.json).
fn is_pdf(key: &str) -> bool {
    [".pdf", ".PDF"].iter().any(|suffix| key.ends_with(suffix))
}

#[expect(clippy::needless_pass_by_value, reason = "maps errors")]
fn unavailable(error: living_kit::StoreError) -> Problem {
    Problem::unavailable().because(format!("R2: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Result<DocumentsQuery, Problem> {
        DocumentsQuery::parse(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn parameters_that_nobody_knows_are_named() {
        assert_eq!(query(&[("state", "refused")]).unwrap().state, Some(State::Refused));
        assert!(query(&[("state", "lost")]).unwrap_err().detail.contains("\"lost\""));
        assert!(query(&[("colour", "red")]).unwrap_err().detail.contains("\"colour\""));
    }
}
