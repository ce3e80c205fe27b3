//! Feature flags: on for all, for some by name, or for a part of all.

use sha2::{Digest, Sha256};

/// For whom a feature is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Part of the others that it's on for, in percent.
    percent: u8,
    names: Vec<String>,
    /// Mixed into the hash, so that two flags at 10 % don't pick the same tenth.
    salt: &'static str,
}

impl Flag {
    /// From `false`, `true`, or any number of names and at most one percentage: `ann bob 10%`. Nothing is `false`.
    ///
    /// # Errors
    /// The word that makes no sense.
    pub fn parse(salt: &'static str, text: &str) -> Result<Self, String> {
        let mut flag = Self { percent: 0, names: Vec::new(), salt };
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [] | ["false"] => return Ok(flag),
            ["true"] => return Ok(Self { percent: 100, ..flag }),
            _ => {}
        }
        let mut percentages = 0;
        for word in words {
            if let Some(number) = word.strip_suffix('%') {
                percentages += 1;
                let percent = number.parse().ok().filter(|percent| *percent <= 100 && percentages == 1);
                flag.percent = percent.ok_or_else(|| format!("{word:?} is not one percentage from 0 to 100"))?;
            } else if matches!(word, "true" | "false") {
                return Err(format!("{word:?} stands by itself"));
            } else {
                flag.names.push(word.to_owned());
            }
        }
        Ok(flag)
    }

    /// Whether it's on for whoever has this name. The same name gets the same answer for as long as the setting is the same, and keeps
    /// the feature when the percentage is raised.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.names.iter().any(|named| named == name) || place(self.salt, name) < u32::from(self.percent)
    }
}

/// A name's place among a hundred.
fn place(salt: &str, name: &str) -> u32 {
    let hash = Sha256::new().chain_update(salt).chain_update([0]).chain_update(name).finalize();
    hash.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) % 100
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(text: &str) -> Flag {
        Flag::parse("F", text).unwrap()
    }

    #[test]
    fn a_flag_is_off_unless_it_says_otherwise() {
        for off in ["", " ", "false", "0%"] {
            assert!(!flag(off).is_on("ann"), "{off:?}");
        }
        for on in ["true", "100%", "ann", "bob ann", "0% ann"] {
            assert!(flag(on).is_on("ann"), "{on:?}");
        }
        assert!(!flag("ann").is_on("bob") && !flag("ann").is_on("Ann") && !flag("ann").is_on(""));
    }

    #[test]
    fn a_part_is_about_as_large_as_asked_and_only_grows() {
        let on =
            |percent: u32| (0..2_000).filter(|n| flag(&format!("{percent}%")).is_on(&format!("user {n}"))).collect();
        let [few, many]: [Vec<u32>; 2] = [10, 50].map(on);
        assert!((120..280).contains(&few.len()) && (900..1_100).contains(&many.len()), "{} {}", few.len(), many.len());
        assert!(few.iter().all(|user| many.contains(user)));
        let other = Flag::parse("G", "10%").unwrap();
        assert!(few.iter().filter(|n| other.is_on(&format!("user {n}"))).count() < few.len() / 2);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for wrong in ["101%", "-1%", "x%", "10% 20%", "true ann", "false true", "1.5%"] {
            assert!(Flag::parse("F", wrong).is_err(), "{wrong:?}");
        }
    }
}
