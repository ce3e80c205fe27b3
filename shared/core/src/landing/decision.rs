//! What to do about an event, from what is known of its object.
//!
//! Events come at least once and in any order, and several consumers may hold copies of one. So an event is taken as a reason to
//! look at the object, and what happens depends on what is there now and what the commit log says:
//!
//! | the object is | the newest commit of its key is | then |
//! | --- | --- | --- |
//! | there, with the event's etag | none, or of another content | load it |
//! | there | of this very content | nothing; after a redelivery, announce the commit again |
//! | there, with another etag | of the event's content | load what is there: its own event may have come while the older content was being committed |
//! | there, with another etag | anything else | nothing: the newer content has its own event |
//! | gone | a load | retract it, if the route says so |
//! | gone | none, or a retraction | nothing; after a redelivery, announce the newest commit again |
//!
//! An object in quarantine stays there until somebody replays it, or it is deleted.

use alloc::string::String;

use uuid::Uuid;

use super::{
    event::{Change, ObjectEvent},
    route::OnDelete,
};
use crate::time::Timestamp;

/// What R2 says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    pub etag: String,
    pub size: u64,
    pub uploaded_at: Timestamp,
}

/// What the warehouse knows of an object's key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyHistory {
    pub newest_commit: Option<CommitOfKey>,
    /// Of this content of the object: whether it is in quarantine. Of an object that is gone: whether its last content is.
    pub quarantined: bool,
    /// Of this content of the object: attempts that started and haven't ended. They are under way, or died.
    pub open_attempts: u64,
}

/// A row of the commit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitOfKey {
    pub commit_seq: i64,
    pub kind: CommitKind,
    pub load_id: Uuid,
    pub etag: String,
    pub uploaded_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitKind {
    Load,
    Retraction,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Load {
        /// An earlier attempt ended without a word. If this one does too, the object stays in quarantine.
        suspect: bool,
    },
    Retract,
    Skip(Skip),
}

/// Why nothing is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Skip {
    #[error("this content is committed")]
    AlreadyCommitted {
        /// The consumer may have died between the commit and its announcement: announce it again.
        announce: Option<i64>,
    },
    #[error("the object has a newer content, which has its own event")]
    Stale,
    #[error("the object is gone")]
    Gone {
        /// As above: its load, or its retraction.
        announce: Option<i64>,
    },
    #[error("the object is in quarantine; replay it after the fix")]
    Quarantined,
}

/// Decides. `redelivered`: the message was delivered before, so the consumer that had it has failed or died.
#[must_use]
pub fn decide(
    event: &ObjectEvent,
    object: Option<&ObjectHead>,
    history: &KeyHistory,
    on_delete: OnDelete,
    redelivered: bool,
) -> Decision {
    let newest = history.newest_commit.as_ref();
    let newest_load = newest.filter(|commit| commit.kind == CommitKind::Load);
    let announce = |commit: &CommitOfKey| redelivered.then_some(commit.commit_seq);
    let Some(object) = object else {
        return match (newest_load, on_delete) {
            (Some(_), OnDelete::Retract) => Decision::Retract,
            _ => Decision::Skip(Skip::Gone { announce: newest.and_then(announce) }),
        };
    };
    if let Some(commit) = newest_load
        && commit.etag == object.etag
    {
        return Decision::Skip(Skip::AlreadyCommitted { announce: announce(commit) });
    }
    match &event.change {
        Change::Replayed => return Decision::Load { suspect: false },
        Change::Written { etag } if *etag == object.etag => {}
        Change::Written { etag } if newest_load.is_some_and(|commit| commit.etag == *etag) => {}
        Change::Written { .. } | Change::Deleted => return Decision::Skip(Skip::Stale),
    }
    if history.quarantined {
        return Decision::Skip(Skip::Quarantined);
    }
    Decision::Load { suspect: redelivered && history.open_attempts > 0 }
}

/// What is left to do about an event whose message was given up, because none of its deliveries came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// Everything is done, but perhaps for announcing this commit.
    Done { announce: Option<i64> },
    /// The object goes to quarantine: this event was what should have loaded its content.
    Quarantine,
    /// There is no such content. The message can only be kept.
    Keep,
}

