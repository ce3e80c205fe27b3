//! Reads with a transport, and tries again what may pass.

use std::time::Duration;

use living_http::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Dataset, Error, ErrorClass, Page, Question, Record, Workspace};

/// A page of large records takes the server a few seconds.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// How often a request is sent, if it fails in a way that may pass.
const TRIES: u32 = 4;

/// First step of the wait between tries, in milliseconds; it doubles. Each wait is a random part of its step, and half of it at least.
const FIRST_WAIT_MILLIS: u64 = 400;

/// Longest `Retry-After` that is waited for. With a longer one whoever asks has to come back.
const MAX_ASKED_WAIT: u32 = 20;

/// Records of a page, at most: what the server gives (`LIST_DATASET_RECORDS_LIMIT_LE`).
pub const MAX_PAGE: u32 = 1_000;

/// Where a server is, and who asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Without a slash at its end: `https://argilla.example.com`.
    pub url: String,
    /// Of a user who may see all responses: an owner, or an admin of the workspaces.
    pub key: String,
}

/// Without the key.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A server of Argilla 2. It's only read.
#[derive(Debug)]
pub struct Argilla<T> {
    pub endpoint: Endpoint,
    pub transport: T,
}

#[derive(Deserialize)]
struct Items<I> {
    items: Vec<I>,
}

