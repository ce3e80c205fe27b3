//! What is asked: the body of a request, and the query that it means.

use living_core::{schema::At, time::Timestamp};
use living_kit::{Host, Problem};
use living_sqlgate::{Parameters, Scalar, Value as Bound};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Moment;

/// Rows of one answer, if the request doesn't say.
const DEFAULT_ROWS: u32 = 1_000;

/// Items of a parameter that is a list.
const MAX_ITEMS: usize = 10_000;

/// How a query looks at the data, and how long it may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// At what is there now; somebody waits for it.
    #[default]
    Live,
    /// At a version and a commit that are kept with a result, so that it can be had again; or, where none are given, at the newest.
    Snapshot,
    /// At what was there at a date, a version or a commit, under the schema of then.
    TimeTravel,
}

impl Mode {
    /// Seconds that a query may take: 10 for live ones, a minute for others, of which MotherDuck gives 55.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Live => 10,
            Self::Snapshot | Self::TimeTravel => 55,
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Snapshot => "snapshot",
            Self::TimeTravel => "time_travel",
        }
    }
}

/// The body of a request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryRequest {
    /// One query in DuckDB's SQL. Only with `execution_id` it's left out.
    #[serde(default)]
    pub sql: Option<String>,
    /// Values of `?`, `$1`, … as a list, or of `$name` as an object. Each is null, a boolean, a number, a text, or a list of these.
    #[serde(default)]
    #[schemars(schema_with = "parameters_schema")]
    pub parameters: Option<Value>,
    #[serde(default)]
    pub mode: Mode,
    /// Of snapshot and time travel: the commit, from 1.
    #[serde(default)]
    pub commit_seq: Option<i64>,
    /// Of snapshot and time travel: the version of the schema, from 1. Alone it stands for the commit that made it; with `commit_seq` it has to
    /// be the version of then.
    #[serde(default)]
    pub schema_version: Option<i64>,
    /// Of time travel: the last commit at or before this time (RFC 3339), or by the end of this day (UTC).
    #[serde(default)]
    pub date: Option<String>,
    /// Of snapshot: an earlier run of yours, which is run again as it was.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub execution_id: Option<Uuid>,
    /// Names this run, for `POST /api/query/cancel`: a UUID that you make.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub id: Option<Uuid>,
    /// At least 1, at most what the warehouse gives in one answer; 1,000 if it's left out.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_rows: Option<u32>,
}

fn parameters_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["array", "object", "null"] })
}

/// A query to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub sql: String,
    pub parameters: Parameters,
    /// As they were given, for the log.
    pub given: Option<Value>,
    pub mode: Mode,
    pub moment: Moment,
    pub max_rows: u32,
    /// The report that it's of, if any.
    pub report_id: Option<Uuid>,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    Query(Box<Query>),
    /// An earlier run once more.
    Again {
        execution_id: Uuid,
        max_rows: u32,
    },
}

impl Asked {
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self {
            Self::Query(query) => query.mode,
            Self::Again { .. } => Mode::Snapshot,
        }
    }
}

/// Reads the body of a request: what is asked, and the id of the run if it has one.
///
/// # Errors
/// What it isn't.
pub(crate) fn parse(body: Value, most: u32, host: &impl Host) -> Result<(Asked, Option<Uuid>), Problem> {
    let request: QueryRequest = serde_json::from_value(body)
        .map_err(|error| Problem::bad_request(format!("the body is not a query: {error}")))?;
    let id = request.id;
    Ok((request.asked(most, host)?, id))
}

