//! Settings of a deployment: variables and secrets of the Worker.

use serde::de::DeserializeOwned;
use worker::Env;

/// A setting that is missing or makes no sense. It names the setting, never a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the variable {0} is not set (wrangler.toml, [env.*.vars])")]
    MissingVar(&'static str),
    #[error("the secret {0} is not set (wrangler secret put {0})")]
    MissingSecret(&'static str),
    #[error("the variable {name} is not what it has to be: {reason}")]
    Invalid { name: &'static str, reason: String },
}

/// A variable that has to be set.
///
/// # Errors
/// `MissingVar`
pub fn required_var(env: &Env, name: &'static str) -> Result<String, ConfigError> {
    env.var(name).map(|value| value.to_string()).map_err(|_| ConfigError::MissingVar(name))
}

/// A secret that has to be set.
///
/// # Errors
/// `MissingSecret`
pub fn required_secret(env: &Env, name: &'static str) -> Result<String, ConfigError> {
    env.secret(name).map(|value| value.to_string()).map_err(|_| ConfigError::MissingSecret(name))
}

/// A variable that may be missing. An empty one is missing too.
#[must_use]
pub fn optional_var(env: &Env, name: &str) -> Option<String> {
    env.var(name).ok().map(|value| value.to_string()).filter(|value| !value.is_empty())
}

/// A secret that may be missing. An empty one is missing too.
#[must_use]
pub fn optional_secret(env: &Env, name: &str) -> Option<String> {
    env.secret(name).ok().map(|value| value.to_string()).filter(|value| !value.is_empty())
}

/// A variable with a structure, as TOML tables and arrays give it.
///
/// # Errors
/// `MissingVar`, or `Invalid` with the place and the rule.
pub fn var_as<T: DeserializeOwned>(env: &Env, name: &'static str) -> Result<T, ConfigError> {
    let value: serde_json::Value = env.object_var(name).map_err(|_| ConfigError::MissingVar(name))?;
    serde_json::from_value(value).map_err(|error| ConfigError::Invalid { name, reason: error.to_string() })
}
