//! A sketch of a set of values: how many there are, and how many two sets share.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use core::fmt::Write;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use twox_hash::XxHash64;

/// Hashes that a sketch keeps. The relative error of a count is about `1/√(SIZE − 2)`: 6 %.
pub const SIZE: usize = 256;

/// The `SIZE` smallest hashes of a set ("k minimum values"; Beyer et al., *On synopses for distinct-value estimation under multiset
/// operations*, SIGMOD 2007). Adding sketches gives the sketch of the union.
///
/// Two values are the same if their texts are, without blanks around them and without regard to the case of letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    /// In ascending order.
    hashes: Vec<u64>,
}

impl Sketch {
    /// Adds a value. Says whether it may be new: false is certain, true is not.
    pub fn insert(&mut self, value: &str) -> bool {
        let hash = hash(value);
        if self.hashes.len() >= SIZE && self.hashes.last().is_some_and(|&largest| hash > largest) {
            return true;
        }
        let Err(place) = self.hashes.binary_search(&hash) else {
            return false;
        };
        self.hashes.insert(place, hash);
        self.hashes.truncate(SIZE);
        true
    }

    /// About how many different values were added. Exact below `SIZE`.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        match self.hashes.last() {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an estimate"
            )]
            Some(&largest) if self.hashes.len() >= SIZE => {
                let share = largest as f64 / u64::MAX as f64;
                ((SIZE - 1) as f64 / share) as u64
            }
            _ => self.hashes.len() as u64,
        }
    }

    /// The smallest hashes, at most `count`. Sets that share many values share some of these.
    pub fn smallest(&self, count: usize) -> impl Iterator<Item = u64> {
        self.hashes.iter().copied().take(count)
    }

    /// Adds all values of another sketch.
    pub fn merge(&mut self, other: &Self) {
        self.hashes.extend_from_slice(&other.hashes);
        self.hashes.sort_unstable();
        self.hashes.dedup();
        self.hashes.truncate(SIZE);
    }

    /// About which share of the values of either set both have (Jaccard), from 0 to 1.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        let (mut mine, mut others) = (self.hashes.iter().peekable(), other.hashes.iter().peekable());
        let (mut both, mut all) = (0u32, 0u32);
        // The smallest hashes of the union, in order.
        while (all as usize) < SIZE
            && let Some(&smallest) = mine.peek().into_iter().chain(others.peek()).min()
        {
            let in_mine = mine.next_if(|&hash| hash == smallest).is_some();
            let in_others = others.next_if(|&hash| hash == smallest).is_some();
            both += u32::from(in_mine && in_others);
            all += 1;
        }
        if all == 0 { 0.0 } else { f64::from(both) / f64::from(all) }
    }
}

/// Of the text that tells values apart. The seed is fixed: sketches are kept, and compared for years.
fn hash(value: &str) -> u64 {
    let value = value.trim();
    if value.bytes().any(|byte| !byte.is_ascii() || byte.is_ascii_uppercase()) {
        return XxHash64::oneshot(0, value.to_lowercase().as_bytes());
    }
    XxHash64::oneshot(0, value.as_bytes())
}

/// As text: 16 hexadecimal digits a hash, no JSON number holds 64 bits.
impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = String::with_capacity(self.hashes.len() * 16);
        for hash in &self.hashes {
            // Writing to a String doesn't fail.
            let _ = write!(digits, "{hash:016x}");
        }
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let parse = |chunk: &[u8]| core::str::from_utf8(chunk).ok().and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let hashes: Option<Vec<u64>> = digits.as_bytes().chunks(16).map(parse).collect();
        let mut hashes =
            hashes.ok_or_else(|| serde::de::Error::custom("a sketch is 16 hexadecimal digits per hash".to_string()))?;
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(SIZE);
        Ok(Self { hashes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl Iterator<Item = u32>) -> Sketch {
        let mut sketch = Sketch::default();
        values.for_each(|value| {
            sketch.insert(&value.to_string());
        });
        sketch
    }

    #[test]
    fn few_values_are_counted_exactly_and_many_within_a_fifth() {
        assert_eq!(of((0..200).chain(0..200)).distinct(), 200);
        for n in [1_000u32, 50_000] {
            let distinct = of(0..n).distinct();
            assert!(distinct.abs_diff(n.into()) < u64::from(n) / 5, "{n}: {distinct}");
        }
    }

    #[test]
    fn a_sum_of_sketches_is_the_sketch_of_the_sum() {
        let mut sum = of(0..700);
        sum.merge(&of(500..2000));
        assert_eq!(sum, of(0..2000));
    }

    #[test]
    fn overlap_is_the_share_of_common_values() {
        let overlap = of(0..1000).overlap(&of(500..1500));
        assert!((overlap - 1.0 / 3.0).abs() < 0.1, "{overlap}");
        assert!(Sketch::default().overlap(&Sketch::default()).abs() < f64::EPSILON);
    }

    #[test]
    fn case_and_blanks_do_not_tell_values_apart() {
        let mut sketch = Sketch::default();
        assert!(sketch.insert("Ærø"));
        assert!(!sketch.insert(" ærØ "));
        assert!(sketch.insert("aero"));
    }
}