impl QueryRequest {
    /// # Errors
    /// Which fields don't go together, or are out of range.
    pub fn asked(self, most: u32, host: &impl Host) -> Result<Asked, Problem> {
        let max_rows = self.max_rows.unwrap_or(DEFAULT_ROWS.min(most));
        if !(1..=most).contains(&max_rows) {
            return Err(Problem::bad_request(format!("max_rows is from 1 to {most}")));
        }
        let at = (self.commit_seq, self.schema_version, &self.date);
        if let Some(execution_id) = self.execution_id {
            return match (self.mode, &self.sql, &self.parameters, at) {
                (Mode::Snapshot, None, None, (None, None, None)) => Ok(Asked::Again { execution_id, max_rows }),
                _ => Err(Problem::bad_request(
                    "execution_id is for the mode snapshot, and stands for the query, its parameters and its point in time",
                )),
            };
        }
        let moment = match (self.mode, at) {
            (Mode::Live | Mode::Snapshot, (None, None, None)) => Moment::newest(),
            (Mode::Live, _) => {
                return Err(Problem::bad_request("commit_seq, schema_version and date are not for the mode live"));
            }
            (_, (Some(1..), None | Some(1..), None)) => {
                Moment::at_commit(self.commit_seq.unwrap_or_default(), self.schema_version)
            }
            (_, (None, Some(version @ 1..), None)) => Moment { at: At::Version(version), schema_version: None },
            (Mode::TimeTravel, (None, None, Some(date))) => {
                Moment { at: At::Time(point_in_time(date, host.now())?), schema_version: None }
            }
            (Mode::Snapshot, _) => {
                return Err(Problem::bad_request(
                    "snapshot takes commit_seq and schema_version, from 1, or execution_id",
                ));
            }
            (Mode::TimeTravel, _) => {
                return Err(Problem::bad_request(
                    "time_travel takes either date, or commit_seq and schema_version, from 1, or one of these",
                ));
            }
        };
        let sql = self.sql.ok_or_else(|| Problem::bad_request("sql is missing"))?;
        let parameters = self.parameters.as_ref().map_or(Ok(Parameters::none()), read_parameters)?;
        Ok(Asked::Query(Box::new(Query {
            sql,
            parameters,
            given: self.parameters,
            mode: self.mode,
            moment,
            max_rows,
            report_id: None,
        })))
    }
}

/// The last instant of a day, or an instant, that has been.
///
/// # Errors
/// If it's none, or in the future.
pub(crate) fn point_in_time(date: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    const SECONDS_OF_DAY: i64 = 86_400;
    let is_day = date.len() == "2026-01-31".len();
    let start = if is_day { Timestamp::parse(&format!("{date}T00:00:00Z")) } else { Timestamp::parse(date) };
    let start = start.ok_or_else(|| {
        Problem::bad_request(format!(
            "{date:?} is not a date like 2026-01-31, or a time like 2026-01-31T12:00:00Z (RFC 3339)"
        ))
    })?;
    if start > now {
        return Err(Problem::bad_request(format!("{date} is in the future: nobody knows what will be there")));
    }
    Ok(if is_day { start.plus_seconds(SECONDS_OF_DAY - 1).min(now) } else { start })
}

/// Reads the values of parameters: a list, or an object by name.
pub(crate) fn read_parameters(given: &Value) -> Result<Parameters, Problem> {
    match given {
        Value::Null => Ok(Parameters::none()),
        Value::Array(values) => {
            let values: Result<Vec<Bound>, Problem> =
                values.iter().zip(1..).map(|(value, n): (_, usize)| read_value(&n.to_string(), value)).collect();
            Ok(Parameters::positional(values?))
        }
        Value::Object(values) => {
            let values: Result<Vec<(String, Bound)>, Problem> = values
                .iter()
                .map(|(name, value)| Ok((name.trim_start_matches('$').to_owned(), read_value(name, value)?)))
                .collect();
            Ok(Parameters::named(values?))
        }
        _ => Err(Problem::bad_request("parameters is a list, or an object of values by name")),
    }
}

fn read_value(name: &str, value: &Value) -> Result<Bound, Problem> {
    let wrong = || {
        Problem::bad_request(format!(
            "the parameter {name} is not null, a boolean, a number, a text, or a list of at most {MAX_ITEMS} of these"
        ))
    };
    match value {
        Value::Array(items) if items.len() <= MAX_ITEMS => {
            items.iter().map(read_scalar).collect::<Option<_>>().map(Bound::List).ok_or_else(wrong)
        }
        value => read_scalar(value).map(Bound::Scalar).ok_or_else(wrong),
    }
}

fn read_scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Null => Some(Scalar::Null),
        Value::Bool(value) => Some(Scalar::Boolean(*value)),
        Value::Number(number) => number.as_i64().map(Scalar::Integer).or_else(|| number.as_f64().map(Scalar::Double)),
        // No text of SQL has a NUL.
        Value::String(text) if !text.contains('\0') => Some(Scalar::Text(text.clone())),
        _ => None,
    }
}

