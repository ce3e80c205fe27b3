//! Who may do what: tokens with scopes.

use serde::Deserialize;

use crate::auth::{TokenHash, bearer_hash};

/// What a request needs. Each is by itself: a token that may query may not read the schema unless it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The schema and the reports.
    Read,
    /// Running SQL, and making reports.
    Query,
    /// Deciding on the schema.
    Review,
    /// Putting files, and looking at what becomes of them.
    Upload,
    /// Everything else.
    Admin,
}

impl Scope {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Query => "query",
            Self::Review => "review",
            Self::Upload => "upload",
            Self::Admin => "admin",
        }
    }
}

/// Whoever sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub name: String,
    scopes: Vec<Scope>,
}

impl Caller {
    pub(crate) const fn new(name: String, scopes: Vec<Scope>) -> Self {
        Self { name, scopes }
    }

    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// The tokens of a deployment, as their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens(Vec<(TokenHash, Caller)>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    hash: String,
    scopes: Vec<Scope>,
}

impl Tokens {
    /// From a JSON list of `{"name": "ann", "hash": "<SHA-256 of the token, in hexadecimal>", "scopes": ["read", "query"]}`.
    ///
    /// # Errors
    /// Which entry is wrong, and why; never a hash.
    pub fn parse(json: &str) -> Result<Self, String> {
        let entries: Vec<Entry> =
            serde_json::from_str(json).map_err(|error| format!("it's not a list of tokens: {error}"))?;
        let token = |Entry { name, hash, scopes }: Entry| {
            let hash = TokenHash::parse(&hash)
                .ok_or_else(|| format!("the hash of {name:?} is not a SHA-256 in hexadecimal"))?;
            Ok((hash, Caller { name, scopes }))
        };
        entries.into_iter().map(token).collect::<Result<_, _>>().map(Self)
    }

    /// Whose token the value of an `Authorization` header carries. It takes as long for every token.
    #[must_use]
    pub fn caller(&self, authorization: Option<&str>) -> Option<&Caller> {
        let hash = bearer_hash(authorization)?;
        let mut caller = None;
        for (known, owner) in &self.0 {
            if known.is(&hash) {
                caller = Some(owner);
            }
        }
        caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the token `opensesame`.
    const HASH: &str = "d9fb92e3bbe65be1f1aad4a82eef4567f7a1ebe2cd110c8049b9698be7a70c88";

    #[test]
    fn a_token_may_what_its_scopes_say() {
        let tokens = format!(r#"[{{"name": "ann", "hash": "{HASH}", "scopes": ["read", "query"]}}]"#);
        let tokens = Tokens::parse(&tokens).unwrap();
        let ann = tokens.caller(Some("Bearer opensesame")).unwrap();
        assert_eq!(ann.name, "ann");
        assert!(ann.may(Scope::Read) && ann.may(Scope::Query) && !ann.may(Scope::Review) && !ann.may(Scope::Admin));
        for wrong in [None, Some("Bearer opensesam"), Some("opensesame"), Some("Basic opensesame")] {
            assert_eq!(tokens.caller(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_list_of_tokens_is_said_without_their_hashes() {
        let wrong = |json: &str| Tokens::parse(json).unwrap_err();
        assert!(wrong("{}").starts_with("it's not a list of tokens"));
        assert!(wrong(r#"[{"name": "ann", "hash": "abc", "scopes": []}]"#).contains("\"ann\""));
        assert!(
            wrong(&format!(r#"[{{"name": "ann", "hash": "{HASH}", "scopes": ["fly"]}}]"#))
                .contains("unknown variant `fly`")
        );
    }
}
