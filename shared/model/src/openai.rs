//! OpenAI's [chat completions](https://platform.openai.com/docs/api-reference/chat/create), and servers that imitate them.

use serde_json::{Map, Value, json};

use crate::{Error, ErrorClass, Prompt};

/// OpenAI's own address: its newer models know the limit as `max_completion_tokens` only, and several other servers as `max_tokens` only.
const OPENAI: &str = "https://api.openai.com/";

pub(crate) fn headers(key: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {key}"))]
}

pub(crate) fn body(url: &str, model: &str, prompt: &Prompt) -> Value {
    let limit = if url.starts_with(OPENAI) { "max_completion_tokens" } else { "max_tokens" };
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert(limit.into(), prompt.max_tokens.into());
    let messages = json!([
        { "role": "system", "content": prompt.system },
        { "role": "user", "content": prompt.content },
    ]);
    body.insert("messages".into(), messages);
    Value::Object(body)
}

/// The message of the one choice, if it came to its end.
pub(crate) fn text(answer: &Value) -> Result<String, Error> {
    let choice = answer.pointer("/choices/0").ok_or_else(|| Error::unreadable("the answer has no choice"))?;
    if let Some(refusal) = choice.pointer("/message/refusal").and_then(Value::as_str) {
        return Err(Error::new(ErrorClass::Refused, format!("the model refuses the prompt: {refusal}")));
    }
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("stop") => {}
        Some("content_filter") => {
            return Err(Error::new(ErrorClass::Refused, "a content filter refuses the prompt or its answer"));
        }
        reason => {
            let reason = reason.unwrap_or("no reason");
            return Err(Error::unreadable(format!("the answer stopped before its end ({reason})")));
        }
    }
    let text = choice.pointer("/message/content").and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| Error::unreadable("the answer has no text"))
}
