//! One statement's way to the warehouse and back, as a state machine without I/O.

use std::time::Duration;

use living_core::sql::Statement;
use living_http::{HttpRequest, HttpResponse, Method, TransportError};

use crate::{Error, ErrorClass, Page, classify, message, retry::Retries};

/// A response that takes longer is given up: the warehouse itself stops a statement after 55 s.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(70);

/// Where the warehouse is.
#[derive(Clone)]
pub struct Endpoint {
    /// The MCP endpoint, `https://api.motherduck.com/mcp` in production.
    pub url: String,
    pub token: String,
    /// The database that statements run in. Without one only such statements run that need none.
    pub database: Option<String>,
}

/// Without the token.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url).field("database", &self.database).finish_non_exhaustive()
    }
}

/// What the server agreed to. It outlives the exchanges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    state: SessionState,
    next_id: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum SessionState {
    #[default]
    New,
    /// Initialised, and not yet told so.
    Agreed(Agreement),
    Ready(Agreement),
}

impl Session {
    fn agreement(&self) -> Option<&Agreement> {
        match &self.state {
            SessionState::New => None,
            SessionState::Agreed(agreement) | SessionState::Ready(agreement) => Some(agreement),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Agreement {
    session_id: Option<String>,
    protocol_version: String,
}

/// What the driver of an exchange has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Send this and give the outcome to [`Exchange::received`].
    Send(HttpRequest),
    /// Wait, then ask again.
    Wait(Duration),
    Done(Result<Page, Error>),
}

/// One statement being run.
#[derive(Debug)]
pub struct Exchange<'a> {
    endpoint: &'a Endpoint,
    statement: &'a Statement,
    retries: Retries,
    /// A session was over; it's made anew once per exchange.
    renewed: bool,
    sent: Option<(Sent, Option<Agreement>)>,
    wait: Option<Duration>,
    outcome: Option<Result<Page, Error>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Initialize(u64),
    Initialized,
    Call(u64),
}

impl<'a> Exchange<'a> {
    /// `seed` makes its waits differ from those of others.
    #[must_use]
    pub fn new(endpoint: &'a Endpoint, statement: &'a Statement, seed: u64) -> Self {
        Self { endpoint, statement, retries: Retries::new(seed), renewed: false, sent: None, wait: None, outcome: None }
    }

    /// What to do next.
    pub fn next_action(&mut self, session: &mut Session) -> Action {
        if let Some(outcome) = self.outcome.take() {
            return Action::Done(outcome);
        }
        if let Some(wait) = self.wait.take() {
            return Action::Wait(wait);
        }
        let id = session.next_id;
        session.next_id += 1;
        let (sent, body) = match &session.state {
            SessionState::New => (Sent::Initialize(id), message::initialize(id)),
            SessionState::Agreed(_) => (Sent::Initialized, message::initialized()),
            SessionState::Ready(_) => {
                let body =
                    message::call(id, self.statement.effect, self.endpoint.database.as_deref(), &self.statement.text);
                (Sent::Call(id), body)
            }
        };
        let agreement = session.agreement();
        let headers = self.headers(agreement);
        self.sent = Some((sent, agreement.cloned()));
        Action::Send(HttpRequest {
            method: Method::Post,
            url: self.endpoint.url.clone(),
            headers,
            body,
            follows_redirects: true,
            time_limit: TIME_LIMIT,
        })
    }

