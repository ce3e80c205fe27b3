//! Whether a report would still give now what it gave when it was pinned.

use alloc::{
    format,
    string::{String, ToString},
};

use serde::{Deserialize, Serialize};

use super::Fingerprint;

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It gives the same rows.
    Unchanged,
    /// It gives other rows, in the same columns.
    DataChanged,
    /// It gives other columns.
    SchemaChanged,
    /// It can't run any more.
    Fails,
}

impl State {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::DataChanged => "data_changed",
            Self::SchemaChanged => "schema_changed",
            Self::Fails => "fails",
        }
    }
}

/// What happened between a report's pin and now, as far as it can matter to the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Since {
    /// Loads and retractions of rows that it reads.
    pub loads: u64,
    /// Changes of the schema that can affect it.
    pub schema_changes: u64,
    /// Other changes of the schema.
    pub other_schema_changes: u64,
}

impl Since {
    /// Whether the report may give something else now.
    #[must_use]
    pub const fn may_matter(&self) -> bool {
        self.loads > 0 || self.schema_changes > 0
    }
}

/// What it gives now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Now {
    /// Nothing happened that can matter: it didn't have to run.
    NothingHappened,
    Ran(Fingerprint),
    Failed(String),
}

/// What was found out about a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Finding {
    pub state: State,
    /// Why, in a sentence.
    pub reason: String,
    pub since: Since,
    /// What it gives now, if it ran.
    pub after: Option<Fingerprint>,
    /// Why it can't run.
    pub error: Option<String>,
}

/// Characters of an error that a finding keeps.
const ERROR: usize = 500;

/// Compares a report with what it was.
#[must_use]
pub fn judge(pinned: &Fingerprint, now: Now, since: Since) -> Finding {
    let (state, reason, after, error) = match now {
        Now::NothingHappened => (State::Unchanged, nothing_happened(since), None, None),
        Now::Failed(error) => {
            let error: String = error.chars().take(ERROR).collect();
            (State::Fails, format!("it fails now: {error}"), None, Some(error))
        }
        Now::Ran(after) => {
            let (state, reason) = compare(pinned, &after, since);
            (state, reason, Some(after), None)
        }
    };
    Finding { state, reason, since, after, error }
}

fn nothing_happened(since: Since) -> String {
    match since.other_schema_changes {
        0 => "nothing that it reads has changed".to_string(),
        others => {
            format!("nothing that it reads has changed; {} of the schema can't affect it", counted(others, "change"))
        }
    }
}

fn compare(pinned: &Fingerprint, after: &Fingerprint, since: Since) -> (State, String) {
    let because = because(since);
    if pinned.columns != after.columns {
        let names = |of: &Fingerprint, other: &Fingerprint| {
            of.columns.iter().filter(|column| !other.columns.contains(column)).count() as u64
        };
        let (gone, new) = (names(pinned, after), names(after, pinned));
        let reason = format!("{} gone or retyped, {new} new or retyped{because}", counted(gone, "column"));
        return (State::SchemaChanged, reason);
    }
    if pinned == after {
        return (State::Unchanged, format!("it gives the same rows{because}"));
    }
    let reason = if pinned.row_count == after.row_count {
        format!("as many rows, with other values{because}")
    } else {
        format!("{} now, {} when it was pinned{because}", counted(after.row_count, "row"), pinned.row_count)
    };
    (State::DataChanged, reason)
}

fn because(since: Since) -> String {
    match (since.loads, since.schema_changes) {
        (0, 0) => String::new(),
        (loads, 0) => format!(", after {}", counted(loads, "load")),
        (0, changes) => format!(", after {} of the schema that can affect it", counted(changes, "change")),
        (loads, changes) => {
            format!(
                ", after {} and {} of the schema that can affect it",
                counted(loads, "load"),
                counted(changes, "change")
            )
        }
    }
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

impl Finding {
    /// What a change is known by: the same for the same change of the same pin, so that it's told once. `None`: nothing has changed.
    #[must_use]
    pub fn change(&self) -> Option<String> {
        let state = self.state.name();
        match (self.state, &self.after) {
            (State::Unchanged, _) => None,
            (_, Some(after)) => {
                let columns = serde_json::to_string(&after.columns).unwrap_or_default();
                Some(format!("{state} {} {} {columns}", after.row_count, after.row_hash))
            }
            (_, None) => Some(format!("{state} {}", self.error.as_deref().unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::{super::Column, *};

    fn fingerprint(column: &str, rows: u64, hash: &str) -> Fingerprint {
        let columns = vec![Column { name: column.into(), data_type: "BIGINT".into() }];
        Fingerprint { columns, row_count: rows, row_hash: hash.into(), truncated: false }
    }

    #[test]
    fn a_finding_says_what_changed_and_why() {
        let pinned = fingerprint("n", 2, "x");
        let since = Since { loads: 1, schema_changes: 0, other_schema_changes: 3 };
        let found = |now| {
            let Finding { state, reason, .. } = judge(&pinned, now, since);
            (state, reason)
        };
        let is = |state, reason: &str| (state, reason.to_string());
        assert_eq!(found(Now::Ran(pinned.clone())), is(State::Unchanged, "it gives the same rows, after 1 load"));
        assert_eq!(
            found(Now::Ran(fingerprint("n", 3, "y"))),
            is(State::DataChanged, "3 rows now, 2 when it was pinned, after 1 load")
        );
        assert_eq!(
            found(Now::Ran(fingerprint("n", 2, "y"))),
            is(State::DataChanged, "as many rows, with other values, after 1 load")
        );
        assert_eq!(
            found(Now::Ran(fingerprint("m", 2, "x"))),
            is(State::SchemaChanged, "1 column gone or retyped, 1 new or retyped, after 1 load")
        );
        assert_eq!(found(Now::Failed("no column n".into())), is(State::Fails, "it fails now: no column n"));
        assert_eq!(
            found(Now::NothingHappened),
            is(State::Unchanged, "nothing that it reads has changed; 3 changes of the schema can't affect it")
        );
    }

    #[test]
    fn one_change_has_one_name_whenever_it_is_found() {
        let pinned = fingerprint("n", 2, "x");
        let change = |now, loads| judge(&pinned, now, Since { loads, ..Since::default() }).change();
        let after = || Now::Ran(fingerprint("n", 3, "y"));
        assert_eq!(change(after(), 1), change(after(), 2));
        assert_ne!(change(after(), 1), change(Now::Ran(fingerprint("n", 3, "z")), 1));
        assert_eq!(change(Now::Ran(pinned.clone()), 1), None);
    }
}
