//! What the fuzzers of readers share: random numbers that come again, mangled bytes, and the loop that hands them to a reader.

use std::{
    collections::BTreeMap,
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The longest that a reader may take over one small input.
const SLOW: Duration = Duration::from_secs(10);

/// Places of panics after which it ends.
const PLACES: usize = 20;

/// Where the last panic was.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// Random numbers that come again with their seed (xorshift64*).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`; 0 below 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or(0) % bound.max(1)
    }

    /// One of them.
    ///
    /// # Panics
    /// If there are none.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Changes a few places: bytes, bits, digits, parts that go, come again or are cut off, and `tokens`, what the reader trips over.
///
/// # Panics
/// If there are no tokens.
pub fn mangle(bytes: &mut Vec<u8>, tokens: &[&[u8]], chance: &mut Chance) {
    for _ in 0..=chance.below(8) {
        let at = chance.below(bytes.len() + 1);
        let length = chance.below(24).min(bytes.len() - at);
        match chance.below(8) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(chance.below(256)).unwrap_or(0);
                }
            }
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            2 => drop(bytes.drain(at..at + length)),
            3 => {
                let token = chance.one(tokens);
                bytes.splice(at..at, token.iter().copied());
            }
            4 => {
                let token = chance.one(tokens);
                let end = (at + token.len()).min(bytes.len());
                bytes.splice(at..end, token.iter().copied());
            }
            5 => {
                let part = bytes.get(at..at + length).unwrap_or_default().to_vec();
                let to = chance.below(bytes.len() + 1);
                bytes.splice(to..to, part);
            }
            6 if chance.below(10) == 0 => bytes.truncate(at),
            // Digits that were others: numbers, lengths, places.
            _ => {
                if let Some(byte) = bytes.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
                    *byte = b"0123456789"[chance.below(10)];
                }
            }
        }
    }
}

/// What a fuzzer was asked for: `SECONDS [SEED] [WORD]`.
#[derive(Debug, Clone)]
pub struct Asked {
    pub time: Duration,
    pub seed: u64,
    pub word: Option<String>,
}

impl Asked {
    /// Of the program's arguments. `None`: they aren't that.
    #[must_use]
    pub fn parse() -> Option<Self> {
        let mut arguments = env::args().skip(1);
        let time = Duration::from_secs(arguments.next()?.parse().ok()?);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let (mut seed, mut word) = (now, None);
        for argument in arguments {
            match argument.parse() {
                Ok(number) => seed = number,
                Err(_) => word = Some(argument),
            }
        }
        Some(Self { time, seed, word })
    }
}

/// A fuzzer of a reader.
#[derive(Debug)]
pub struct Fuzzer<Make, Read> {
    /// Of the program.
    pub name: &'static str,
    /// Makes an input.
    pub make: Make,
    /// Reads it, and says whether there was something to read. An error is a fault of the reader's.
    pub read: Read,
    /// Inputs of a hundred that may end the reader in a panic, where it leans on a decoder whose own checks aren't complete.
    pub panics_of_a_hundred: u64,
}

impl<Make, Read> Fuzzer<Make, Read>
where
    Make: FnMut(&mut Chance) -> Vec<u8>,
    Read: Fn(&[u8]) -> Result<bool, String>,
{
    /// Hands inputs to the reader until the time is up, or something is wrong. The present input lies in a file, so that what ends the process
    /// itself is found there.
    pub fn run(mut self, asked: &Asked) -> ExitCode {
        let current = env::temp_dir().join(format!("{}-{}", self.name, std::process::id()));
        println!("seed {}, the present input in {}", asked.seed, current.display());
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            if let Ok(mut last) = PLACE.lock() {
                *last = place;
            }
        }));
        let mut chance = Chance::new(asked.seed);
        let (mut tried, mut readable, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
        let mut panics = BTreeMap::<String, u64>::new();
        let start = Instant::now();
        while start.elapsed() < asked.time && panics.len() < PLACES {
            let bytes = (self.make)(&mut chance);
            keep(&current, &bytes);
            let timed = || {
                let before = Instant::now();
                let outcome = catch_unwind(AssertUnwindSafe(|| (self.read)(&bytes)));
                (before.elapsed(), outcome)
            };
            let (mut taken, outcome) = timed();
            if taken > SLOW {
                // On a busy machine one that takes long once may only have waited.
                taken = timed().0;
            }
            tried += 1;
            slowest = slowest.max(taken);
            if taken > SLOW {
                println!("SLOW: {taken:?}, see {}", current.display());
                return ExitCode::FAILURE;
            }
            match outcome {
                Ok(Ok(is_readable)) => readable += u64::from(is_readable),
                Ok(Err(fault)) => {
                    println!("WRONG: {fault}, see {}", current.display());
                    return ExitCode::FAILURE;
                }
                Err(_) => note_panic(&mut panics, &current, &bytes),
            }
        }
        drop(fs::remove_file(current));
        let count: u64 = panics.values().sum();
        println!(
            "{tried} inputs, {readable} read, the others refused, {count} panics at {} places, {slowest:?} at most",
            panics.len()
        );
        let is_well = count * 100 <= tried * self.panics_of_a_hundred;
        if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Counts a panic by its place, and keeps the first input of each.
fn note_panic(panics: &mut BTreeMap<String, u64>, current: &Path, bytes: &[u8]) {
    let place = PLACE.lock().map(|place| place.clone()).unwrap_or_default();
    let number = panics.len() + 1;
    let count = panics.entry(place.clone()).or_default();
    *count += 1;
    if *count == 1 {
        let file = current.with_extension(format!("panic{number}"));
        keep(&file, bytes);
        println!("PANIC at {place}, see {}", file.display());
    }
}

fn keep(path: &Path, bytes: &[u8]) {
    if let Err(error) = fs::write(path, bytes) {
        println!("{}: {error}", path.display());
    }
}
