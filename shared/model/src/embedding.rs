//! The port to a model of embeddings.

use std::time::Duration;

use living_http::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorClass};

/// Names of one request. OpenAI takes 2,048, Workers AI 100.
pub const MAX_INPUTS: usize = 64;

/// A commit waits for the answer, and can do without it.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Most numbers of a vector; the models that are offered have 384 to 4,096.
const MAX_DIMENSIONS: usize = 4096;

/// Something that makes vectors of names: near ones of names that mean much the same.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Embedder {
    /// What the model is called. Vectors of different models have nothing to do with each other.
    fn name(&self) -> &str;

    /// The vectors of at most [`MAX_INPUTS`] names, in their order: all of one length, with numbers that are finite and not all zero.
    ///
    /// # Errors
    /// Why there are none, sorted by what can be done. Nothing is tried again here.
    async fn embed(&self, names: &[&str]) -> Result<Vec<Vec<f32>>, Error>;
}

/// Where a model of embeddings is: an address that speaks
/// [OpenAI's embeddings](https://platform.openai.com/docs/api-reference/embeddings/create), as
/// [Workers AI](https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/) and many other servers do.
#[derive(Clone, PartialEq, Eq)]
pub struct EmbeddingEndpoint {
    /// The whole address that names are posted to: `https://api.openai.com/v1/embeddings`.
    pub url: String,
    pub model: String,
    /// `None` for a server that asks for none.
    pub key: Option<String>,
}

/// Without the key.
impl std::fmt::Debug for EmbeddingEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { url, model, key: _ } = self;
        f.debug_struct("EmbeddingEndpoint").field("url", url).field("model", model).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [&'a str],
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f32>,
}

impl EmbeddingEndpoint {
    /// The request for the vectors of names.
    ///
    /// # Errors
    /// None that happens: names are text.
    pub fn request(&self, names: &[&str]) -> Result<HttpRequest, Error> {
        let body = serde_json::to_string(&Body { model: &self.model, input: names })
            .map_err(|error| Error::new(ErrorClass::Refused, error.to_string()))?;
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.key.as_ref().map(|key| ("authorization", format!("Bearer {key}"))));
        Ok(HttpRequest {
            method: Method::Post,
            url: self.url.clone(),
            headers,
            body,
            follows_redirects: false,
            time_limit: TIME_LIMIT,
        })
    }

    /// The vectors of that many names in a response.
    ///
    /// # Errors
    /// What the response says is wrong, or that it's no vectors of so many names.
    pub fn read(&self, response: &HttpResponse, names: usize) -> Result<Vec<Vec<f32>>, Error> {
        if !response.is_success() {
            return Err(Error::of_status(response));
        }
        let answer: Answer = serde_json::from_slice(&response.body)
            .map_err(|error| Error::unreadable(format!("the answer is no list of embeddings ({error})")))?;
        let mut data = answer.data;
        data.sort_by_key(|embedding| embedding.index);
        if data.len() != names || data.iter().enumerate().any(|(i, embedding)| embedding.index != i) {
            return Err(Error::unreadable(format!("the answer has not one vector for each of {names} names")));
        }
        let vectors: Vec<Vec<f32>> = data.into_iter().map(|embedding| embedding.embedding).collect();
        let dimensions = vectors.first().map_or(0, Vec::len);
        let is_vector = |vector: &Vec<f32>| {
            vector.len() == dimensions
                && (1..=MAX_DIMENSIONS).contains(&vector.len())
                && vector.iter().all(|number| number.is_finite())
                && vector.iter().any(|number| *number != 0.0)
        };
        if !vectors.iter().all(is_vector) {
            return Err(Error::unreadable("a vector of the answer is empty, of another length, zero or not finite"));
        }
        Ok(vectors)
    }
}

/// A model of embeddings behind HTTP.
#[derive(Debug)]
pub struct HttpEmbedder<T> {
    pub endpoint: EmbeddingEndpoint,
    pub transport: T,
}

impl<T: Transport> Embedder for HttpEmbedder<T> {
    fn name(&self) -> &str {
        &self.endpoint.model
    }

    async fn embed(&self, names: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        match self.transport.send(self.endpoint.request(names)?).await {
            Ok(response) => self.endpoint.read(&response, names.len()),
            Err(TransportError::NotSent(message) | TransportError::Lost(message)) => {
                Err(Error::new(ErrorClass::Unavailable, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn endpoint(key: Option<&str>) -> EmbeddingEndpoint {
        EmbeddingEndpoint { url: "http://x/v1/embeddings".into(), model: "m".into(), key: key.map(Into::into) }
    }

    fn read(status: u16, body: &Value) -> Result<Vec<Vec<f32>>, ErrorClass> {
        let response = HttpResponse { status, body: body.to_string().into(), ..HttpResponse::default() };
        endpoint(None).read(&response, 2).map_err(|error| error.class)
    }

    fn vectors(a: &Value, b: &Value) -> Value {
        json!({ "object": "list", "data": [
            { "object": "embedding", "index": 1, "embedding": b },
            { "object": "embedding", "index": 0, "embedding": a }
        ] })
    }

    #[test]
    fn names_are_sent_in_one_request_with_the_key_if_there_is_one() {
        let request = endpoint(Some("secret")).request(&["ship", "boat"]).unwrap();
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body, json!({ "model": "m", "input": ["ship", "boat"] }));
        assert!(request.headers.contains(&("authorization", "Bearer secret".into())));
        assert_eq!(endpoint(None).request(&["ship"]).unwrap().headers.len(), 1);
        assert!(!format!("{:?}", endpoint(Some("secret"))).contains("secret"));
    }

    #[test]
    fn vectors_come_in_the_order_of_the_names() {
        assert_eq!(read(200, &vectors(&json!([1.0, 0.5]), &json!([0, 1]))), Ok(vec![vec![1.0, 0.5], vec![0.0, 1.0]]));
    }

    #[test]
    fn rubbish_is_no_vector() {
        let some = json!([1.0, 2.0]);
        for wrong in [json!([]), json!([1.0]), json!([0, 0]), json!([1e300, 1]), json!(["1", "2"]), json!(null)] {
            assert_eq!(read(200, &vectors(&some, &wrong)), Err(ErrorClass::Unreadable), "{wrong}");
        }
        for wrong in
            [json!({}), json!([]), json!({ "data": [] }), json!({ "data": [{ "index": 0, "embedding": [1] }] })]
        {
            assert_eq!(read(200, &wrong), Err(ErrorClass::Unreadable), "{wrong}");
        }
        let twice = json!({ "data": [{ "index": 0, "embedding": [1] }, { "index": 0, "embedding": [1] }] });
        assert_eq!(read(200, &twice), Err(ErrorClass::Unreadable));
        assert_eq!(read(401, &json!({})), Err(ErrorClass::NotAdmitted));
        assert_eq!(read(503, &json!({})), Err(ErrorClass::Unavailable));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(status in 100u16..700, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let response = HttpResponse { status, body, ..HttpResponse::default() };
            let _ = endpoint(None).read(&response, 1);
        }
    }
}