    fn headers(&self, agreement: Option<&Agreement>) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("authorization", format!("Bearer {}", self.endpoint.token)),
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json, text/event-stream".to_owned()),
        ];
        if let Some(agreement) = agreement {
            headers.push(("mcp-protocol-version", agreement.protocol_version.clone()));
            if let Some(id) = &agreement.session_id {
                headers.push(("mcp-session-id", id.clone()));
            }
        }
        headers
    }

    /// Takes the outcome of the request that was sent last.
    pub fn received(&mut self, session: &mut Session, response: Result<HttpResponse, TransportError>) {
        let Some((sent, agreement)) = self.sent.take() else {
            return;
        };
        let result = response.map_err(lost).and_then(|response| self.read(session, sent, agreement, &response));
        match result {
            Ok(Some(result)) => self.outcome = Some(Ok(result)),
            Ok(None) => {}
            // The handshake runs nothing: whatever happened to it, the statement didn't run.
            Err(error) if error.class == ErrorClass::Ambiguous && !matches!(sent, Sent::Call(_)) => {
                self.failed(Error { class: ErrorClass::Transient, ..error });
            }
            Err(error) => self.failed(error),
        }
    }

    /// `None`: one step of the handshake is done.
    fn read(
        &mut self,
        session: &mut Session,
        sent: Sent,
        agreement: Option<Agreement>,
        response: &HttpResponse,
    ) -> Result<Option<Page>, Error> {
        if !response.is_success() {
            return self.refused(session, agreement.as_ref(), response);
        }
        let content_type = response.header("content-type").unwrap_or_default();
        match sent {
            Sent::Initialize(id) => {
                let reply = message::read_reply(content_type, &response.body, id)?;
                let version = reply.get("protocolVersion").and_then(serde_json::Value::as_str);
                session.state = SessionState::Agreed(Agreement {
                    session_id: response.header("mcp-session-id").map(str::to_owned),
                    protocol_version: version.unwrap_or(message::PROTOCOL_VERSION).to_owned(),
                });
                Ok(None)
            }
            Sent::Initialized => {
                // Another exchange may have agreed to something else meanwhile; that one it has to confirm itself.
                if session.agreement() == agreement.as_ref()
                    && let Some(agreement) = agreement
                {
                    session.state = SessionState::Ready(agreement);
                }
                Ok(None)
            }
            Sent::Call(id) => {
                let reply = message::read_reply(content_type, &response.body, id)?;
                message::read_tool_result(&reply).map(Some)
            }
        }
    }

    /// A status that isn't a success. 404 to a request with a session says that the session is over and nothing ran (transport
    /// specification, "session management"); some servers say 400 instead.
    fn refused(
        &mut self,
        session: &mut Session,
        agreement: Option<&Agreement>,
        response: &HttpResponse,
    ) -> Result<Option<Page>, Error> {
        let text = String::from_utf8_lossy(&response.body);
        let had_session = agreement.is_some_and(|agreement| agreement.session_id.is_some());
        let over = response.status == 404 || (response.status == 400 && text.to_lowercase().contains("session"));
        if had_session && over && !self.renewed {
            self.renewed = true;
            if session.agreement() == agreement {
                session.state = SessionState::New;
            }
            return Ok(None);
        }
        Err(Error {
            class: classify::http_status(response.status),
            message: format!("HTTP {}: {}", response.status, response.excerpt(300)),
            retry_after: response.retry_after(),
        })
    }

    fn failed(&mut self, error: Error) {
        match self.retries.after(&error, self.statement.effect) {
            Some(wait) => self.wait = Some(wait),
            None => self.outcome = Some(Err(error)),
        }
    }
}

