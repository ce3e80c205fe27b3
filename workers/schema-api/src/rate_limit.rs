//! How often a caller may ask.

use living_kit::{Caller, Problem, log};
use worker::Env;

/// Each token has so many requests a minute, as the binding `RATE_LIMIT` says; without one there's no limit.
pub(crate) async fn limit(env: &Env, caller: &Caller) -> Result<(), Problem> {
    let Ok(limiter) = env.rate_limiter("RATE_LIMIT") else {
        return Ok(());
    };
    match limiter.limit(caller.name.clone()).await {
        Ok(outcome) if !outcome.success => {
            let detail = "this token has sent too many requests within a minute";
            Err(Problem::new(429, "Too many requests", detail).with_header("retry-after", 60))
        }
        Ok(_) => Ok(()),
        Err(error) => {
            // Whoever may ask is not kept out because a limit can't be counted.
            log::warning("rate_limit_failed").with("error", error.to_string()).write();
            Ok(())
        }
    }
}
