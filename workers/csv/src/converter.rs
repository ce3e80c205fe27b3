//! One event, from the queue to the Parquet. Read [`Converter::handle`] downwards: each step is a function whose name is the step.
//!
//! A consumer may die at any await. What makes that harmless is said at each of them.

use living_core::landing::{decision::ObjectHead, event::ObjectEvent};
use living_kit::{Host, ObjectStore, ObjectWriter};
use serde::Serialize;

use crate::{
    config::{Config, OnDelete, Route},
    convert::Conversion,
    failure::Failure,
    output,
    record::{self, ENDED_WITHOUT_A_WORD, Output, Record, State},
};

/// How often an upload is followed that changes while it's converted. Each round is a whole conversion; one that changes faster is left
/// to its next event.
const MAX_ROUNDS: u32 = 3;

/// The consumer's logic, with its ports.
#[derive(Debug)]
pub struct Converter<S, H> {
    pub store: S,
    pub host: H,
    pub config: Config,
    /// The version of the Worker. What one version has made or refused, another one looks at anew.
    pub build: String,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No route takes the object.
    NotOurs,
    Skipped(Skip),
    Converted {
        etag: String,
        outputs: Vec<Output>,
    },
    /// The upload is gone, and so are its outputs.
    Removed {
        outputs: Vec<String>,
    },
    Refused {
        etag: String,
        reason: String,
    },
    /// Try again later.
    Retry {
        reason: String,
    },
}

/// Why nothing is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum Skip {
    #[error("this content is converted")]
    Converted,
    #[error("this content is refused; upload it again after the fix")]
    Refused,
    #[error("the upload is gone")]
    Gone,
}

/// What to do about an upload that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Convert {
        /// An earlier attempt ended without a word. If this one does too, the upload stays refused.
        suspect: bool,
    },
    Skip(Skip),
}

/// Decides. An event is only a reason to look: what happens depends on the upload as it is now and on its record.
///
/// `redelivered`: the message was delivered before, so the consumer that had it has failed or died.
fn decide(head: &ObjectHead, record: Option<&Record>, build: &str, redelivered: bool) -> Decision {
    let Some(record) = record.filter(|record| record.etag == head.etag && record.build == build) else {
        return Decision::Convert { suspect: false };
    };
    // The same content uploaded again is a person's wish that it be tried again.
    let again = record.uploaded_at != head.uploaded_at;
    match &record.state {
        State::Converted { .. } => Decision::Skip(Skip::Converted),
        State::Refused { .. } if !again => Decision::Skip(Skip::Refused),
        State::Converting if !again => Decision::Convert { suspect: redelivered },
        _ => Decision::Convert { suspect: false },
    }
}

impl<S: ObjectStore + ObjectWriter, H: Host> Converter<S, H> {
    /// Does what an event calls for. `redelivered`: its message was delivered before.
    pub async fn handle(&self, event: &ObjectEvent, redelivered: bool) -> Outcome {
        let Some(route) = self.config.routes.find(&event.bucket, &event.key) else {
            return Outcome::NotOurs;
        };
        for _ in 0..MAX_ROUNDS {
            let outcome = match self.reconcile(route, event, redelivered).await {
                Ok(outcome) => outcome,
                Err(Failure::Changed) => continue,
                Err(failure) => return Outcome::Retry { reason: failure.to_string() },
            };
            match self.is_still_so(event, &outcome).await {
                Ok(true) => return outcome,
                // The event of what the upload is now may have come and gone while this one was under way.
                Ok(false) => {}
                Err(failure) => return Outcome::Retry { reason: failure.to_string() },
            }
        }
        Outcome::Retry { reason: "the upload changes faster than it can be converted".to_owned() }
    }

    /// Brings the outputs to what the upload is now.
    async fn reconcile(&self, route: &Route, event: &ObjectEvent, redelivered: bool) -> Result<Outcome, Failure> {
        let object = self.store.head(&event.bucket, &event.key).await?;
        let record = record::read(&self.store, route, &event.bucket, &event.key).await?;
        let Some(head) = object else {
            return self.follow_deletion(route, record).await;
        };
        let known = match &record {
            Some(known) if !self.outputs_are_there(known).await? => None,
            known => known.as_ref(),
        };
        match decide(&head, known, &self.build, redelivered) {
            Decision::Skip(skip) => Ok(Outcome::Skipped(skip)),
            Decision::Convert { suspect } => {
                let written = record.map(|record| record.written).unwrap_or_default();
                let state = if suspect {
                    State::Refused { reason: ENDED_WITHOUT_A_WORD.to_owned() }
                } else {
                    State::Converting
                };
                let record = Record {
                    bucket: event.bucket.clone(),
                    key: event.key.clone(),
                    source_table: output::source_table(route, &event.key),
                    etag: head.etag.clone(),
                    size: head.size,
                    uploaded_at: head.uploaded_at,
                    build: self.build.clone(),
                    at: self.host.now(),
                    state,
                    written,
                };
                self.convert(route, &head, record).await
            }
        }
    }

