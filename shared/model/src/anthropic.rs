//! Anthropic's [Messages API](https://docs.claude.com/en/api/messages).

use serde_json::{Value, json};

use crate::{Error, ErrorClass, Prompt};

/// The version of the API ([versions](https://docs.claude.com/en/api/versioning)).
const VERSION: &str = "2023-06-01";

pub(crate) fn headers(key: &str) -> Vec<(&'static str, String)> {
    vec![("x-api-key", key.to_owned()), ("anthropic-version", VERSION.to_owned())]
}

pub(crate) fn body(model: &str, prompt: &Prompt) -> Value {
    json!({
        "model": model,
        "max_tokens": prompt.max_tokens,
        "system": prompt.system,
        "messages": [{ "role": "user", "content": prompt.content }],
    })
}

/// The text blocks of a message that came to its end
/// ([stop reasons](https://docs.claude.com/en/api/handling-stop-reasons)).
pub(crate) fn text(answer: &Value) -> Result<String, Error> {
    let blocks = answer.get("content").and_then(Value::as_array);
    let blocks = blocks.ok_or_else(|| Error::unreadable("the answer has no content"))?;
    match answer.get("stop_reason").and_then(Value::as_str) {
        Some("end_turn" | "stop_sequence") => {}
        Some("refusal") => return Err(Error::new(ErrorClass::Refused, "the model refuses the prompt")),
        reason => {
            let reason = reason.unwrap_or("no reason");
            return Err(Error::unreadable(format!("the answer stopped before its end ({reason})")));
        }
    }
    let text = blocks
        .iter()
        .filter(|block| block.get("type").and_then(Value::as_str) == Some("text"))
        .filter_map(|block| block.get("text").and_then(Value::as_str));
    Ok(text.collect())
}
