//! Mangled PDF for as many seconds as asked: `fuzz-pdf SECONDS [SEED]`. Nothing may come of them but an answer, within the time and memory
//! that it may take.

use std::{
    collections::BTreeMap,
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use pdf_tests::{mutant, read, seeds};
use tables_tests::Chance;

/// The longest that the reader may take over one small file.
const SLOW: Duration = Duration::from_secs(10);

/// Where the last panic was.
static PLACE: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(seconds) = arguments.first().and_then(|argument| argument.parse().ok()) else {
        eprintln!("Usage: fuzz-pdf SECONDS [SEED]");
        return ExitCode::from(2);
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seed = arguments.get(1).and_then(|argument| argument.parse().ok()).unwrap_or(now);
    let seeds = seeds(env::var_os("LIVING_SCHEMA_DATA").map(PathBuf::from).as_deref());
    // What ends the process itself is found there.
    let current = env::temp_dir().join(format!("fuzz-pdf-{}", std::process::id()));
    println!("seed {seed}, {} files to begin with, the present one in {}", seeds.len(), current.display());
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        if let Ok(mut last) = PLACE.lock() {
            *last = place;
        }
    }));
    fuzz(Duration::from_secs(seconds), &seeds, Chance::new(seed), &current)
}

fn fuzz(time: Duration, seeds: &[Vec<u8>], mut chance: Chance, current: &Path) -> ExitCode {
    let (mut tried, mut opened, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    let mut panics = BTreeMap::<String, u64>::new();
    let start = Instant::now();
    while start.elapsed() < time {
        let bytes = mutant(seeds, &mut chance);
        keep(current, &bytes);
        let before = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        tried += 1;
        slowest = slowest.max(before.elapsed());
        if before.elapsed() > SLOW {
            println!("SLOW: {:?}, see {}", before.elapsed(), current.display());
            return ExitCode::FAILURE;
        }
        if let Ok(is_open) = outcome {
            opened += u64::from(is_open);
        } else {
            let place = PLACE.lock().map(|place| place.clone()).unwrap_or_default();
            let number = panics.len() + 1;
            let count = panics.entry(place.clone()).or_default();
            *count += 1;
            if *count == 1 {
                let file = current.with_extension(format!("panic{number}"));
                keep(&file, &bytes);
                println!("PANIC at {place}, see {}", file.display());
            }
        }
    }
    drop(fs::remove_file(current));
    let count: u64 = panics.values().sum();
    println!(
        "{tried} files, {opened} opened, the others refused, {count} panics at {} places, {slowest:?} at most",
        panics.len()
    );
    if panics.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn keep(path: &Path, bytes: &[u8]) {
    if let Err(error) = fs::write(path, bytes) {
        println!("{}: {error}", path.display());
    }
}
