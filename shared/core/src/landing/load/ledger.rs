//! The load ledger: every attempt, and how it ended.

use alloc::{format, string::String};
use core::fmt::Write;

use uuid::Uuid;

use super::Load;
use crate::{
    landing::{
        Dataset,
        decision::{CommitKind, CommitOfKey, KeyHistory, ObjectHead},
    },
    sql::{Literal, Statement},
    time::Timestamp,
};

/// Why an object is in quarantine whose loading ended without a word.
const ENDED_WITHOUT_A_WORD: &str = "loading it ended the Worker twice without a word: it traps or exhausts the Worker";

/// Why an object has left quarantine that wasn't loaded.
const DELETED_IN_QUARANTINE: &str = "the object was in quarantine, and is gone";

/// How an attempt ended that didn't commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It will be tried again.
    Failed,
    /// It won't be tried again until somebody replays it.
    Quarantined,
    /// Another attempt committed the same content or a newer one, or the object has changed or is gone.
    Discarded,
}

impl Ending {
    const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
            Self::Discarded => "discarded",
        }
    }
}

/// Asks what is known of an object and of its content `head`: one row, for [`read_key_history`]. Of an object that is gone, the content
/// that it had last.
#[must_use]
pub fn key_history(bucket: &str, key: &str, head: Option<&ObjectHead>) -> Statement {
    let bucket = Literal::Text(bucket);
    let key = Literal::Text(key);
    let of_content = head.map_or_else(String::new, |head| {
        format!(" AND etag = {} AND uploaded_at = {}", Literal::Text(&head.etag), head.uploaded_at.literal())
    });
    Statement::read(format!(
        "SELECT c.commit_seq, c.kind, CAST(c.load_id AS VARCHAR), c.etag, epoch_us(c.uploaded_at), a.open_attempts, a.quarantined \
         FROM (SELECT count(*) FILTER (state = 'started') AS open_attempts, \
                      coalesce(arg_max(state, (uploaded_at, started_at)) = 'quarantined', false) AS quarantined \
               FROM (SELECT any_value(uploaded_at) AS uploaded_at, min(recorded_at) AS started_at, \
                            coalesce(arg_max(state, recorded_at) FILTER (state <> 'started'), 'started') AS state \
                     FROM load_ledger \
                     WHERE bucket = {bucket} AND key = {key}{of_content} \
                     GROUP BY load_id)) AS a \
         LEFT JOIN (SELECT commit_seq, kind, load_id, etag, uploaded_at FROM commits \
                    WHERE bucket = {bucket} AND key = {key} ORDER BY commit_seq DESC LIMIT 1) AS c ON true"
    ))
}

/// Reads the row that [`key_history`] gives. `None` if it isn't such a row.
#[must_use]
pub fn read_key_history(row: &[serde_json::Value]) -> Option<KeyHistory> {
    let [commit_seq, kind, load_id, etag, uploaded_at, open_attempts, quarantined] = row else {
        return None;
    };
    let newest_commit = if commit_seq.is_null() {
        None
    } else {
        Some(CommitOfKey {
            commit_seq: commit_seq.as_i64()?,
            kind: match kind.as_str()? {
                "load" => CommitKind::Load,
                "retraction" => CommitKind::Retraction,
                _ => return None,
            },
            load_id: Uuid::parse_str(load_id.as_str()?).ok()?,
            etag: etag.as_str()?.into(),
            uploaded_at: Timestamp::from_micros(uploaded_at.as_i64()?),
        })
    };
    Some(KeyHistory { newest_commit, quarantined: quarantined.as_bool()?, open_attempts: open_attempts.as_u64()? })
}

/// Takes an object out of quarantine that was found gone at `at`: its last word is under a new id, so that the attempt itself keeps
/// its reason. A content that was uploaded later stays.
#[must_use]
pub fn leave_quarantine(id: Uuid, bucket: &str, key: &str, at: Timestamp) -> Statement {
    Statement::repeatable(format!(
        "INSERT INTO load_ledger \
         SELECT {id}, greatest({at}, quarantined_at + INTERVAL 1 MICROSECOND), 'discarded', bucket, key, etag, uploaded_at, size, \
                dataset, {reason} \
         FROM quarantine WHERE bucket = {bucket} AND key = {key} AND uploaded_at <= {at}",
        id = Literal::Uuid(id),
        at = at.literal(),
        reason = Literal::Text(DELETED_IN_QUARANTINE),
        bucket = Literal::Text(bucket),
        key = Literal::Text(key),
    ))
}

impl Load {
    /// Says that the attempt begins. A `suspect` one is in quarantine from its start: if it ends without a word, it stays there; if
    /// it fails with a word, or commits, that counts.
    #[must_use]
    pub fn start(&self, dataset: Dataset, suspect: bool) -> Statement {
        let mut rows = self.ledger_row(self.started_at, "started", dataset, None);
        if suspect {
            let _ = write!(
                rows,
                ", {}",
                self.ledger_row(self.started_at, "quarantined", dataset, Some(ENDED_WITHOUT_A_WORD))
            );
        }
        Statement::repeatable(format!("INSERT INTO load_ledger VALUES {rows}"))
    }

    /// Says that the attempt ended without a commit, and why.
    #[must_use]
    pub fn end(&self, ending: Ending, at: Timestamp, dataset: Dataset, reason: &str) -> Statement {
        // Later than the start in any case: the clock of a Worker stands still between its awaits.
        let at = at.max(Timestamp::from_micros(self.started_at.micros() + 1));
        Statement::repeatable(format!(
            "INSERT INTO load_ledger VALUES {}",
            self.ledger_row(at, ending.name(), dataset, Some(reason))
        ))
    }

    fn ledger_row(&self, at: Timestamp, state: &str, dataset: Dataset, reason: Option<&str>) -> String {
        let object = &self.object;
        format!(
            "({id}, {at}, '{state}', {bucket}, {key}, {etag}, {uploaded_at}, {size}, '{dataset}', {reason})",
            id = self.id_literal(),
            at = at.literal(),
            bucket = Literal::Text(&object.bucket),
            key = Literal::Text(&object.key),
            etag = Literal::Text(&object.head.etag),
            uploaded_at = object.head.uploaded_at.literal(),
            size = Literal::Integer(i64::try_from(object.head.size).unwrap_or(i64::MAX)),
            reason = Literal::optional(reason, Literal::Text),
        )
    }
}
