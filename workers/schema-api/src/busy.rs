//! How many queries an isolate runs at once: one too many is told so at once, rather than all of them too late.

use std::cell::RefCell;

use living_core::time::Timestamp;
use living_kit::{ConfigError, Host, Problem, WorkerHost, misconfigured, required_var};
use worker::Env;

use crate::query::Mode;

/// Seconds after which a client may try again.
const RETRY_AFTER: u32 = 2;

/// Seconds beyond the time limit by which a query is over for sure. The runtime ends requests whose client has left, and drops nothing.
const SLACK: i64 = 5;

thread_local! {
    static PLACES: RefCell<Places> = const { RefCell::new(Places { next: 0, taken: Vec::new() }) };
}

/// Those that are taken: each one's number, and when it's free at the latest.
#[derive(Debug)]
struct Places {
    next: u64,
    taken: Vec<(u64, Timestamp)>,
}

impl Places {
    fn take(&mut self, most: usize, mode: Mode, now: Timestamp) -> Option<u64> {
        self.taken.retain(|(_, free_at)| *free_at > now);
        if self.taken.len() >= most {
            return None;
        }
        self.next += 1;
        self.taken.push((self.next, now.plus_seconds(i64::from(mode.seconds()) + SLACK)));
        Some(self.next)
    }

    fn free(&mut self, number: u64) {
        self.taken.retain(|(taken, _)| *taken != number);
    }
}

/// A query's place, for as long as it runs.
#[derive(Debug)]
pub(crate) struct Place(u64);

impl Place {
    /// # Errors
    /// 503, if there is none.
    pub(crate) fn of(env: &Env, mode: Mode) -> Result<Self, Problem> {
        let most = most_at_once(env).map_err(|error| misconfigured(&error))?;
        PLACES.with_borrow_mut(|places| places.take(most, mode, WorkerHost.now())).map(Self).ok_or_else(|| {
            let detail = format!("{most} queries are under way, which is the most at once: try again later");
            Problem::new(503, "Busy", detail).with_header("retry-after", RETRY_AFTER)
        })
    }
}

fn most_at_once(env: &Env) -> Result<usize, ConfigError> {
    const NAME: &str = "QUERIES_AT_ONCE";
    let most = required_var(env, NAME)?.parse().ok().filter(|most| *most >= 1);
    most.ok_or_else(|| ConfigError::Invalid { name: NAME, reason: "it has to be a number from 1".to_owned() })
}

impl Drop for Place {
    fn drop(&mut self) {
        PLACES.with_borrow_mut(|places| places.free(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_query_ends_or_must_have_ended() {
        let mut places = Places { next: 0, taken: Vec::new() };
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let first = places.take(2, Mode::Live, at(0)).unwrap();
        let second = places.take(2, Mode::TimeTravel, at(0)).unwrap();
        assert_ne!(first, second);
        assert_eq!(places.take(2, Mode::Live, at(1)), None);
        places.free(first);
        assert!(places.take(2, Mode::Live, at(2)).is_some());
        // The third one's client left at some time: nothing said that it ended.
        assert_eq!(places.take(2, Mode::Live, at(16)), None);
        assert!(places.take(2, Mode::Live, at(17)).is_some());
        places.free(second);
    }
}
