//! Bearer tokens.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 of a token. The token itself is nowhere in a deployment.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

/// Says nothing of the hash: it's as good as the token to somebody who can guess.
impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash")
    }
}

impl TokenHash {
    /// From 64 hexadecimal digits. `None` if it's anything else.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let hex = hex.trim();
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).ok()?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        Some(Self(hash))
    }

    /// Whether the value of an `Authorization` header carries the token, in a time that says nothing of the token.
    #[must_use]
    pub fn admits(&self, authorization: Option<&str>) -> bool {
        bearer(authorization).is_some_and(|token| self.is(&Sha256::digest(token.as_bytes()).into()))
    }

    /// Whether it's this hash, in a time that says nothing of it.
    pub(crate) fn is(&self, hash: &[u8; 32]) -> bool {
        bool::from(hash.ct_eq(&self.0))
    }
}

/// The token in the value of an `Authorization` header.
pub(crate) fn bearer(authorization: Option<&str>) -> Option<&str> {
    let (scheme, token) = authorization?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the token `opensesame`.
    const HASH: &str = "d9fb92e3bbe65be1f1aad4a82eef4567f7a1ebe2cd110c8049b9698be7a70c88";

    #[test]
    fn only_the_token_is_admitted() {
        let hash = TokenHash::parse(HASH).unwrap();
        assert!(hash.admits(Some("Bearer opensesame")));
        assert!(hash.admits(Some("bearer  opensesame")));
        for wrong in
            [None, Some(""), Some("opensesame"), Some("Basic opensesame"), Some("Bearer opensesam"), Some("Bearer ")]
        {
            assert!(!hash.admits(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_hash_has_64_digits() {
        for wrong in ["", &HASH[1..], &HASH.replace('d', "g"), &"ä".repeat(32)] {
            assert_eq!(TokenHash::parse(wrong), None, "{wrong}");
        }
    }
}
