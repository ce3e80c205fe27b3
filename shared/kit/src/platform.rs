//! What Workers do with their environment: the language model, who may use the HTTP side, and what is said of wrong settings.

use living_model::{HttpModel, Protocol};
use worker::{Env, Request};

use crate::{
    ASSERTION, AccessPolicy, AdminTokens, Caller, ConfigError, FetchTransport, Problem, Scope, Tokens, log,
    optional_var, required_secret, required_var,
};

/// The language model of the variables `MODEL_PROVIDER`, `MODEL_URL` and `MODEL_NAME` and of the secret `MODEL_API_KEY`. `None`: none is
/// configured.
///
/// # Errors
/// What is missing, or makes no sense.
pub fn model(env: &Env) -> Result<Option<HttpModel<FetchTransport>>, ConfigError> {
    const PROVIDER: &str = "MODEL_PROVIDER";
    let Some(provider) = optional_var(env, PROVIDER) else {
        return Ok(None);
    };
    let protocol = Protocol::parse(&provider).ok_or_else(|| ConfigError::Invalid {
        name: PROVIDER,
        reason: format!("{provider:?} is neither \"anthropic\" nor \"openai\""),
    })?;
    let endpoint = living_model::Endpoint {
        protocol,
        url: required_var(env, "MODEL_URL")?,
        model: required_var(env, "MODEL_NAME")?,
        key: required_secret(env, "MODEL_API_KEY")?,
    };
    Ok(Some(HttpModel { endpoint, transport: FetchTransport }))
}

/// A variable that is a whole number.
///
/// # Errors
/// If it's missing, or isn't one.
pub fn number_var<T: std::str::FromStr>(env: &Env, name: &'static str) -> Result<T, ConfigError> {
    let text = required_var(env, name)?;
    text.parse().map_err(|_| ConfigError::Invalid { name, reason: format!("{text:?} is not a whole number") })
}

/// Lets a request pass that carries a token whose hash is in the secret `ADMIN_TOKEN_HASH`.
///
/// # Errors
/// The answer to a request that doesn't, or to any if the secret isn't there.
pub fn admit_admin(env: &Env, request: &Request) -> Result<(), Problem> {
    let tokens = admin_tokens(env).map_err(|error| misconfigured(&error))?;
    if tokens.admits(request.headers().get("authorization").ok().flatten().as_deref()) {
        Ok(())
    } else {
        Err(Problem::unauthorized())
    }
}

fn admin_tokens(env: &Env) -> Result<AdminTokens, ConfigError> {
    const NAME: &str = "ADMIN_TOKEN_HASH";
    AdminTokens::parse(&required_secret(env, NAME)?).ok_or_else(|| ConfigError::Invalid {
        name: NAME,
        reason: "it has to be the SHA-256 of the token in hexadecimal, or of several with blanks between".to_owned(),
    })
}

/// Whoever sent a request, by a token of `API_TOKENS` or, where there is none, by one of Cloudflare Access.
///
/// # Errors
/// The answer to a request of nobody, or of somebody without the scope, or to any if the settings are wrong.
pub async fn admit(env: &Env, request: &Request, scope: Scope) -> Result<Caller, Problem> {
    let wrong = |error: ConfigError| misconfigured(&error);
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let caller = match (header("authorization"), header(ASSERTION), AccessPolicy::of(env).map_err(wrong)?) {
        (None, Some(assertion), Some(policy)) => policy.caller(&assertion).await?,
        (authorization, ..) => {
            let tokens = tokens(env).map_err(wrong)?;
            tokens.caller(authorization.as_deref()).cloned().ok_or_else(Problem::unauthorized)?
        }
    };
    if caller.may(scope) {
        Ok(caller)
    } else {
        Err(Problem::new(403, "Forbidden", format!("{} has not the scope {:?}", caller.name, scope.name())))
    }
}

fn tokens(env: &Env) -> Result<Tokens, ConfigError> {
    const NAME: &str = "API_TOKENS";
    Tokens::parse(&required_secret(env, NAME)?).map_err(|reason| ConfigError::Invalid { name: NAME, reason })
}

/// The answer of a Worker whose settings are wrong; the log says what is.
#[must_use]
pub fn misconfigured(error: &ConfigError) -> Problem {
    log::error("misconfigured").with("error", error.to_string()).write();
    Problem::new(500, "Misconfigured", "the Worker's log says what is missing").because(error)
}
