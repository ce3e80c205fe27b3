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

    /// Whether it's this hash, in a time that says nothing of it.
    pub(crate) fn is(&self, hash: &[u8; 32]) -> bool {
        bool::from(hash.ct_eq(&self.0))
    }
}

/// The tokens of a Worker's HTTP side, as their hashes. There is one, or two while it's being replaced: a new token is let in before
/// anybody sends it, and an old one until nobody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminTokens(Vec<TokenHash>);

impl AdminTokens {
    /// From hashes with blanks between. `None` if there is none, or one isn't 64 hexadecimal digits.
    #[must_use]
    pub fn parse(hashes: &str) -> Option<Self> {
        let hashes: Vec<TokenHash> = hashes.split_ascii_whitespace().map(TokenHash::parse).collect::<Option<_>>()?;
        (!hashes.is_empty()).then_some(Self(hashes))
    }

    /// Whether the value of an `Authorization` header carries one of the tokens, in a time that says nothing of them.
    #[must_use]
    pub fn admits(&self, authorization: Option<&str>) -> bool {
        bearer_hash(authorization)
            .is_some_and(|hash| self.0.iter().fold(false, |admitted, known| known.is(&hash) | admitted))
    }
}

/// The hash of the token in the value of an `Authorization` header.
pub(crate) fn bearer_hash(authorization: Option<&str>) -> Option<[u8; 32]> {
    let (scheme, token) = authorization?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Sha256::digest(token.trim().as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the token `opensesame`.
    const HASH: &str = "d9fb92e3bbe65be1f1aad4a82eef4567f7a1ebe2cd110c8049b9698be7a70c88";

    #[test]
    fn only_the_token_is_admitted() {
        let tokens = AdminTokens::parse(HASH).unwrap();
        assert!(tokens.admits(Some("Bearer opensesame")));
        assert!(tokens.admits(Some("bearer  opensesame")));
        for wrong in
            [None, Some(""), Some("opensesame"), Some("Basic opensesame"), Some("Bearer opensesam"), Some("Bearer ")]
        {
            assert!(!tokens.admits(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_token_is_replaced_without_refusing_anybody() {
        let new = "4bc7f3a4a9d1c0b3f0d6a3a7c8ad1f0f8a5df7d60a0cf5c5a3f4bd4a0c6a9f11";
        let both = AdminTokens::parse(&format!("{new} {HASH}\n")).unwrap();
        assert!(both.admits(Some("Bearer opensesame")));
        assert!(!both.admits(Some("Bearer opensesam")));
        assert!(!AdminTokens::parse(new).unwrap().admits(Some("Bearer opensesame")));
        for wrong in ["", " ", "x", &format!("{HASH} x"), &format!("{HASH},{HASH}")] {
            assert_eq!(AdminTokens::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_hash_has_64_digits() {
        for wrong in ["", &HASH[1..], &HASH.replace('d', "g"), &"ä".repeat(32)] {
            assert_eq!(TokenHash::parse(wrong), None, "{wrong}");
        }
    }
}
