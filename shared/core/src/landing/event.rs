//! What happened to an object, as a message says it.

use alloc::{
    format,
    string::{String, ToString},
};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A message of the landing queue: R2's own
/// [event notification](https://developers.cloudflare.com/r2/buckets/event-notifications/#message-format), or one of ours in the
/// same form with the action `Replay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    pub account: String,
    pub action: Action,
    pub bucket: String,
    pub object: NotifiedObject,
    pub event_time: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    PutObject,
    CopyObject,
    CompleteMultipartUpload,
    DeleteObject,
    LifecycleDeletion,
    /// Somebody asks for the object to be loaded, even if it's in quarantine. If its content is committed, there is nothing to do.
    Replay,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotifiedObject {
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// R2 leaves it out where the object is gone.
    #[serde(default, rename = "eTag", skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// An event of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEvent {
    pub bucket: String,
    pub key: String,
    pub change: Change,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The object got this content.
    Written {
        etag: String,
    },
    Deleted,
    /// Nothing happened to it; it is to be loaded, if it isn't.
    Replayed,
}

/// A message that is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    #[error("the message is not an R2 event notification: {0}")]
    NotANotification(String),
    #[error("the notification of {action:?} for {key:?} has no eTag")]
    NoEtag { action: Action, key: String },
}

/// Reads a message.
///
/// # Errors
/// What is wrong with it. It will not get better by being delivered again.
pub fn parse(message: &str) -> Result<ObjectEvent, EventError> {
    let notification: Notification =
        serde_json::from_str(message).map_err(|error| EventError::NotANotification(error.to_string()))?;
    let Notification { action, bucket, object, event_time, .. } = notification;
    let change = match action {
        Action::PutObject | Action::CopyObject | Action::CompleteMultipartUpload => {
            let etag = object.etag.ok_or_else(|| EventError::NoEtag { action, key: object.key.clone() })?;
            Change::Written { etag: plain_etag(&etag) }
        }
        Action::DeleteObject | Action::LifecycleDeletion => Change::Deleted,
        Action::Replay => Change::Replayed,
    };
    Ok(ObjectEvent { bucket, key: object.key, change, at: event_time })
}

/// An etag without the quotes that HTTP puts around it.
#[must_use]
pub fn plain_etag(etag: &str) -> String {
    etag.trim_matches('"').to_string()
}

/// The message by which an object is tried again.
#[must_use]
pub fn replay(bucket: &str, key: &str, at: Timestamp) -> Notification {
    Notification {
        account: String::new(),
        action: Action::Replay,
        bucket: bucket.to_string(),
        object: NotifiedObject { key: key.to_string(), size: None, etag: None },
        event_time: at,
    }
}

/// The object as logs name it.
impl core::fmt::Display for ObjectEvent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&format!("{}/{}", self.bucket, self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUT: &str = r#"{"account":"a","action":"PutObject","bucket":"vessel-csv",
        "object":{"key":"it's/ä.parquet","size":65536,"eTag":"\"846ff3\""},"eventTime":"2026-05-24T19:36:44.379Z"}"#;

    #[test]
    fn a_put_names_the_content_that_was_put() {
        let event = parse(PUT).unwrap();
        assert_eq!(event.key, "it's/ä.parquet");
        assert_eq!(event.change, Change::Written { etag: "846ff3".into() });
        assert_eq!(event.at.to_string(), "2026-05-24T19:36:44.379Z");
    }

    #[test]
    fn a_deletion_has_no_content() {
        let message = PUT.replace("PutObject", "LifecycleDeletion").replace(r#","size":65536,"eTag":"\"846ff3\"""#, "");
        assert_eq!(parse(&message).unwrap().change, Change::Deleted);
    }

    #[test]
    fn what_is_no_notification_is_said_to_be_none() {
        for message in ["", "null", "{}", "[]", &PUT.replace("PutObject", "Rename"), &PUT.replace("2026-05-24T", "")] {
            assert!(matches!(parse(message), Err(EventError::NotANotification(_))), "{message}");
        }
        let message = PUT.replace(r#","eTag":"\"846ff3\"""#, "");
        assert!(matches!(parse(&message), Err(EventError::NoEtag { .. })));
    }

    #[test]
    fn a_replay_is_a_message_of_the_same_form() {
        let message = serde_json::to_string(&replay("b", "k", Timestamp::from_millis(0))).unwrap();
        assert_eq!(parse(&message).unwrap().change, Change::Replayed);
    }
}
