//! What every Worker does with its environment: the warehouse that it's configured for, and who may use its HTTP side.

use std::{cell::RefCell, rc::Rc};

use living_warehouse::{Endpoint, McpWarehouse, Session};
use worker::{Env, Request};

use crate::{ConfigError, FetchTransport, Problem, TokenHash, log, required_secret, required_var};

thread_local! {
    /// The warehouse's session, for as long as the isolate lives.
    static SESSION: Rc<RefCell<Session>> = Rc::default();
}

/// The warehouse of the variables `WAREHOUSE_URL` and `WAREHOUSE_DATABASE` and of the secret `MOTHERDUCK_TOKEN`.
///
/// # Errors
/// Which of them is missing.
pub fn warehouse(env: &Env) -> Result<McpWarehouse<FetchTransport>, ConfigError> {
    let endpoint = Endpoint {
        url: required_var(env, "WAREHOUSE_URL")?,
        token: required_secret(env, "MOTHERDUCK_TOKEN")?,
        database: Some(required_var(env, "WAREHOUSE_DATABASE")?),
    };
    Ok(McpWarehouse::with_session(endpoint, FetchTransport, SESSION.with(Rc::clone)))
}

/// Lets a request pass that carries the token whose hash the secret `ADMIN_TOKEN_HASH` is.
///
/// # Errors
/// The answer to a request that doesn't, or to any if the secret isn't there.
pub fn admit_admin(env: &Env, request: &Request) -> Result<(), Problem> {
    let admin = admin_token(env).map_err(|error| misconfigured(&error))?;
    if admin.admits(request.headers().get("authorization").ok().flatten().as_deref()) {
        Ok(())
    } else {
        Err(Problem::unauthorized())
    }
}

fn admin_token(env: &Env) -> Result<TokenHash, ConfigError> {
    const NAME: &str = "ADMIN_TOKEN_HASH";
    TokenHash::parse(&required_secret(env, NAME)?).ok_or_else(|| ConfigError::Invalid {
        name: NAME,
        reason: "it has to be the SHA-256 of the token in hexadecimal".to_owned(),
    })
}

/// The answer of a Worker whose settings are wrong; the log says what is.
#[must_use]
pub fn misconfigured(error: &ConfigError) -> Problem {
    log::error("misconfigured").with("error", error.to_string()).write();
    Problem::new(500, "Misconfigured", "the Worker's log says what is missing").because(error)
}
