//! Who asks, by Cloudflare Access: it signs in people and puts a JSON Web Token into each request that it lets through
//! ([validation](https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/)).

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use living_core::time::Timestamp;
use living_http::{HttpRequest, Method, Transport};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use worker::{
    Env,
    js_sys::{Array, JSON, Promise, futures::JsFuture},
    wasm_bindgen::{self, JsValue, prelude::wasm_bindgen},
};

use crate::{
    Caller, ConfigError, FetchTransport, Host, Problem, Scope, WorkerHost, optional_var, required_var, var_as,
};

/// The header that has the token.
pub const ASSERTION: &str = "cf-access-jwt-assertion";

/// Seconds by which clocks may differ.
const SKEW: i64 = 60;

/// Keys change every six weeks, and the old ones stay for a week.
const KEYS_KEPT: i64 = 3_600;

/// An unknown key is looked up again no sooner than this, in seconds: else anybody could make us ask.
const KEYS_ASKED: i64 = 60;

/// Whom Access lets in, and what they may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPolicy {
    /// `https://<team>.cloudflareaccess.com`, which issues tokens and has the keys.
    team: String,
    /// The tag of the application.
    audience: String,
    /// Scopes by e-mail address (or a service token's name); `*` for all others whom Access lets in.
    scopes: BTreeMap<String, Vec<Scope>>,
}

impl AccessPolicy {
    /// Of the variables `ACCESS_TEAM`, `ACCESS_AUDIENCE` and `ACCESS_SCOPES`. `None` if the first is empty.
    ///
    /// # Errors
    /// Which of the others is missing or wrong.
    pub fn of(env: &Env) -> Result<Option<Self>, ConfigError> {
        let Some(team) = optional_var(env, "ACCESS_TEAM") else {
            return Ok(None);
        };
        Ok(Some(Self {
            team: team.trim_end_matches('/').to_owned(),
            audience: required_var(env, "ACCESS_AUDIENCE")?,
            scopes: var_as(env, "ACCESS_SCOPES")?,
        }))
    }

    /// Whoever a token is of.
    ///
    /// # Errors
    /// 401, with what is wrong with it; 503, if the keys can't be had.
    pub async fn caller(&self, token: &str) -> Result<Caller, Problem> {
        let now = WorkerHost.now();
        let token = Token::parse(token)?;
        let key = find_key(&self.team, &token.header.kid, now).await?;
        if !is_signed(&key, &token).await {
            return Err(refused("its signature is not that of the key"));
        }
        self.admit(token.claims, now)
    }

    fn admit(&self, claims: Claims, now: Timestamp) -> Result<Caller, Problem> {
        let seconds = now.millis() / 1_000;
        if claims.iss.trim_end_matches('/') != self.team {
            return Err(refused("somebody else issued it"));
        }
        if !claims.aud.has(&self.audience) {
            return Err(refused("it is for another application"));
        }
        if claims.exp + SKEW <= seconds {
            return Err(refused("it has expired"));
        }
        if claims.nbf.or(claims.iat).is_some_and(|from| from - SKEW > seconds) {
            return Err(refused("it is not valid yet"));
        }
        let name = claims.email.or(claims.common_name).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| refused("it names nobody"))?;
        let scopes = self.scopes.get(&name).or_else(|| self.scopes.get("*"));
        Ok(Caller::new(name, scopes.cloned().unwrap_or_default()))
    }
}

fn refused(reason: &str) -> Problem {
    Problem::new(401, "Unauthorized", format!("the token of Cloudflare Access is not valid: {reason}"))
}

