//! Time and chance.

use living_core::{landing::load::load_id, time::Timestamp};
use uuid::Uuid;

/// What a Worker can't do by itself. A test brings its own.
pub trait Host {
    /// Now. In a Worker it stands still between awaits.
    fn now(&self) -> Timestamp;

    /// Fills a buffer with random bytes that nobody can guess.
    fn fill_random(&self, bytes: &mut [u8]);

    /// An id that nobody else gives: a UUID of version 7, which sorts by time.
    fn new_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.fill_random(&mut random);
        load_id(self.now(), random)
    }
}

/// The Workers runtime.
#[derive(Debug, Clone, Copy)]
pub struct WorkerHost;

impl Host for WorkerHost {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        // The runtime's source has no way to fail (Web Crypto, `getRandomValues` of at most 65,536 bytes).
        let _ = getrandom::fill(bytes);
    }
}

/// The wasm memory that the isolate has taken, in bytes: as it never shrinks, the most that was needed so far. `None` natively.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    #[cfg(target_arch = "wasm32")]
    return Some(core::arch::wasm32::memory_size(0) as u64 * 65_536);
    #[cfg(not(target_arch = "wasm32"))]
    None
}
