//! The HTTP side of a call: it's logged, hit by faults, and cancelled when its client leaves.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Extension, Json, Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{StreamExt, stream};
use hyper::body::Frame;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    auth::{Tokens, authenticate, require_read_write},
    call::Call,
    config::ReplyStyle,
    engine::Engine,
    faults::{ErrorStatus, Fault, Faults, NewRules, RuleState},
    mcp::{CallContext, WarehouseTools},
    outcome::Failure,
    requests::{Entry, Outcome, RequestLog},
};

/// Bytes of a request. A chunk of rows as SQL text is a few megabytes; this leaves room to measure larger ones.
const MAX_REQUEST_BYTES: usize = 64 << 20;
/// Bytes of a reply that a fault may hold back. A reply is a result of 50,000 characters, twice.
const MAX_REPLY_BYTES: usize = 16 << 20;

/// What no JSON parser reads, in both reply styles.
const GARBAGE_JSON: &str = "{\"jsonrpc\":\"2.0\",<html>502 Bad Gateway</html>";
const GARBAGE_EVENT: &str = "data: {\"jsonrpc\":\"2.0\",<html>502 Bad Gateway</html>\n\n";

/// Cuts the TCP connection that a request came in on. The accept loop gives one to each connection.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionCut(pub(crate) CancellationToken);

/// What the routes share.
#[derive(Debug, Clone)]
pub(crate) struct Routes {
    pub(crate) engine: Arc<Engine>,
    pub(crate) tokens: Tokens,
    pub(crate) reply_style: ReplyStyle,
    pub(crate) control: Control,
    pub(crate) shutdown: CancellationToken,
}

/// Faults and log, behind both ways in and the control API.
#[derive(Debug, Clone, Default)]
pub(crate) struct Control {
    pub(crate) faults: Arc<Faults>,
    pub(crate) log: Arc<RequestLog>,
}

impl Routes {
    /// `/mcp`, `/faults` and `/requests`, all behind bearer tokens.
    pub(crate) fn into_router(self) -> Router {
        let Self { engine, tokens, reply_style, control, shutdown } = self;
        let stateful = reply_style == ReplyStyle::StatefulSse;
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(stateful)
            .with_json_response(!stateful)
            .with_sse_retry(None)
            .with_max_request_body_bytes(MAX_REQUEST_BYTES)
            .with_cancellation_token(shutdown);
        let mut sessions = LocalSessionManager::default();
        // Replies that were cut are not kept, and clients not told to come back for them: a lost reply is lost, as
        // faults promise.
        sessions.session_config.sse_retry = None;
        sessions.session_config.completed_cache_ttl = Duration::ZERO;
        let tools = move || Ok(WarehouseTools::new(engine.clone()));
        let mcp = StreamableHttpService::new(tools, Arc::new(sessions), config);
        let mcp = Router::new().route_service("/mcp", mcp).layer(from_fn_with_state(control.clone(), intercept));
        let control = Router::new()
            .route("/faults", get(list_faults).post(add_faults).delete(clear_faults))
            .route("/requests", get(list_requests).delete(clear_requests))
            .layer(from_fn(require_read_write))
            .with_state(control);
        mcp.merge(control).layer(from_fn_with_state(tokens, authenticate))
    }
}

async fn list_faults(State(control): State<Control>) -> Json<Vec<RuleState>> {
    Json(control.faults.list())
}

async fn add_faults(State(control): State<Control>, Json(rules): Json<NewRules>) -> Response {
    match control.faults.add(rules) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(mistake) => (StatusCode::UNPROCESSABLE_ENTITY, mistake).into_response(),
    }
}

async fn clear_faults(State(control): State<Control>) -> StatusCode {
    control.faults.clear();
    StatusCode::NO_CONTENT
}

async fn list_requests(State(control): State<Control>) -> Json<Vec<Entry>> {
    Json(control.log.list())
}

async fn clear_requests(State(control): State<Control>) -> StatusCode {
    control.log.clear();
    StatusCode::NO_CONTENT
}