impl<T: Transport> Argilla<T> {
    /// The workspaces that the key's user sees.
    ///
    /// # Errors
    /// Why they can't be had.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, Error> {
        self.get("/api/v1/me/workspaces").await.map(|Items { items }| items)
    }

    /// The datasets that the key's user sees.
    ///
    /// # Errors
    /// Why they can't be had.
    pub async fn datasets(&self) -> Result<Vec<Dataset>, Error> {
        self.get("/api/v1/me/datasets").await.map(|Items { items }| items)
    }

    /// The questions of a dataset.
    ///
    /// # Errors
    /// Why they can't be had; `NotFound` if the dataset is gone.
    pub async fn questions(&self, dataset: Uuid) -> Result<Vec<Question>, Error> {
        self.get(&format!("/api/v1/datasets/{dataset}/questions")).await.map(|Items { items }| items)
    }

    /// Records of a dataset with all responses and suggestions, in the order of their insertion, from the `offset`th on; `limit` (1 to
    /// [`MAX_PAGE`]) at most.
    ///
    /// # Errors
    /// Why they can't be had; `NotFound` if the dataset is gone.
    pub async fn page(&self, dataset: Uuid, offset: u64, limit: u32) -> Result<Page, Error> {
        let include = "include=responses&include=suggestions";
        self.get(&format!("/api/v1/datasets/{dataset}/records?{include}&offset={offset}&limit={limit}")).await
    }

    /// A record with all responses and suggestions. `None` if it's gone.
    ///
    /// # Errors
    /// Why it can't be had.
    pub async fn record(&self, id: Uuid) -> Result<Option<Record>, Error> {
        match self.get(&format!("/api/v1/records/{id}")).await {
            Ok(record) => Ok(Some(record)),
            Err(error) if error.class == ErrorClass::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, Error> {
        let mut step = FIRST_WAIT_MILLIS;
        for _ in 1..TRIES {
            let error = match self.try_get(path).await {
                Err(error) if error.is_passing() => error,
                outcome => return outcome,
            };
            let wait = match error.retry_after {
                Some(asked) if asked > MAX_ASKED_WAIT => return Err(error),
                Some(asked) => u64::from(asked) * 1_000,
                None => step / 2 + self.transport.random() % (step / 2),
            };
            self.transport.sleep(Duration::from_millis(wait)).await;
            step *= 2;
        }
        self.try_get(path).await
    }

    async fn try_get<A: DeserializeOwned>(&self, path: &str) -> Result<A, Error> {
        let request = HttpRequest {
            method: Method::Get,
            url: format!("{}{path}", self.endpoint.url),
            headers: vec![("x-argilla-api-key", self.endpoint.key.clone()), ("accept", "application/json".to_owned())],
            body: String::new(),
            // The key would go along.
            follows_redirects: false,
            time_limit: TIME_LIMIT,
        };
        match self.transport.send(request).await {
            Ok(response) => read(&response),
            Err(TransportError::NotSent(message) | TransportError::Lost(message)) => {
                Err(Error::new(ErrorClass::Unavailable, message))
            }
        }
    }
}

fn read<A: DeserializeOwned>(response: &HttpResponse) -> Result<A, Error> {
    if response.status != 200 {
        return Err(Error::of_status(response));
    }
    serde_json::from_slice(&response.body)
        .map_err(|error| Error::new(ErrorClass::Unreadable, format!("its answer is not one of Argilla 2: {error}")))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use futures_util::FutureExt;

    use super::*;

    /// Answers one after the other, of which one without a status is lost; sleeps for no time.
    struct Script {
        answers: RefCell<Vec<HttpResponse>>,
        slept: Cell<u64>,
        asked: RefCell<Vec<String>>,
    }

    impl Transport for Script {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
            assert!(request.headers.contains(&("x-argilla-api-key", "secret".to_owned())));
            self.asked.borrow_mut().push(request.url);
            match self.answers.borrow_mut().remove(0) {
                HttpResponse { status: 0, .. } => Err(TransportError::Lost("lost".into())),
                answer => Ok(answer),
            }
        }

        async fn sleep(&self, duration: Duration) {
            self.slept.set(self.slept.get() + u64::try_from(duration.as_millis()).unwrap());
        }

        fn random(&self) -> u64 {
            7
        }
    }

    fn script(answers: Vec<HttpResponse>) -> Argilla<Script> {
        Argilla {
            endpoint: Endpoint { url: "http://argilla".into(), key: "secret".into() },
            transport: Script { answers: RefCell::new(answers), slept: Cell::new(0), asked: RefCell::default() },
        }
    }

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: body.into(), ..HttpResponse::default() }
    }

    fn class(answers: Vec<HttpResponse>) -> ErrorClass {
        script(answers).datasets().now_or_never().unwrap().unwrap_err().class
    }

    #[test]
    fn what_may_pass_is_asked_again() {
        let lost = HttpResponse::default;
        let argilla = script(vec![answer(503, ""), lost(), answer(200, "<html>"), answer(200, r#"{"items":[]}"#)]);
        assert_eq!(argilla.datasets().now_or_never().unwrap().unwrap(), []);
        assert!((1_400..2_800).contains(&argilla.transport.slept.get()));
        assert_eq!(class(vec![lost(), lost(), lost(), lost()]), ErrorClass::Unavailable);
        assert_eq!(
            class(vec![answer(200, "{"), answer(200, "["), answer(200, "{}"), answer(200, "")]),
            ErrorClass::Unreadable
        );
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_if_it_is_short() {
        let busy = |seconds: &str| {
            let headers = vec![("retry-after".into(), seconds.to_owned())];
            HttpResponse { status: 429, headers, ..HttpResponse::default() }
        };
        let argilla = script(vec![busy("7"), answer(200, r#"{"items":[]}"#)]);
        argilla.datasets().now_or_never().unwrap().unwrap();
        assert_eq!(argilla.transport.slept.get(), 7_000);
        let error = script(vec![busy("3600")]).datasets().now_or_never().unwrap().unwrap_err();
        assert_eq!((error.class, error.retry_after), (ErrorClass::Unavailable, Some(3600)));
    }

    #[test]
    fn what_somebody_has_to_mend_is_not_asked_again() {
        for (status, expected) in [
            (401, ErrorClass::NotAdmitted),
            (403, ErrorClass::NotAdmitted),
            (404, ErrorClass::NotFound),
            (422, ErrorClass::Refused),
            (302, ErrorClass::Refused),
        ] {
            assert_eq!(class(vec![answer(status, "{}")]), expected, "{status}");
        }
    }

    #[test]
    fn a_page_names_what_it_wants_and_a_record_may_be_gone() {
        let argilla = script(vec![answer(200, r#"{"items":[],"total":0}"#), answer(404, "{}")]);
        argilla.page(Uuid::nil(), 200, 50).now_or_never().unwrap().unwrap();
        assert_eq!(argilla.record(Uuid::nil()).now_or_never().unwrap().unwrap(), None);
        assert_eq!(
            argilla.transport.asked.borrow().first().unwrap(),
            "http://argilla/api/v1/datasets/00000000-0000-0000-0000-000000000000/records?\
             include=responses&include=suggestions&offset=200&limit=50"
        );
    }

    #[test]
    fn a_record_without_responses_is_unreadable_and_not_taken_for_unanswered() {
        let bare = r#"{"items":[{"id":"00000000-0000-0000-0000-000000000000","status":"pending","fields":{},"suggestions":[],
            "inserted_at":"x","updated_at":"x"}],"total":1}"#;
        assert_eq!(
            script((0..4).map(|_| answer(200, bare)).collect())
                .page(Uuid::nil(), 0, 1)
                .now_or_never()
                .unwrap()
                .unwrap_err()
                .class,
            ErrorClass::Unreadable
        );
    }

    #[test]
    fn an_endpoint_shows_no_key() {
        assert!(!format!("{:?}", script(vec![]).endpoint).contains("secret"));
    }
}
