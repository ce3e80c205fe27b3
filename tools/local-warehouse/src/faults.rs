//! Faults that tests switch on: which call they hit, and what happens to it.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::call::{Call, POSTGRES, TOOL_CALL};

/// One rule: which calls it hits, and with what.
///
/// As JSON: `{"match": {"tool": "query_rw", "sql_contains": "INTO commits", "times": 1}, "fault": {"kind": "drop_reply"}}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(default, rename = "match")]
    condition: Condition,
    fault: Fault,
}

/// Which calls a rule hits. Every part that is given must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Condition {
    /// JSON-RPC method, or `postgres`; statements, whichever way they came, when absent.
    method: Option<String>,
    /// Name of the tool.
    tool: Option<String>,
    /// A part of the SQL text, case-sensitive.
    sql_contains: Option<String>,
    /// Matching calls that pass unharmed before the first hit.
    skip: u64,
    /// Hits before the rule is spent; without an end when absent.
    times: Option<u64>,
}

impl Condition {
    fn holds(&self, call: &Call) -> bool {
        self.method.as_ref().map_or(call.is_statement(), |method| *method == call.method)
            && self.tool.as_ref().is_none_or(|tool| call.tool.as_ref() == Some(tool))
            && self.sql_contains.as_ref().is_none_or(|part| call.sql.contains(part))
    }
}

/// What happens to a call. The names with `after` run the statement first: to the client they're ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// Doesn't run; the tool answers with an error, as when a service behind it is unavailable.
    FailBefore {
        #[serde(default = "unavailable")]
        error: String,
        #[serde(default = "unavailable_type")]
        error_type: String,
    },
    /// Runs; then the connection is cut before the first byte of the reply.
    DropReply {},
    /// Doesn't run; answers with an HTTP status, or with the fatal error of Postgres that comes nearest to it.
    Status {
        status: ErrorStatus,
        /// Seconds of the `Retry-After` header.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// Runs; then answers with an HTTP status.
    StatusAfter {
        status: ErrorStatus,
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// Runs; answers with a body that is not JSON.
    Garbage {},
    /// Runs; sends half of the reply's body and cuts the connection.
    Truncate {},
    /// Waits before running: `ms` milliseconds, or until the client leaves.
    Stall {
        #[serde(default)]
        ms: Option<u64>,
    },
    /// Runs, then waits before answering: `ms` milliseconds, or until the client leaves.
    StallAfter {
        #[serde(default)]
        ms: Option<u64>,
    },
}

fn unavailable() -> String {
    "HTTP Error: 503 Service Unavailable".to_owned()
}

fn unavailable_type() -> String {
    "HTTPException".to_owned()
}

impl Fault {
    /// The kind's name, as rules spell it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::FailBefore { .. } => "fail_before",
            Self::DropReply {} => "drop_reply",
            Self::Status { .. } => "status",
            Self::StatusAfter { .. } => "status_after",
            Self::Garbage {} => "garbage",
            Self::Truncate {} => "truncate",
            Self::Stall { .. } => "stall",
            Self::StallAfter { .. } => "stall_after",
        }
    }
}

/// An HTTP status from 400 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub(crate) struct ErrorStatus(u16);

impl TryFrom<u16> for ErrorStatus {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, String> {
        if (400..=599).contains(&status) {
            Ok(Self(status))
        } else {
            Err(format!("status {status} is not from 400 to 599"))
        }
    }
}

impl From<ErrorStatus> for u16 {
    fn from(status: ErrorStatus) -> Self {
        status.0
    }
}

/// A rule with what came of it so far.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RuleState {
    #[serde(flatten)]
    rule: Rule,
    /// Calls that matched, hit or not.
    matched: u64,
    /// Calls that were hit.
    hits: u64,
}

impl RuleState {
    /// Counts a matching call, and says whether the rule hits it.
    fn strikes(&mut self, call: &Call) -> bool {
        let condition = &self.rule.condition;
        if !condition.holds(call) {
            return false;
        }
        self.matched += 1;
        let strikes = self.matched > condition.skip && condition.times.is_none_or(|times| self.hits < times);
        self.hits += u64::from(strikes);
        strikes
    }
}