/// Decides about a message that was given up, as [`decide`] does: by what the object is now and what is committed. Quarantine is only
/// for the content that the event is of; a content that came later was perhaps never tried, and has its own message.
#[must_use]
pub fn give_up(event: &ObjectEvent, object: Option<&ObjectHead>, history: &KeyHistory, on_delete: OnDelete) -> GivenUp {
    match decide(event, object, history, on_delete, true) {
        Decision::Skip(Skip::AlreadyCommitted { announce }) => GivenUp::Done { announce },
        Decision::Skip(Skip::Gone { announce }) if event.change == Change::Deleted => GivenUp::Done { announce },
        Decision::Skip(Skip::Quarantined) => GivenUp::Done { announce: None },
        Decision::Load { .. } if object.is_some_and(|object| event.is_of(object)) => GivenUp::Quarantine,
        Decision::Load { .. } | Decision::Retract | Decision::Skip(Skip::Stale | Skip::Gone { .. }) => GivenUp::Keep,
    }
}

impl ObjectEvent {
    /// Whether the object's content is the one that the event is of. A replay is of the content that was there when it was asked for.
    fn is_of(&self, object: &ObjectHead) -> bool {
        match &self.change {
            Change::Written { etag } => *etag == object.etag,
            Change::Replayed => object.uploaded_at <= self.at,
            Change::Deleted => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(change: Change) -> ObjectEvent {
        ObjectEvent { bucket: "b".into(), key: "k".into(), change, at: Timestamp::from_millis(0) }
    }

    fn written(etag: &str) -> ObjectEvent {
        event(Change::Written { etag: etag.into() })
    }

    fn object(etag: &str) -> ObjectHead {
        ObjectHead { etag: etag.into(), size: 1, uploaded_at: Timestamp::from_millis(0) }
    }

    fn committed(kind: CommitKind, etag: &str) -> KeyHistory {
        let commit = CommitOfKey {
            commit_seq: 7,
            kind,
            load_id: Uuid::nil(),
            etag: etag.into(),
            uploaded_at: Timestamp::from_millis(0),
        };
        KeyHistory { newest_commit: Some(commit), ..KeyHistory::default() }
    }

    fn decided(event: &ObjectEvent, object: Option<&ObjectHead>, history: &KeyHistory) -> Decision {
        decide(event, object, history, OnDelete::Retract, false)
    }

    #[test]
    fn new_content_is_loaded() {
        let load = Decision::Load { suspect: false };
        assert_eq!(decided(&written("x"), Some(&object("x")), &KeyHistory::default()), load);
        assert_eq!(decided(&written("x"), Some(&object("x")), &committed(CommitKind::Load, "w")), load);
        assert_eq!(decided(&written("x"), Some(&object("x")), &committed(CommitKind::Retraction, "x")), load);
    }

    #[test]
    fn content_that_is_committed_is_not_loaded_again_but_announced_after_a_redelivery() {
        let history = committed(CommitKind::Load, "x");
        for event in [written("x"), written("w"), event(Change::Deleted), event(Change::Replayed)] {
            assert_eq!(
                decided(&event, Some(&object("x")), &history),
                Decision::Skip(Skip::AlreadyCommitted { announce: None })
            );
        }
        let again = decide(&written("x"), Some(&object("x")), &history, OnDelete::Keep, true);
        assert_eq!(again, Decision::Skip(Skip::AlreadyCommitted { announce: Some(7) }));
    }

    #[test]
    fn an_event_of_older_content_is_left_to_the_newer_one_unless_the_older_one_is_what_is_committed() {
        assert_eq!(decided(&written("w"), Some(&object("x")), &KeyHistory::default()), Decision::Skip(Skip::Stale));
        assert_eq!(
            decided(&written("w"), Some(&object("x")), &committed(CommitKind::Load, "v")),
            Decision::Skip(Skip::Stale)
        );
        assert_eq!(
            decided(&written("w"), Some(&object("x")), &committed(CommitKind::Load, "w")),
            Decision::Load { suspect: false }
        );
    }

    #[test]
    fn an_object_that_is_gone_is_retracted_if_the_route_says_so() {
        for event in [event(Change::Deleted), written("x")] {
            assert_eq!(decided(&event, None, &committed(CommitKind::Load, "x")), Decision::Retract);
            let kept = decide(&event, None, &committed(CommitKind::Load, "x"), OnDelete::Keep, false);
            let gone = Decision::Skip(Skip::Gone { announce: None });
            assert_eq!(kept, gone);
            assert_eq!(decided(&event, None, &committed(CommitKind::Retraction, "x")), gone);
        }
    }

    #[test]
    fn the_newest_commit_of_an_object_that_is_gone_is_announced_again_after_a_redelivery() {
        for (kind, on_delete) in [
            (CommitKind::Retraction, OnDelete::Retract),
            (CommitKind::Retraction, OnDelete::Keep),
            (CommitKind::Load, OnDelete::Keep),
        ] {
            for event in [event(Change::Deleted), written("x")] {
                let again = decide(&event, None, &committed(kind, "x"), on_delete, true);
                assert_eq!(again, Decision::Skip(Skip::Gone { announce: Some(7) }), "{event:?}");
            }
        }
    }

    #[test]
    fn quarantine_is_left_only_by_a_replay() {
        let history = KeyHistory { quarantined: true, ..KeyHistory::default() };
        assert_eq!(decided(&written("x"), Some(&object("x")), &history), Decision::Skip(Skip::Quarantined));
        assert_eq!(decided(&event(Change::Replayed), Some(&object("x")), &history), Decision::Load { suspect: false });
    }

    #[test]
    fn an_attempt_that_ended_without_a_word_makes_the_next_delivery_of_its_message_suspect() {
        let history = KeyHistory { open_attempts: 1, ..KeyHistory::default() };
        let decide = |redelivered| decide(&written("x"), Some(&object("x")), &history, OnDelete::Keep, redelivered);
        assert_eq!(decide(true), Decision::Load { suspect: true });
        assert_eq!(decide(false), Decision::Load { suspect: false }, "another copy of the event may be under way");
    }

    fn given_up(event: &ObjectEvent, object: Option<&ObjectHead>, history: &KeyHistory) -> GivenUp {
        give_up(event, object, history, OnDelete::Retract)
    }

    #[test]
    fn an_event_that_was_given_up_puts_its_own_content_into_quarantine_and_no_other() {
        let none = KeyHistory::default();
        assert_eq!(given_up(&written("x"), Some(&object("x")), &none), GivenUp::Quarantine);
        assert_eq!(given_up(&event(Change::Replayed), Some(&object("x")), &none), GivenUp::Quarantine);
        for history in [none.clone(), committed(CommitKind::Load, "w")] {
            assert_eq!(given_up(&written("w"), Some(&object("x")), &history), GivenUp::Keep, "{history:?}");
        }
        let later = ObjectHead { uploaded_at: Timestamp::from_millis(1), ..object("x") };
        assert_eq!(given_up(&event(Change::Replayed), Some(&later), &none), GivenUp::Keep);
        assert_eq!(given_up(&event(Change::Deleted), Some(&object("x")), &none), GivenUp::Keep);
        assert_eq!(given_up(&written("x"), None, &none), GivenUp::Keep);
        assert_eq!(given_up(&event(Change::Deleted), None, &committed(CommitKind::Load, "x")), GivenUp::Keep);
    }

    #[test]
    fn an_event_that_was_given_up_after_its_work_was_done_is_done() {
        let history = committed(CommitKind::Load, "x");
        for event in [written("x"), written("w"), event(Change::Deleted), event(Change::Replayed)] {
            assert_eq!(given_up(&event, Some(&object("x")), &history), GivenUp::Done { announce: Some(7) });
        }
        let history = committed(CommitKind::Retraction, "x");
        assert_eq!(given_up(&event(Change::Deleted), None, &history), GivenUp::Done { announce: Some(7) });
        let history = KeyHistory { quarantined: true, ..KeyHistory::default() };
        assert_eq!(given_up(&written("x"), Some(&object("x")), &history), GivenUp::Done { announce: None });
    }
}
