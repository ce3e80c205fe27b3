//! What a deployment says of reading documents: the variable `OCR`, and where the OCR engine is.

use std::num::NonZeroUsize;

use living_kit::{ConfigError, FetchTransport, optional_secret, optional_var, required_secret, required_var};
use serde::Deserialize;
use worker::Env;

use crate::{Endpoint, HttpEngine};

/// Validated when it's read; a mistake is named with its place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The bucket of PDF.
    pub documents_bucket: String,
    /// The bucket of their pages.
    pub pages_bucket: String,
    /// Pages that the OCR engine is asked for at once.
    #[serde(default = "pages_at_once")]
    pub pages_at_once: NonZeroUsize,
    /// After so many seconds the rest of a document is left to another message: a queue's consumer lives for 15 minutes, and others wait.
    #[serde(default = "budget_seconds")]
    pub budget_seconds: u32,
    /// Seconds before a message whose document couldn't be read just now is delivered again; doubled each time, up to a quarter of an
    /// hour.
    #[serde(default = "retry_seconds")]
    pub retry_seconds: u32,
}

fn pages_at_once() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(3)
}

fn budget_seconds() -> u32 {
    30
}

fn retry_seconds() -> u32 {
    5
}

/// The OCR engine of `OCR_PROVIDER`. `None`: none is configured.
///
/// # Errors
/// What is missing, or makes no sense.
pub(crate) fn engine(env: &Env) -> Result<Option<HttpEngine<FetchTransport>>, ConfigError> {
    const PROVIDER: &str = "OCR_PROVIDER";
    const TOKEN: &str = "OCR_TOKEN";
    let Some(provider) = optional_var(env, PROVIDER) else {
        return Ok(None);
    };
    let url = required_var(env, "OCR_URL")?;
    let endpoint = match provider.as_str() {
        "service" => Endpoint::Service { url, token: optional_secret(env, TOKEN) },
        "workers-ai" => {
            Endpoint::WorkersAi { url, model: required_var(env, "OCR_MODEL")?, token: required_secret(env, TOKEN)? }
        }
        other => {
            let reason = format!("{other:?} is neither \"service\" nor \"workers-ai\"");
            return Err(ConfigError::Invalid { name: PROVIDER, reason });
        }
    };
    Ok(Some(HttpEngine { endpoint, transport: FetchTransport }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_deployment_leaves_out_has_a_default() {
        let config: Config = serde_json::from_str(r#"{"documents_bucket": "d", "pages_bucket": "p"}"#).unwrap();
        assert_eq!((config.pages_at_once.get(), config.budget_seconds, config.retry_seconds), (4, 30, 5));
        for wrong in
            [r#"{"documents_bucket": "d"}"#, r#"{"documents_bucket": "d", "pages_bucket": "p", "pages_at_once": 0}"#]
        {
            assert!(serde_json::from_str::<Config>(wrong).is_err(), "{wrong}");
        }
    }
}
