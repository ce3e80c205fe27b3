//! A stand-in for a service of embeddings, in memory: OpenAI's protocol, with vectors that are alike for names that it was told mean the
//! same.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use living_http::{HttpRequest, HttpResponse, Transport, TransportError};
use living_model::{EmbeddingEndpoint, HttpEmbedder};
use serde_json::{Value, json};

use crate::{Faults, Point, StandInFault};

const URL: &str = "http://embeddings.stand-in/v1/embeddings";

/// Clones are the same service, with their own way to it.
#[derive(Debug, Clone, Default)]
pub struct StandInEmbedder {
    state: Rc<RefCell<State>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct State {
    /// Names that mean the same as another.
    meanings: BTreeMap<String, String>,
    /// All names that it was asked for, in their order.
    asked: Vec<String>,
    /// What it does with the next requests.
    meets: VecDeque<StandInFault>,
    is_down: bool,
}

impl StandInEmbedder {
    /// The same service, on a way that meets `faults`.
    #[must_use]
    pub fn with(&self, faults: &Faults) -> Self {
        Self { state: Rc::clone(&self.state), faults: faults.clone() }
    }

    #[must_use]
    pub fn client(&self) -> HttpEmbedder<Self> {
        let endpoint = EmbeddingEndpoint { url: URL.to_owned(), model: "stand-in".to_owned(), key: None };
        HttpEmbedder { endpoint, transport: self.clone() }
    }

    /// Lets `name` mean the same as `other`, both as phrases.
    pub fn learn(&self, name: &str, other: &str) {
        self.state.borrow_mut().meanings.insert(name.to_owned(), other.to_owned());
    }

    /// What it does with the next requests; after them it answers.
    pub fn meets(&self, faults: impl IntoIterator<Item = StandInFault>) {
        self.state.borrow_mut().meets = faults.into_iter().collect();
    }

    /// Whether it's down, for every request.
    pub fn is_down(&self, is_down: bool) {
        self.state.borrow_mut().is_down = is_down;
    }

    /// The names that it was asked for.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.state.borrow().asked.clone()
    }

    fn serve(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let state = &mut *self.state.borrow_mut();
        let lost = || TransportError::Lost("connection lost".to_owned());
        let body: Value = serde_json::from_str(&request.body).expect("a body of JSON");
        let names: Vec<String> = serde_json::from_value(body["input"].clone()).expect("a list of names");
        let vector = |name: &String| vector(state.meanings.get(name).unwrap_or(name));
        let data: Vec<Value> = names
            .iter()
            .enumerate()
            .map(|(i, name)| json!({ "object": "embedding", "index": i, "embedding": vector(name) }))
            .collect();
        state.asked.extend(names);
        let answer = |status, body: String| HttpResponse { status, body: body.into(), ..HttpResponse::default() };
        if state.is_down {
            return Err(lost());
        }
        match state.meets.pop_front() {
            Some(StandInFault::Down | StandInFault::Silent | StandInFault::LostAnswer) => Err(lost()),
            Some(StandInFault::Answer { status, body, .. }) => Ok(answer(status, body.to_owned())),
            Some(StandInFault::Garbage) => Ok(answer(200, "<html>a portal</html>".to_owned())),
            None => Ok(answer(200, json!({ "object": "list", "data": data, "model": "stand-in" }).to_string())),
        }
    }
}

/// Numbers made of the text.
fn vector(meaning: &str) -> Vec<f64> {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    (0..8u8)
        .map(|n| {
            for byte in meaning.bytes().chain([n]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            f64::from((hash >> 48) as u16) - 32_768.0
        })
        .collect()
}

impl Transport for StandInEmbedder {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let exchange = async {
            tokio::task::yield_now().await;
            self.serve(&request)
        };
        let lost = || Err(TransportError::Lost("the fault that was asked for".to_owned()));
        self.faults.around(Point::Outside, exchange, lost).await
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.min(Duration::from_millis(20))).await;
    }

    fn random(&self) -> u64 {
        0
    }
}
