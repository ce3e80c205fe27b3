//! `fuzz-sqlgate SECONDS [SEED]`: mangled queries against the SQL gate, and what it lets through against DuckDB's own parser.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use fuzzing::{Asked, Chance};
use native_tests::sqlgate::{Oracle, gate, mutant, seeds};

/// Queries that DuckDB is asked about at once.
const BATCH: usize = 500;

/// The longest that the gate may take over one query.
const SLOW: Duration = Duration::from_millis(500);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(Asked { time, seed, word: None }) = Asked::parse() else {
        eprintln!("Usage: fuzz-sqlgate SECONDS [SEED]");
        return ExitCode::from(2);
    };
    println!("seed {seed}");
    fuzz(time, seed).await
}

async fn fuzz(time: Duration, seed: u64) -> ExitCode {
    let mut seeds = seeds();
    let (oracle, gate, mut chance) = (Oracle::start().await, gate(), Chance::new(seed));
    let (mut tried, mut passed) = (0_usize, 0_usize);
    let start = Instant::now();
    while start.elapsed() < time {
        let mut admitted = Vec::new();
        while admitted.len() < BATCH && start.elapsed() < time {
            let query = mutant(&seeds, &mut chance);
            let (mut taken, outcome) = timed(|| gate.check(&query));
            // On a busy machine one that takes long once may only have waited.
            for _ in 0..5 {
                if taken > SLOW {
                    taken = taken.min(timed(|| gate.check(&query)).0);
                }
            }
            if taken > SLOW {
                println!("SLOW: {taken:?} for {query:?}");
                return ExitCode::FAILURE;
            }
            tried += 1;
            if let Ok(found) = outcome {
                // What was let through once is the seed of worse.
                if seeds.len() < 20_000 {
                    seeds.push(query);
                }
                admitted.push(found);
            }
        }
        passed += admitted.len();
        let differences = oracle.differences(&admitted).await;
        if !differences.is_empty() {
            println!("DIFFERENT: {differences:#?}");
            return ExitCode::FAILURE;
        }
    }
    println!("{tried} queries, {passed} let through, none that DuckDB reads otherwise");
    ExitCode::SUCCESS
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = Instant::now();
    let done = work();
    (before.elapsed(), done)
}
