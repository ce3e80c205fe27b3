//! Outside help as the environment configures it.

use living_kit::{
    Answer, ConfigError, FetchTransport, WorkerHost, log, optional_secret, optional_var, required_secret, required_var,
    warehouse,
};
use living_model::{Endpoint, HttpModel, Protocol};
use living_slack::{ReviewUrl, Webhook};
use living_warehouse::McpWarehouse;
use worker::Env;

use super::{Describer, Outside, Slack};

type WorkerOutside = Outside<McpWarehouse<FetchTransport>, WorkerHost, FetchTransport, HttpModel<FetchTransport>>;

/// The end of the name of the queue whose messages say that there may be something to send.
const QUEUE_SUFFIX: &str = "outbox";

/// Seconds before a dispatch that the warehouse failed is tried again.
const RETRY_SECONDS: u32 = 60;

/// Whether messages of this queue ask for a dispatch.
pub(crate) fn is_queue(name: &str) -> bool {
    name.ends_with(QUEUE_SUFFIX)
}

/// Says that there may be something to send. The dispatch is an event of its own: a run neither waits for it nor fails with it. If this
/// gets lost, the hourly dispatch does it.
pub(crate) async fn announce(env: &Env) {
    if optional_secret(env, "SLACK_WEBHOOK_URL").is_none() && optional_var(env, "MODEL_PROVIDER").is_none() {
        return;
    }
    let told = match env.queue("OUTBOX") {
        Ok(queue) => queue.send("dispatch").await,
        Err(error) => Err(error),
    };
    if let Err(error) = told {
        log::warning("outbox_not_announced").with("error", error.to_string()).write();
    }
}

/// Sends what is due.
pub(crate) async fn dispatch(env: &Env) -> Answer {
    let outcome = match outside(env) {
        Ok(outside) => outside.run().await.map_err(|failure| failure.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(_) => Answer::Ack,
        Err(error) => {
            log::error("outbox_failed").with("error", error).write();
            Answer::RetryAfter { seconds: RETRY_SECONDS }
        }
    }
}

fn outside(env: &Env) -> Result<WorkerOutside, ConfigError> {
    Ok(Outside {
        warehouse: warehouse(env)?,
        host: WorkerHost,
        slack: unless_misconfigured(slack(env)),
        model: unless_misconfigured(model(env)),
    })
}

/// A channel whose settings make no sense waits, and says so; the other goes on.
fn unless_misconfigured<T>(channel: Result<Option<T>, ConfigError>) -> Option<T> {
    channel.unwrap_or_else(|error| {
        log::error("misconfigured").with("error", error.to_string()).write();
        None
    })
}

fn slack(env: &Env) -> Result<Option<Slack<FetchTransport>>, ConfigError> {
    const WEBHOOK: &str = "SLACK_WEBHOOK_URL";
    const REVIEW: &str = "REVIEW_URL";
    let invalid = |name, reason: &str| ConfigError::Invalid { name, reason: reason.to_owned() };
    let Some(url) = optional_secret(env, WEBHOOK) else {
        return Ok(None);
    };
    let webhook = Webhook::new(&url, FetchTransport).ok_or_else(|| invalid(WEBHOOK, "it's not an address of HTTP"))?;
    let review_url = match optional_var(env, REVIEW) {
        Some(url) => Some(ReviewUrl::parse(&url).ok_or_else(|| invalid(REVIEW, "it's not an address of HTTP"))?),
        None => None,
    };
    Ok(Some(Slack { webhook, review_url }))
}

fn model(env: &Env) -> Result<Option<Describer<HttpModel<FetchTransport>>>, ConfigError> {
    const PROVIDER: &str = "MODEL_PROVIDER";
    const BUDGET: &str = "DESCRIPTIONS_PER_DAY";
    let Some(provider) = optional_var(env, PROVIDER) else {
        return Ok(None);
    };
    let protocol = Protocol::parse(&provider).ok_or_else(|| ConfigError::Invalid {
        name: PROVIDER,
        reason: format!("{provider:?} is neither \"anthropic\" nor \"openai\""),
    })?;
    let items_per_day = required_var(env, BUDGET)?;
    let items_per_day = items_per_day.parse().map_err(|_| ConfigError::Invalid {
        name: BUDGET,
        reason: format!("{items_per_day:?} is not a whole number"),
    })?;
    let endpoint = Endpoint {
        protocol,
        url: required_var(env, "MODEL_URL")?,
        model: required_var(env, "MODEL_NAME")?,
        key: required_secret(env, "MODEL_API_KEY")?,
    };
    Ok(Some(Describer { model: HttpModel { endpoint, transport: FetchTransport }, items_per_day }))
}
