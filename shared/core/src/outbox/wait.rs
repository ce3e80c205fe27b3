//! How long a channel waits after it failed.

/// Wait after the first failure of a row, in seconds; doubled with each that follows.
const FIRST: u32 = 60;

/// Longest wait for something that passes by itself: the hourly run tries each time.
const LONGEST: u32 = 50 * 60;

/// Wait where somebody has to mend something first.
const LASTING: u32 = 6 * 3600;

/// Longest wait that a service may ask for.
const LONGEST_ASKED: u32 = 24 * 3600;

/// Seconds before a channel is tried again that failed `failures` times in a row before this time. `asked`: what the service asks for.
#[must_use]
pub fn wait_seconds(failures: u32, asked: Option<u32>, is_lasting: bool) -> u32 {
    let own = if is_lasting { LASTING } else { FIRST.saturating_mul(1 << failures.min(20)).min(LONGEST) };
    own.max(asked.unwrap_or(0).min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_50_minutes_and_no_service_is_asked_before_it_wants() {
        assert_eq!((0..4).map(|n| wait_seconds(n, None, false)).collect::<alloc::vec::Vec<_>>(), [60, 120, 240, 480]);
        assert_eq!(wait_seconds(u32::MAX, None, false), LONGEST);
        assert_eq!(wait_seconds(0, Some(900), false), 900);
        assert_eq!(wait_seconds(3, Some(1), false), 480);
        assert_eq!(wait_seconds(0, Some(u32::MAX), false), LONGEST_ASKED);
        assert_eq!(wait_seconds(0, None, true), LASTING);
    }
}