fn lost(error: TransportError) -> Error {
    match error {
        TransportError::NotSent(message) => Error::new(ErrorClass::Transient, message),
        TransportError::Lost(message) => Error::new(ErrorClass::Ambiguous, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::{MAX_ASKED_WAIT, MAX_CONFLICTS, MAX_TRIES};

    fn endpoint() -> Endpoint {
        Endpoint { url: "http://w/mcp".into(), token: "secret".into(), database: Some("d".into()) }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands for what a transport gives")]
    fn json(status: u16, body: &str) -> Result<HttpResponse, TransportError> {
        let headers = vec![("content-type".into(), "application/json".into())];
        Ok(HttpResponse { status, headers, body: body.into() })
    }

    /// Answers the handshake, and calls with `answers` in turn. Gives the outcome and how many calls were made.
    fn run(statement: &Statement, answers: Vec<Result<HttpResponse, TransportError>>) -> (Result<Page, Error>, usize) {
        let endpoint = endpoint();
        let mut session = Session::default();
        let mut exchange = Exchange::new(&endpoint, statement, 1);
        let mut answers = answers.into_iter();
        let mut calls = 0;
        loop {
            match exchange.next_action(&mut session) {
                Action::Wait(wait) => assert!(wait <= MAX_ASKED_WAIT),
                Action::Done(outcome) => return (outcome, calls),
                Action::Send(request) => {
                    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
                    let answer = match body["method"].as_str().unwrap() {
                        "initialize" => {
                            json(200, &format!(r#"{{"id":{},"result":{{"protocolVersion":"v"}}}}"#, body["id"])).map(
                                |mut r| {
                                    r.headers.push(("mcp-session-id".into(), "s".into()));
                                    r
                                },
                            )
                        }
                        "notifications/initialized" => json(202, ""),
                        _ => {
                            calls += 1;
                            assert!(request.headers.contains(&("mcp-session-id", "s".into())));
                            answers.next().unwrap().map(|r| HttpResponse {
                                body: String::from_utf8(r.body).unwrap().replace("ID", &body["id"].to_string()).into(),
                                ..r
                            })
                        }
                    };
                    exchange.received(&mut session, answer);
                }
            }
        }
    }

    const ONE: &str = r#"{"id":ID,"result":{"structuredContent":{"success":true,"rows":[[1]]}}}"#;

    fn failure(message: &str) -> Result<HttpResponse, TransportError> {
        json(200, &format!(r#"{{"id":ID,"result":{{"structuredContent":{{"success":false,"error":"{message}"}}}}}}"#))
    }

    fn lost() -> Result<HttpResponse, TransportError> {
        Err(TransportError::Lost("reset".into()))
    }

    #[test]
    fn a_statement_is_sent_after_the_handshake() {
        let (outcome, calls) = run(&Statement::read("SELECT 1"), vec![json(200, ONE)]);
        assert_eq!((outcome.unwrap().whole().unwrap().number(), calls), (Ok(1), 1));
    }

    #[test]
    fn what_may_run_twice_is_tried_again_when_the_answer_is_lost() {
        for answers in [vec![lost(), json(200, ONE)], vec![json(502, ""), json(200, "{"), json(200, ONE)]] {
            assert!(run(&Statement::repeatable("x"), answers.clone()).0.is_ok());
            assert!(run(&Statement::read("x"), answers).0.is_ok());
        }
    }

    #[test]
    fn what_must_run_once_is_given_up_when_the_answer_is_lost() {
        for answer in [lost(), json(502, ""), json(200, "{"), failure("FATAL Error: invalidated")] {
            let (outcome, calls) = run(&Statement::once("x"), vec![answer]);
            assert_eq!((outcome.unwrap_err().class, calls), (ErrorClass::Ambiguous, 1));
        }
        let late = failure("Query execution timed out after 55 seconds");
        let (outcome, calls) = run(&Statement::once("x"), vec![late.clone()]);
        assert_eq!((outcome.unwrap_err().class, calls), (ErrorClass::TimeLimit, 1));
        assert!(run(&Statement::repeatable("x"), vec![late, json(200, ONE)]).0.is_ok());
    }

    #[test]
    fn what_did_not_run_is_tried_again_whatever_it_is() {
        let not_sent = Err(TransportError::NotSent("refused".into()));
        let answers =
            vec![not_sent, json(429, ""), failure("TransactionContext Error: Conflict on update!"), json(200, ONE)];
        assert_eq!(run(&Statement::once("x"), answers).1, 4);
    }

    #[test]
    fn trying_ends() {
        let (outcome, calls) = run(&Statement::read("x"), vec![json(503, ""); 100]);
        assert_eq!((outcome.unwrap_err().class, calls), (ErrorClass::Ambiguous, MAX_TRIES as usize));
        let (outcome, calls) = run(&Statement::once("x"), vec![failure("Conflict on update"); 100]);
        assert_eq!((outcome.unwrap_err().class, calls), (ErrorClass::Conflict, MAX_CONFLICTS as usize));
    }

    #[test]
    fn errors_that_stay_are_not_tried_again() {
        for (answer, class) in [
            (failure("Parser Error: syntax error"), ErrorClass::Permanent),
            (json(401, ""), ErrorClass::Auth),
            (json(413, ""), ErrorClass::OverLimit),
            (json(400, "bad"), ErrorClass::Permanent),
        ] {
            let (outcome, calls) = run(&Statement::read("x"), vec![answer]);
            assert_eq!((outcome.unwrap_err().class, calls), (class, 1));
        }
    }

    #[test]
    fn a_session_that_is_over_is_made_anew_once() {
        let (outcome, calls) = run(&Statement::once("x"), vec![json(404, ""), json(200, ONE)]);
        assert_eq!((outcome.is_ok(), calls), (true, 2));
        let (outcome, calls) = run(&Statement::once("x"), vec![json(404, ""), json(404, "")]);
        assert_eq!((outcome.unwrap_err().class, calls), (ErrorClass::Permanent, 2));
    }

    #[test]
    fn a_secret_is_not_in_debug_output() {
        let endpoint = endpoint();
        let statement = Statement::read("x");
        let mut exchange = Exchange::new(&endpoint, &statement, 1);
        let action = exchange.next_action(&mut Session::default());
        assert!(!format!("{exchange:?}{action:?}").contains("secret"));
    }
}
