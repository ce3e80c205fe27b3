//! Answers of the Workers beside this one.

use living_kit::Problem;
use serde_json::Value;
use worker::Response;

/// What a Worker answered. Its refusals are given on with its own words, those that `refusals` lists by status and title; any other
/// is something between the Workers, and none of the client's business.
///
/// # Errors
/// The Worker's refusal; 503.
pub(crate) async fn passed_on(
    worker: &str,
    response: &mut Response,
    refusals: &[(u16, &'static str)],
) -> Result<Value, Problem> {
    let status = response.status_code();
    let body: Value = response.json().await.map_err(|error| Problem::unavailable().because(error))?;
    if (200..=299).contains(&status) {
        return Ok(body);
    }
    let Some((_, title)) = refusals.iter().find(|(listed, _)| *listed == status) else {
        return Err(Problem::unavailable().because(format_args!("the {worker} Worker answered {status}")));
    };
    let detail = body.get("detail").and_then(Value::as_str).unwrap_or_default();
    Err(Problem::new(status, title, detail))
}