/// The body of `POST /api/query/cancel`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancellation {
    /// As the run was named.
    #[schemars(with = "String")]
    id: Uuid,
}

/// The id of the run that is to be cancelled.
pub(crate) fn read_cancellation(body: Value) -> Result<String, Problem> {
    let cancellation: Cancellation = serde_json::from_value(body)
        .map_err(|error| Problem::bad_request(format!("the body does not name a run: {error}")))?;
    Ok(cancellation.id.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Noon;

    impl Host for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::parse("2026-06-15T12:00:00Z").unwrap()
        }

        fn fill_random(&self, _: &mut [u8]) {}
    }

    fn asked(body: Value) -> Result<Asked, u16> {
        parse(body, 2_047, &Noon).map(|(asked, _)| asked).map_err(|problem| problem.status)
    }

    fn moment(body: Value) -> Moment {
        match asked(body).unwrap() {
            Asked::Query(query) => query.moment,
            Asked::Again { .. } => unreachable!(),
        }
    }

    #[test]
    fn a_request_says_either_when_or_now() {
        assert_eq!(moment(json!({ "sql": "x" })), Moment::newest());
        assert_eq!(moment(json!({ "sql": "x", "mode": "snapshot" })), Moment::newest());
        let at = |fields: Value| {
            let mut body = json!({ "sql": "x", "mode": "time_travel" });
            body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            moment(body)
        };
        assert_eq!(at(json!({ "commit_seq": 3 })), Moment::at_commit(3, None));
        assert_eq!(at(json!({ "commit_seq": 3, "schema_version": 2 })), Moment::at_commit(3, Some(2)));
        assert_eq!(at(json!({ "schema_version": 2 })).at, At::Version(2));
        let end_of_day = Timestamp::parse("2026-06-14T23:59:59Z").unwrap();
        assert_eq!(at(json!({ "date": "2026-06-14" })).at, At::Time(end_of_day));
        assert_eq!(at(json!({ "date": "2026-06-15" })).at, At::Time(Noon.now()));
        let id = "0190a0a0-0000-7000-8000-000000000000";
        assert!(matches!(asked(json!({ "mode": "snapshot", "execution_id": id })), Ok(Asked::Again { .. })));
        for wrong in [
            json!({}),
            json!({ "sql": "x", "commit_seq": 3 }),
            json!({ "sql": "x", "mode": "time_travel" }),
            json!({ "sql": "x", "mode": "time_travel", "commit_seq": 0 }),
            json!({ "sql": "x", "mode": "time_travel", "commit_seq": 3, "date": "2026-01-01T00:00:00Z" }),
            json!({ "sql": "x", "mode": "time_travel", "date": "2026-06-16" }),
            json!({ "sql": "x", "mode": "time_travel", "date": "soon" }),
            json!({ "sql": "x", "mode": "snapshot", "date": "2026-06-14" }),
            json!({ "sql": "x", "mode": "snapshot", "execution_id": id }),
            json!({ "mode": "live", "execution_id": id }),
            json!({ "sql": "x", "max_rows": 0 }),
            json!({ "sql": "x", "max_rows": 2_048 }),
            json!({ "sql": "x", "limit": 3 }),
            json!({ "sql": "x", "id": "x" }),
        ] {
            assert_eq!(asked(wrong.clone()), Err(400), "{wrong}");
        }
    }

    #[test]
    fn parameters_are_scalars_and_lists_of_them() {
        let read = |given: Value| read_parameters(&given).map_err(|problem| problem.status);
        let text = |text: &str| Bound::Scalar(Scalar::Text(text.to_owned()));
        assert_eq!(
            read(json!([1, "a", [true, null, 0.5]])),
            Ok(Parameters::positional([
                Scalar::Integer(1).into(),
                text("a"),
                Bound::List(vec![Scalar::Boolean(true), Scalar::Null, Scalar::Double(0.5)]),
            ]))
        );
        assert_eq!(read(json!({ "$a": "x" })), Ok(Parameters::named([("a".to_owned(), text("x"))])));
        for wrong in [json!("x"), json!([{}]), json!([[[1]]]), json!(["\0"]), json!(vec![vec![0; MAX_ITEMS + 1]])] {
            assert_eq!(read(wrong), Err(400));
        }
    }
}
