//! The HTTP side of the review queue: `GET /conflicts`, `POST /decisions`, `POST /decisions/preview`.

use living_core::catalog::review::Refusal;
use living_kit::{Host, Problem};
use living_model::Embedder;
use living_warehouse::Warehouse;
use serde_json::Value;
use uuid::Uuid;

use crate::{Discovery, NotDecided, Request, VersionCache};

/// Longest name of whoever decides and longest reason, in characters.
const MAX_TEXT: usize = 1_000;

/// What a conflict may be in: waiting for a person, or decided in one of these ways.
const STATES: [&str; 5] = ["open", "merged", "kept", "rejected", "renamed"];

/// `GET /conflicts?state=open&after=<conflict_id>`
pub(crate) async fn conflicts<W: Warehouse, C: VersionCache, H: Host, E: Embedder>(
    discovery: &Discovery<W, C, H, E>,
    pairs: impl Iterator<Item = (String, String)>,
) -> Result<Value, Problem> {
    let (mut state, mut after) = ("open".to_owned(), None);
    for (name, value) in pairs {
        match name.as_str() {
            "state" => state = value,
            "after" => after = Some(parse_id(&value)?),
            _ => {
                return Err(Problem::bad_request(format!(
                    "there is no parameter {name:?}; this path takes state and after"
                )));
            }
        }
    }
    if !STATES.contains(&state.as_str()) {
        return Err(Problem::bad_request(format!("state {state:?} is not one of {}", STATES.join(", "))));
    }
    discovery.conflicts(&state, after).await.map_err(|failure| Problem::unavailable().because(failure))
}

fn parse_id(text: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(text).map_err(|_| Problem::bad_request(format!("after: {text:?} is not the id of a conflict")))
}

/// `POST /decisions`
pub(crate) async fn decide<W: Warehouse, C: VersionCache, H: Host, E: Embedder>(
    discovery: &Discovery<W, C, H, E>,
    body: &str,
) -> Result<Value, Problem> {
    let made = discovery.decide(parse(body)?).await.map_err(problem)?;
    serde_json::to_value(made).map_err(|_| Problem::unavailable())
}

/// `POST /decisions/preview`
pub(crate) async fn preview<W: Warehouse, C: VersionCache, H: Host, E: Embedder>(
    discovery: &Discovery<W, C, H, E>,
    body: &str,
) -> Result<Value, Problem> {
    let preview = discovery.preview(&parse(body)?).await.map_err(problem)?;
    serde_json::to_value(preview).map_err(|_| Problem::unavailable())
}

fn parse(body: &str) -> Result<Request, Problem> {
    let request: Request = serde_json::from_str(body)
        .map_err(|error| Problem::bad_request(format!("the body is not a decision: {error}")))?;
    if request.by.trim().is_empty() {
        return Err(Problem::bad_request("by: whoever decides has to give a name"));
    }
    for (name, text) in [("by", &request.by), ("reason", &request.reason)] {
        let characters = text.chars().count();
        if characters > MAX_TEXT {
            return Err(Problem::bad_request(format!("{name} has {characters} characters; {MAX_TEXT} are allowed")));
        }
    }
    Ok(request)
}

fn problem(not_decided: NotDecided) -> Problem {
    match not_decided {
        NotDecided::Refused(refusal) => {
            let (status, title) = match refusal {
                Refusal::Unknown(_) | Refusal::NoDecision(_) => (404, "Not found"),
                Refusal::Changed { .. } => (409, "Conflict"),
                _ => (422, "Not allowed"),
            };
            Problem::new(status, title, refusal.to_string())
        }
        NotDecided::Busy => Problem::new(409, "Conflict", not_decided.to_string()),
        NotDecided::Failed(failure) => Problem::unavailable().because(failure),
    }
}
