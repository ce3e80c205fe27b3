//! Cancel requests: they come on a connection of their own and name a session by its key.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI32, Ordering},
    },
};

use tokio_util::sync::CancellationToken;

/// What names a session. The secret only keeps clients from cancelling each other's statements by mistake: whoever may connect to the
/// loopback interface may do worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) process: i32,
    pub(super) secret: i32,
}

/// What runs now, by session.
#[derive(Debug, Clone, Default)]
pub(super) struct Cancellations {
    running: Arc<Mutex<HashMap<Key, CancellationToken>>>,
    last: Arc<AtomicI32>,
}

impl Cancellations {
    /// A key that no other session has.
    pub(super) fn new_key(&self) -> Key {
        let process = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        // Knuth's multiplicative hash: differs for each session.
        Key { process, secret: process.wrapping_mul(-1_640_531_535) }
    }

    /// Lets a cancel request reach `departure` until [`Self::ended`].
    pub(super) fn started(&self, key: Key, departure: CancellationToken) {
        self.lock().insert(key, departure);
    }

    pub(super) fn ended(&self, key: Key) {
        self.lock().remove(&key);
    }

    /// A request that names nothing that runs does nothing, as in Postgres.
    pub(super) fn cancel(&self, key: Key) {
        if let Some(departure) = self.lock().get(&key) {
            departure.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
