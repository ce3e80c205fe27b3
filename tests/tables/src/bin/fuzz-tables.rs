//! `fuzz-tables SECONDS [SEED] [text|xlsx|xlsb|ods|xls]`: mangled files against the readers. Nothing may end them but an answer, within
//! the time and memory that it may take; and what a survey counts, the rows are.

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tables_tests::{Chance, Seed, mutant, read, seeds};

/// The longest that a reader may take over one small file.
const SLOW: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(seconds) = arguments.first().and_then(|argument| argument.parse().ok()) else {
        eprintln!("Usage: fuzz-tables SECONDS [SEED] [text|xlsx|xlsb|ods|xls]");
        return ExitCode::from(2);
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seed = arguments.iter().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(now);
    let family = arguments.iter().skip(1).find(|argument| argument.parse::<u64>().is_err());
    let data = env::var_os("LIVING_SCHEMA_DATA").map(PathBuf::from);
    let seeds: Vec<Seed> =
        seeds(data.as_deref()).into_iter().filter(|seed| family.is_none_or(|family| *family == seed.family)).collect();
    println!("seed {seed}, {} files to begin with", seeds.len());
    if seeds.is_empty() {
        println!("SKIPPED: LIVING_SCHEMA_DATA has no file of this kind");
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|_| {}));
    fuzz(Duration::from_secs(seconds), &seeds, Chance::new(seed))
}

fn fuzz(time: Duration, seeds: &[Seed], mut chance: Chance) -> ExitCode {
    let (mut tried, mut readable, mut panics) = (0_u64, 0_u64, 0_u64);
    let start = Instant::now();
    // What ends the process itself is found here.
    let current = env::temp_dir().join(format!("fuzz-tables-{}", std::process::id()));
    while start.elapsed() < time {
        let bytes = mutant(seeds, &mut chance);
        keep(&current, &bytes);
        let before = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        tried += 1;
        if before.elapsed() > SLOW {
            println!("SLOW: {:?}, see {}", before.elapsed(), current.display());
            return ExitCode::FAILURE;
        }
        match outcome {
            Ok(Ok(read)) => readable += u64::from(read),
            Ok(Err(difference)) => {
                println!("DIFFERENT: {difference}, see {}", current.display());
                return ExitCode::FAILURE;
            }
            Err(panic) => {
                panics += 1;
                let text = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                let place = current.with_extension(format!("panic{panics}"));
                keep(&place, &bytes);
                println!("PANIC: {}, see {}", text.unwrap_or_default(), place.display());
                if panics == 20 {
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    drop(fs::remove_file(current));
    println!("{tried} files, {readable} read, the others refused, {panics} panics");
    if panics == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn keep(path: &Path, bytes: &[u8]) {
    if let Err(error) = fs::write(path, bytes) {
        println!("{}: {error}", path.display());
    }
}
