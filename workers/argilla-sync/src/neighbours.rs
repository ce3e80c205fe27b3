//! The Workers that go on with what is written, over service bindings.

use living_argilla::Part;
use living_kit::required_secret;
use serde_json::Value;
use worker::{Env, Fetcher, Headers, Method, RequestInit};

use crate::Neighbours;

/// States of a load after which that content can't be committed any more, since it was. A file in quarantine can: somebody may have it
/// tried again, when a newer file of the same records would be there already.
const COMMITTED: [&str; 2] = ["committed", "replaced"];

/// The bindings `INGEST` and `DISCOVERY`, with the secrets `INGEST_TOKEN` and `DISCOVERY_TOKEN`.
#[derive(Debug)]
pub(crate) struct BoundNeighbours {
    pub(crate) env: Env,
    /// The bucket that the parts are in.
    pub(crate) bucket: String,
}

impl Neighbours for BoundNeighbours {
    async fn is_loaded(&self, part: &Part) -> Result<bool, String> {
        let path = format!("/loads?bucket={}&key={}", encoded(&self.bucket), encoded(&part.key));
        let answer = self.ask("INGEST", "INGEST_TOKEN", Method::Get, &path).await?;
        let loads = answer.get("loads").and_then(Value::as_array).ok_or("ingest's answer has no loads")?;
        let text = |load: &Value, name: &str| load.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(loads.iter().any(|load| text(load, "etag") == part.etag && COMMITTED.contains(&&*text(load, "state"))))
    }

    async fn discover(&self) -> Result<Value, String> {
        self.ask("DISCOVERY", "DISCOVERY_TOKEN", Method::Post, "/run").await
    }
}

impl BoundNeighbours {
    async fn ask(&self, binding: &str, token: &'static str, method: Method, path: &str) -> Result<Value, String> {
        let failed = |error: worker::Error| format!("{binding}: {error}");
        let worker: Fetcher = self.env.service(binding).map_err(failed)?;
        let token = required_secret(&self.env, token).map_err(|error| error.to_string())?;
        let headers = Headers::new();
        headers.set("authorization", &format!("Bearer {token}")).map_err(failed)?;
        let mut init = RequestInit::new();
        init.with_method(method).with_headers(headers);
        let mut response = worker.fetch(format!("https://worker{path}"), Some(init)).await.map_err(failed)?;
        if response.status_code() != 200 {
            return Err(format!("{binding}: HTTP {}", response.status_code()));
        }
        response.json().await.map_err(failed)
    }
}

/// A value in a query string: everything but letters, digits and a few signs as `%XX`.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_one_value_of_a_query_string() {
        assert_eq!(encoded("häfen & docks/1.parquet"), "h%C3%A4fen%20%26%20docks%2F1.parquet");
    }
}
