//! Outside help as the environment configures it.

use living_kit::{
    Answer, ConfigError, FetchTransport, WorkerHost, WorkerWarehouse, log, model, number_var, optional_secret,
    optional_var, required_secret, required_var, warehouse,
};
use living_mail::{Mailer, Sender};
use living_model::HttpModel;
use living_slack::{ReviewUrl, Webhook};
use worker::Env;

use super::{Describer, Outside, Slack};

type WorkerOutside = Outside<WorkerWarehouse, WorkerHost, FetchTransport, HttpModel<FetchTransport>>;

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
    let is_configured = optional_secret(env, "SLACK_WEBHOOK_URL").is_some()
        || ["MAIL_PROVIDER", "MODEL_PROVIDER"].iter().any(|name| optional_var(env, name).is_some());
    if !is_configured {
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
        mail: unless_misconfigured(mail(env)),
        model: unless_misconfigured(describer(env)),
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

fn mail(env: &Env) -> Result<Option<Mailer<FetchTransport>>, ConfigError> {
    const PROVIDER: &str = "MAIL_PROVIDER";
    let Some(provider) = optional_var(env, PROVIDER) else {
        return Ok(None);
    };
    let protocol = living_mail::Protocol::parse(&provider).ok_or_else(|| ConfigError::Invalid {
        name: PROVIDER,
        reason: format!("{provider:?} is neither \"resend\" nor \"postmark\""),
    })?;
    let (url, from, to) =
        (required_var(env, "MAIL_URL")?, required_var(env, "MAIL_FROM")?, required_var(env, "MAIL_TO")?);
    let sender = Sender::new(protocol, &url, &required_secret(env, "MAIL_API_KEY")?, &from, &to)
        .map_err(|reason| ConfigError::Invalid { name: "MAIL_URL, MAIL_FROM or MAIL_TO", reason })?;
    Ok(Some(Mailer { sender, transport: FetchTransport }))
}

fn describer(env: &Env) -> Result<Option<Describer<HttpModel<FetchTransport>>>, ConfigError> {
    let Some(model) = model(env)? else {
        return Ok(None);
    };
    Ok(Some(Describer { model, items_per_day: number_var(env, "DESCRIPTIONS_PER_DAY")? }))
}