/// Stands between the network and the MCP service.
async fn intercept(
    State(control): State<Control>,
    Extension(cut): Extension<ConnectionCut>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_REQUEST_BYTES).await else {
        let message = format!("the request's body did not arrive whole, or has more than {MAX_REQUEST_BYTES} bytes");
        return (StatusCode::PAYLOAD_TOO_LARGE, message).into_response();
    };
    let Some(call) = Call::read(&body) else {
        return next.run(Request::from_parts(parts, body.into())).await;
    };

    let fault = control.faults.strike(&call);
    let entry = Arc::new(control.log.open(&call, fault.as_ref().map(Fault::name)));
    let departure = CancellationToken::new();
    // Dropped with this future when the client leaves before the reply begins, and with the reply's body after that.
    let guard = departure.clone().drop_guard();
    let is_tool_call = call.tool.is_some();
    let injected_failure = match &fault {
        Some(Fault::FailBefore { error, error_type }) => {
            Some(Failure { error: error.clone(), error_type: error_type.clone() })
        }
        _ => None,
    };
    parts.extensions.insert(CallContext { departure, entry: entry.clone(), injected_failure });
    let request = Request::from_parts(parts, body.into());

    match fault {
        Some(Fault::Status { status, retry_after }) => return status_reply(status, retry_after),
        Some(Fault::Stall { ms }) => stall(ms).await,
        _ => {}
    }
    let response = next.run(request).await;
    if !is_tool_call {
        entry.close(if response.status().is_success() { Outcome::Ok } else { Outcome::Error });
    }
    drop(entry);
    match fault {
        None | Some(Fault::FailBefore { .. } | Fault::Status { .. } | Fault::Stall { .. }) => {
            response.map(|body| Body::new(GuardedBody { body, guard: Some(guard) }))
        }
        Some(fault) => spoil(&fault, response, &cut).await,
    }
}

/// Waits for the whole reply, so that the statement has run, and then does to it what the fault says.
async fn spoil(fault: &Fault, response: Response, cut: &ConnectionCut) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MAX_REPLY_BYTES).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the reply is too large for a fault").into_response();
    };
    match fault {
        Fault::DropReply {} => {
            cut.0.cancel();
            std::future::pending().await
        }
        Fault::StatusAfter { status, retry_after } => status_reply(*status, *retry_after),
        Fault::Garbage {} => {
            parts.headers.remove(header::CONTENT_LENGTH);
            let is_json = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
            Response::from_parts(parts, Body::from(if is_json { GARBAGE_JSON } else { GARBAGE_EVENT }))
        }
        Fault::Truncate {} => Response::from_parts(parts, half_body(&body, cut.clone())),
        Fault::StallAfter { ms } => {
            stall(*ms).await;
            Response::from_parts(parts, Body::from(body))
        }
        Fault::FailBefore { .. } | Fault::Status { .. } | Fault::Stall { .. } => {
            Response::from_parts(parts, Body::from(body))
        }
    }
}

/// The first half of `body`; then the connection is cut.
fn half_body(body: &Bytes, cut: ConnectionCut) -> Body {
    let half = body.slice(..body.len() / 2);
    let end = stream::once(async move {
        // hyper writes out what it has when the body is not ready: this lets the first half leave.
        tokio::task::yield_now().await;
        cut.0.cancel();
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Body::from_stream(stream::once(async move { Ok(half) }).chain(end))
}

/// Without `ms`, this ends only with the client: its hang-up drops the future.
async fn stall(ms: Option<u64>) {
    match ms {
        Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        None => std::future::pending().await,
    }
}

fn status_reply(status: ErrorStatus, retry_after: Option<u32>) -> Response {
    let status = StatusCode::from_u16(status.into()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, status.canonical_reason().unwrap_or_default()).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A reply's body that cancels the statement when it's dropped before its end.
struct GuardedBody {
    body: Body,
    guard: Option<DropGuard>,
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let poll = Pin::new(&mut self.body).poll_frame(context);
        if matches!(poll, Poll::Ready(None)) {
            self.guard.take().map(DropGuard::disarm);
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}