    /// Whether what a record says was made is still there.
    async fn outputs_are_there(&self, record: &Record) -> Result<bool, Failure> {
        let State::Converted { outputs, .. } = &record.state else { return Ok(true) };
        for output in outputs {
            let there = self.store.head(&output.bucket, &output.key).await?;
            if there.is_none_or(|head| head.etag != output.etag) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One attempt, from its record's first state to its last.
    async fn convert(&self, route: &Route, head: &ObjectHead, mut record: Record) -> Result<Outcome, Failure> {
        // Dying from here on: the record has a start without an end. The next delivery is suspect, the one after that finds the upload
        // refused.
        record::write(&self.store, route, &record).await?;
        let conversion = Conversion { store: &self.store, route, head, build: &self.build };
        let outcome = match conversion.run(&mut record).await {
            Ok((outputs, warnings)) => {
                self.remove_stale(route, &mut record, &outputs).await?;
                record.state = State::Converted { outputs: outputs.clone(), warnings };
                Outcome::Converted { etag: head.etag.clone(), outputs }
            }
            // What an earlier content became stays: this one is no better than it.
            Err(Failure::Refused(reason)) => {
                record.state = State::Refused { reason: reason.clone() };
                Outcome::Refused { etag: head.etag.clone(), reason }
            }
            Err(Failure::Passing(reason)) => {
                record.state = State::Waiting { reason: reason.clone() };
                Outcome::Retry { reason }
            }
            Err(Failure::Changed) => return Err(Failure::Changed),
        };
        record.at = self.host.now();
        // Dying here: the outputs are there, and the next delivery makes the same ones again.
        record::write(&self.store, route, &record).await?;
        Ok(outcome)
    }

    /// Deletes the outputs of sheets that the upload has no longer. Dying on the way: the record still names them.
    async fn remove_stale(&self, route: &Route, record: &mut Record, outputs: &[Output]) -> Result<(), Failure> {
        let is_new = |key: &String| outputs.iter().any(|output| output.key == *key);
        for key in record.written.iter().filter(|key| !is_new(key)) {
            self.store.delete(&route.output_bucket, key).await?;
        }
        record.written.retain(is_new);
        Ok(())
    }

    /// The upload is gone. Dying on the way: the record goes last, and names what is still to be deleted.
    async fn follow_deletion(&self, route: &Route, record: Option<Record>) -> Result<Outcome, Failure> {
        let (Some(record), OnDelete::Delete) = (record, route.on_delete) else {
            return Ok(Outcome::Skipped(Skip::Gone));
        };
        for key in &record.written {
            self.store.delete(&route.output_bucket, key).await?;
        }
        let key = output::record_key(route, &record.bucket, &record.key);
        self.store.delete(&route.output_bucket, &key).await?;
        Ok(Outcome::Removed { outputs: record.written })
    }

    /// Whether the upload still is what the outcome says of it.
    async fn is_still_so(&self, event: &ObjectEvent, outcome: &Outcome) -> Result<bool, Failure> {
        let expected = match outcome {
            Outcome::Converted { etag, .. } | Outcome::Refused { etag, .. } => Some(etag),
            Outcome::Removed { .. } => None,
            _ => return Ok(true),
        };
        let object = self.store.head(&event.bucket, &event.key).await?;
        Ok(object.as_ref().map(|head| &head.etag) == expected)
    }

    /// All deliveries of an event failed: its upload is refused, unless another event brought it to its end.
    pub(crate) async fn give_up(&self, event: &ObjectEvent) -> Result<(), Failure> {
        let Some(route) = self.config.routes.find(&event.bucket, &event.key) else { return Ok(()) };
        let (Some(head), Some(mut record)) = (
            self.store.head(&event.bucket, &event.key).await?,
            record::read(&self.store, route, &event.bucket, &event.key).await?,
        ) else {
            return Ok(());
        };
        let reason = match &record.state {
            State::Waiting { reason } => format!("every attempt failed; the last one: {reason}"),
            State::Converting => "every attempt failed".to_owned(),
            State::Converted { .. } | State::Refused { .. } => return Ok(()),
        };
        if record.etag == head.etag {
            record.state = State::Refused { reason };
            record.at = self.host.now();
            record::write(&self.store, route, &record).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use living_core::time::Timestamp;

    use super::*;

    fn head(etag: &str, uploaded_at: i64) -> ObjectHead {
        ObjectHead { etag: etag.to_owned(), size: 1, uploaded_at: Timestamp::from_millis(uploaded_at) }
    }

    fn record(state: State) -> Record {
        Record {
            bucket: "u".to_owned(),
            key: "t/a.csv".to_owned(),
            source_table: "t".to_owned(),
            etag: "e1".to_owned(),
            size: 1,
            uploaded_at: Timestamp::from_millis(1),
            build: "1".to_owned(),
            at: Timestamp::from_millis(2),
            state,
            written: Vec::new(),
        }
    }

    #[test]
    fn what_is_done_follows_from_the_upload_and_its_record() {
        let converted = || State::Converted { outputs: Vec::new(), warnings: Vec::new() };
        let refused = || State::Refused { reason: "no".to_owned() };
        let waiting = || State::Waiting { reason: "R2".to_owned() };
        let anew = Decision::Convert { suspect: false };
        for (state, head, build, redelivered, expected) in [
            (converted(), head("e1", 1), "1", true, Decision::Skip(Skip::Converted)),
            (converted(), head("e1", 9), "1", false, Decision::Skip(Skip::Converted)),
            (converted(), head("e2", 9), "1", false, anew),
            (converted(), head("e1", 1), "2", false, anew),
            (refused(), head("e1", 1), "1", true, Decision::Skip(Skip::Refused)),
            (refused(), head("e1", 9), "1", false, anew),
            (refused(), head("e1", 1), "2", true, anew),
            (State::Converting, head("e1", 1), "1", true, Decision::Convert { suspect: true }),
            (State::Converting, head("e1", 1), "1", false, anew),
            (State::Converting, head("e1", 9), "1", true, anew),
            (waiting(), head("e1", 1), "1", true, anew),
        ] {
            let record = record(state);
            assert_eq!(decide(&head, Some(&record), build, redelivered), expected, "{record:?} {head:?}");
        }
        assert_eq!(decide(&head("e1", 1), None, "1", true), anew);
    }
}