/// The rules of a warehouse. The first rule that strikes decides; those behind it don't see the call.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<RuleState>>);

/// Rules as the control API takes them.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct NewRules(Vec<Rule>);

impl Faults {
    /// Appends rules behind those that are there: all of them, or none when one makes no sense.
    pub(crate) fn add(&self, rules: NewRules) -> Result<(), &'static str> {
        let makes_no_sense = |rule: &Rule| {
            matches!(rule.fault, Fault::FailBefore { .. })
                && rule.condition.method.as_deref().is_some_and(|method| ![TOOL_CALL, POSTGRES].contains(&method))
        };
        if rules.0.iter().any(makes_no_sense) {
            return Err(
                "fail_before is an error of a statement: it can't hit other methods than tools/call and postgres",
            );
        }
        self.lock().extend(rules.0.into_iter().map(|rule| RuleState { rule, matched: 0, hits: 0 }));
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn list(&self) -> Vec<RuleState> {
        self.lock().clone()
    }

    /// The fault that hits this call, counted. All rules are looked at under one lock, so two calls never share a hit.
    pub(crate) fn strike(&self, call: &Call) -> Option<Fault> {
        self.lock().iter_mut().find_map(|state| state.strikes(call).then(|| state.rule.fault.clone()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<RuleState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: serde_json::Value) -> Faults {
        let faults = Faults::default();
        faults.add(serde_json::from_value(rules).unwrap()).unwrap();
        faults
    }

    fn call(tool: &str, sql: &str) -> Call {
        Call { method: TOOL_CALL.to_owned(), tool: Some(tool.to_owned()), sql: sql.to_owned() }
    }

    #[test]
    fn a_rule_skips_then_hits_its_number_of_times_and_is_spent() {
        let faults = faults(
            serde_json::json!([{ "match": { "tool": "query_rw", "skip": 1, "times": 2 }, "fault": { "kind": "garbage" } }]),
        );
        let hits: Vec<bool> = (0..5).map(|_| faults.strike(&call("query_rw", "SELECT 1")).is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        let state = serde_json::to_value(faults.list()).unwrap();
        assert_eq!(
            (&state[0]["matched"], &state[0]["hits"], &state[0]["fault"]["kind"]),
            (&5.into(), &2.into(), &"garbage".into())
        );
    }

    #[test]
    fn only_calls_that_match_in_every_part_count() {
        let faults = faults(
            serde_json::json!([{ "match": { "tool": "query", "sql_contains": "commits" }, "fault": { "kind": "drop_reply" } }]),
        );
        assert_eq!(faults.strike(&call("query_rw", "FROM commits")), None);
        assert_eq!(faults.strike(&call("query", "FROM COMMITS")), None);
        let ping = Call { method: "ping".to_owned(), tool: None, sql: String::new() };
        assert_eq!(faults.strike(&ping), None);
        assert_eq!(faults.strike(&call("query", "FROM commits")), Some(Fault::DropReply {}));
    }

    #[test]
    fn a_later_rule_gets_the_calls_that_an_earlier_one_lets_pass() {
        let faults = faults(serde_json::json!([
            { "match": { "times": 1 }, "fault": { "kind": "garbage" } },
            { "fault": { "kind": "status", "status": 503 } },
        ]));
        assert_eq!(faults.strike(&call("query", "")), Some(Fault::Garbage {}));
        assert_eq!(faults.strike(&call("query", "")).map(|fault| fault.name()), Some("status"));
    }

    #[test]
    fn a_misspelt_rule_is_refused() {
        for rule in [
            serde_json::json!({ "fault": { "kind": "explode" } }),
            serde_json::json!({ "fault": { "kind": "status", "status": 200 } }),
            serde_json::json!({ "fault": { "kind": "garbage", "ms": 1 } }),
            serde_json::json!({ "fault": { "kind": "garbage" }, "times": 1 }),
            serde_json::json!({ "match": { "skipp": 1 }, "fault": { "kind": "garbage" } }),
            serde_json::json!({}),
        ] {
            assert!(serde_json::from_value::<NewRules>(serde_json::json!([rule])).is_err(), "{rule} was accepted");
        }
    }
}
