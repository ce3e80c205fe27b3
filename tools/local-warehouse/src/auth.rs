//! Bearer tokens, and what each may do.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;

/// A bearer token. Never printed; compared in constant time.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Makes a token of its text.
    ///
    /// # Errors
    /// When the text is empty or could not stand in an `Authorization` header.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidToken> {
        let text = text.into();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(InvalidToken)
        }
    }

    /// The text, for the `Authorization` header of a client.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn matches(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A text that can't be a bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token must have at least one character, all of them visible ASCII")]
pub struct InvalidToken;

/// The tokens that a warehouse accepts.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// May do everything, also switch on faults.
    pub read_write: Token,
    /// May only read, like MotherDuck's read-scaling tokens.
    pub read_only: Option<Token>,
}

/// What the bearer of a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    ReadWrite,
}

impl Tokens {
    /// What the bearer of a token may do; `None` for a token that this warehouse doesn't know.
    pub(crate) fn access(&self, presented: &str) -> Option<Access> {
        if self.read_write.matches(presented) {
            return Some(Access::ReadWrite);
        }
        self.read_only.as_ref().filter(|token| token.matches(presented)).map(|_| Access::ReadOnly)
    }
}

/// Lets a request with a known token through, with its [`Access`] as an extension.
pub(crate) async fn authenticate(State(tokens): State<Tokens>, mut request: Request, next: Next) -> Response {
    let Some(presented) = bearer(request.headers()) else {
        return unauthorized(
            "Bearer realm=\"local-warehouse\"",
            "this needs the header `Authorization: Bearer <token>`",
        );
    };
    let Some(access) = tokens.access(presented) else {
        return unauthorized(
            "Bearer realm=\"local-warehouse\", error=\"invalid_token\"",
            "the bearer token is not one of this warehouse",
        );
    };
    request.extensions_mut().insert(access);
    next.run(request).await
}

/// Lets only the bearer of the read-write token through. Runs behind [`authenticate`].
pub(crate) async fn require_read_write(request: Request, next: Next) -> Response {
    match request.extensions().get::<Access>() {
        Some(Access::ReadWrite) => next.run(request).await,
        _ => (StatusCode::FORBIDDEN, "only the read-write token may use the control API").into_response(),
    }
}

/// The scheme's name is case-insensitive (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized(challenge: &'static str, message: &'static str) -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))];
    (StatusCode::UNAUTHORIZED, challenge, message).into_response()
}
