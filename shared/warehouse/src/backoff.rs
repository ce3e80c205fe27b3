//! How long to wait before trying again.

use std::time::Duration;

/// First step of the wait, in milliseconds.
const BASE_MILLIS: u64 = 100;

/// Longest wait, in milliseconds: a queue consumer that has 15 minutes can still try a dozen times.
const MAX_MILLIS: u64 = 20_000;

/// First step after a conflict: the one who won is done as soon as its statement is.
const CONFLICT_BASE_MILLIS: u64 = 10;

/// Longest wait after a conflict.
const CONFLICT_MAX_MILLIS: u64 = 1_000;

/// Waits that grow exponentially, each a random part of its step, so that clients which failed together don't come back together
/// ("full jitter": <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    random: u64,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: seed }
    }

    /// The wait after `failures` failures (from 1 on).
    pub(crate) fn after_failure(&mut self, failures: u32) -> Duration {
        self.part_of(BASE_MILLIS, failures, MAX_MILLIS)
    }

    /// The wait after `conflicts` conflicts (from 1 on).
    pub(crate) fn after_conflict(&mut self, conflicts: u32) -> Duration {
        self.part_of(CONFLICT_BASE_MILLIS, conflicts, CONFLICT_MAX_MILLIS)
    }

    fn part_of(&mut self, base: u64, count: u32, max: u64) -> Duration {
        let step = base.saturating_mul(1u64.checked_shl(count.min(20)).unwrap_or(u64::MAX)).min(max);
        Duration::from_millis(1 + self.next() % step)
    }

    /// `SplitMix64` (Steele, Lea, Flood, 2014).
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_bounded_and_differ_between_clients() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (1..40).map(|n| backoff.after_failure(n).as_millis()).collect::<Vec<_>>()
        };
        assert!(waits(1).iter().all(|&ms| (1..=u128::from(MAX_MILLIS)).contains(&ms)));
        assert!(waits(1).iter().skip(10).sum::<u128>() > waits(1).iter().take(5).sum::<u128>());
        assert_ne!(waits(1), waits(2));
    }
}