/// A JSON Web Token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)), not verified yet.
struct Token<'a> {
    header: Header,
    claims: Claims,
    /// What the signature is of.
    signed: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    email: Option<String>,
    /// Of a service token.
    #[serde(default)]
    common_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn has(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl<'a> Token<'a> {
    fn parse(text: &'a str) -> Result<Self, Problem> {
        let unreadable = || refused("it is no JSON Web Token");
        let (signed, signature) = text.rsplit_once('.').ok_or_else(unreadable)?;
        let (header, claims) = signed.split_once('.').ok_or_else(unreadable)?;
        let header: Header = decoded(header).ok_or_else(unreadable)?;
        if header.alg != "RS256" {
            return Err(refused("it is not signed by RS256"));
        }
        let claims = decoded(claims).ok_or_else(unreadable)?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| unreadable())?;
        Ok(Self { header, claims, signed, signature })
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

// ---- Keys ----------------------------------------------------------------------------------------------------------------

/// The keys of a team, by their ids, and when they were asked for.
struct Keys {
    team: String,
    asked_at: Timestamp,
    by_id: BTreeMap<String, Value>,
}

thread_local! {
    static KEYS: RefCell<Option<Keys>> = const { RefCell::new(None) };
}

/// A JSON Web Key.
async fn find_key(team: &str, id: &str, now: Timestamp) -> Result<Value, Problem> {
    let unknown = || refused("nobody knows its key");
    let kept = KEYS.with_borrow(|keys| {
        let keys = keys.as_ref().filter(|keys| keys.team == team)?;
        let age = (now.millis() - keys.asked_at.millis()) / 1_000;
        let key = keys.by_id.get(id).cloned();
        (age < KEYS_ASKED || (age < KEYS_KEPT && key.is_some())).then_some(key)
    });
    if let Some(key) = kept {
        return key.ok_or_else(unknown);
    }
    let by_id = ask_for_keys(team).await?;
    let key = by_id.get(id).cloned();
    KEYS.set(Some(Keys { team: team.to_owned(), asked_at: now, by_id }));
    key.ok_or_else(unknown)
}

async fn ask_for_keys(team: &str) -> Result<BTreeMap<String, Value>, Problem> {
    #[derive(Deserialize)]
    struct KeySet {
        keys: Vec<Value>,
    }
    let request = HttpRequest {
        method: Method::Get,
        url: format!("{team}/cdn-cgi/access/certs"),
        headers: Vec::new(),
        body: String::new(),
        time_limit: Duration::from_secs(5),
        follows_redirects: false,
    };
    let failed = |why: String| Problem::unavailable().because(format_args!("the keys of Access: {why}"));
    let response = FetchTransport.send(request).await.map_err(|error| failed(format!("{error:?}")))?;
    if response.status != 200 {
        return Err(failed(format!("status {}", response.status)));
    }
    let set: KeySet = serde_json::from_slice(&response.body).map_err(|error| failed(error.to_string()))?;
    let id = |key: &Value| key.get("kid").and_then(Value::as_str).map(str::to_owned);
    Ok(set.keys.into_iter().filter_map(|key| Some((id(&key)?, key))).collect())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = verify, catch)]
    fn verify(algorithm: &JsValue, key: &JsValue, signature: &[u8], data: &[u8]) -> Result<Promise, JsValue>;
}

/// Web Crypto's word on a signature. Whatever goes wrong, it isn't one.
async fn is_signed(key: &Value, token: &Token<'_>) -> bool {
    let verified = async {
        let algorithm = JSON::parse(r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#)?;
        let usages = Array::of1(&JsValue::from_str("verify"));
        let key = JSON::parse(&key.to_string())?;
        let key = JsFuture::from(import_key("jwk", &key, &algorithm, false, &usages)?).await?;
        JsFuture::from(verify(&algorithm, &key, &token.signature, token.signed.as_bytes())?).await
    };
    verified.await.is_ok_and(|valid| valid.is_truthy())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy() -> AccessPolicy {
        let scopes =
            [("ann@example.com".to_owned(), vec![Scope::Read, Scope::Review]), ("*".to_owned(), vec![Scope::Read])];
        AccessPolicy { team: "https://team.example".into(), audience: "app".into(), scopes: scopes.into() }
    }

    fn admitted(change: &Value) -> Result<Caller, u16> {
        let mut claims = json!({ "iss": "https://team.example", "aud": ["app"], "exp": 2_000, "iat": 900, "email": "ann@example.com" });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let now = Timestamp::from_millis(1_000_000);
        policy().admit(serde_json::from_value(claims).unwrap(), now).map_err(|problem| problem.status)
    }

    #[test]
    fn a_token_is_of_this_team_for_this_application_and_of_now() {
        let ann = admitted(&json!({})).unwrap();
        assert_eq!(
            (ann.name.as_str(), ann.may(Scope::Review), ann.may(Scope::Query)),
            ("ann@example.com", true, false)
        );
        let ben = admitted(&json!({ "email": "ben@example.com", "aud": "app" })).unwrap();
        assert!(ben.may(Scope::Read) && !ben.may(Scope::Review));
        assert_eq!(admitted(&json!({ "email": null, "common_name": "robot" })).unwrap().name, "robot");
        for wrong in [
            json!({ "iss": "https://other.example" }),
            json!({ "aud": ["other"] }),
            json!({ "aud": [] }),
            json!({ "exp": 900 }),
            json!({ "nbf": 1_100 }),
            json!({ "email": "" }),
        ] {
            assert_eq!(admitted(&wrong), Err(401), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = part(json!({ "iss": "x", "aud": "x", "exp": 1 }));
        let none = format!("{}.{claims}.", part(json!({ "alg": "none", "kid": "1" })));
        let hmac = format!("{}.{claims}.AAAA", part(json!({ "alg": "HS256", "kid": "1" })));
        for text in ["", "a", "a.b", "a.b.c", "..", &none, &hmac] {
            assert!(Token::parse(text).is_err_and(|problem| problem.status == 401), "{text}");
        }
    }
}
