//! The calls of SQLRooms' HTTP bridge (`createHttpDbBridge` of `@sqlrooms/db` 0.29), so that it has this API as a native data source.
//!
//! A connection's id says where it looks: `living-schema` at what is there now, `living-schema@2026-01-31` at a date or time,
//! `living-schema@version:3` and `living-schema@commit:42` as they were then.

use living_core::schema::At;
use living_kit::{Host, Problem};
use living_sqlgate::Parameters;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    query::{Mode, Moment, Outcome, Query, Rows, arrow_stream, point_in_time},
    reply::Reply,
};

/// Rows of a frame, if the request doesn't say.
const CHUNK_ROWS: usize = 10_000;

/// Longest id of a query.
const MAX_ID: usize = 100;

/// The body of each call.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BridgeRequest {
    connection_id: Option<String>,
    sql: Option<String>,
    /// `json`, or `exec`: nobody wants the rows.
    query_type: Option<String>,
    query_id: Option<String>,
    chunk_rows: Option<usize>,
}

impl BridgeRequest {
    pub(crate) fn parse(body: Value) -> Result<Self, Problem> {
        serde_json::from_value(body).map_err(|error| Problem::bad_request(format!("the body is not a call: {error}")))
    }

    /// # Errors
    /// If it's missing or too long.
    pub(crate) fn query_id(&self) -> Result<&str, Problem> {
        self.query_id
            .as_deref()
            .filter(|id| (1..=MAX_ID).contains(&id.len()))
            .ok_or_else(|| Problem::bad_request(format!("queryId is a text of 1 to {MAX_ID} bytes")))
    }

    /// Where the connection looks.
    ///
    /// # Errors
    /// If its id doesn't say.
    pub(crate) fn moment(&self, host: &impl Host) -> Result<(Mode, Moment), Problem> {
        let Some((_, when)) = self.connection_id.as_deref().and_then(|id| id.split_once('@')) else {
            return Ok((Mode::Live, Moment::newest()));
        };
        let number = |text: &str| {
            text.parse()
                .ok()
                .filter(|number| *number >= 1)
                .ok_or_else(|| Problem::bad_request(format!("connectionId: {text:?} is not a number from 1")))
        };
        let at = match when.split_once(':') {
            Some(("commit", commit)) => At::Commit(number(commit)?),
            Some(("version", version)) => At::Version(number(version)?),
            _ => At::Time(point_in_time(when, host.now())?),
        };
        Ok((Mode::TimeTravel, Moment { at, schema_version: None }))
    }

    /// # Errors
    /// If there's no SQL, or the connection's id doesn't say where it looks.
    pub(crate) fn query(&self, most: u32, host: &impl Host) -> Result<Query, Problem> {
        let (mode, moment) = self.moment(host)?;
        let sql = self.sql.clone().ok_or_else(|| Problem::bad_request("sql is missing"))?;
        Ok(Query { sql, parameters: Parameters::none(), given: None, mode, moment, max_rows: most, report_id: None })
    }

    /// `execute-query`: rows as objects.
    pub(crate) fn records(&self, outcome: Outcome) -> Result<Reply, Problem> {
        if self.query_type.as_deref() == Some("exec") {
            return Ok(Reply::json(&json!({})));
        }
        let rows = whole(outcome)?;
        let names: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
        let record =
            |row: Vec<Value>| -> Map<String, Value> { names.iter().map(|name| (*name).to_owned()).zip(row).collect() };
        let records: Vec<Map<String, Value>> = rows.rows.into_iter().map(record).collect();
        Ok(Reply::json(&json!({ "jsonData": records })))
    }

    /// `fetch-arrow-stream`: frames of a header and an Arrow IPC stream each, and one that ends them.
    pub(crate) fn frames(&self, outcome: Outcome) -> Result<Reply, Problem> {
        let Rows { columns, mut rows, .. } = whole(outcome)?;
        let chunk = self.chunk_rows.filter(|rows| *rows > 0).unwrap_or(CHUNK_ROWS);
        let mut body = Vec::new();
        loop {
            let rest = rows.split_off(chunk.min(rows.len()));
            let part = Rows { columns: columns.clone(), rows, truncated: false };
            push_frame(&mut body, "batch", &arrow_stream(&part)?);
            rows = rest;
            if rows.is_empty() {
                break;
            }
        }
        push_frame(&mut body, "end", &[]);
        Ok(Reply::bytes("application/octet-stream", body))
    }
}

/// `fetch-arrow`: one Arrow IPC stream.
pub(crate) fn arrow(outcome: Outcome) -> Result<Reply, Problem> {
    Ok(Reply::bytes("application/vnd.apache.arrow.stream", arrow_stream(&whole(outcome)?)?))
}

/// SQLRooms has no place for "there are more rows", so a part isn't given as the whole.
fn whole(outcome: Outcome) -> Result<Rows, Problem> {
    let given = outcome.rows.rows.len();
    if outcome.rows.truncated {
        let detail = format!(
            "the result has more rows than come in one answer, which is {given} of these: aggregate, filter, or add LIMIT {given}"
        );
        return Err(Problem::new(422, "Too many rows", detail));
    }
    Ok(outcome.rows)
}

/// Four bytes with the header's length (big-endian), the header as JSON, the payload.
fn push_frame(body: &mut Vec<u8>, kind: &str, payload: &[u8]) {
    let header = json!({ "type": kind, "payloadLength": payload.len() }).to_string();
    body.extend(u32::try_from(header.len()).unwrap_or(u32::MAX).to_be_bytes());
    body.extend(header.as_bytes());
    body.extend(payload);
}

/// `list-catalog`: relations as `(schema, name)`.
pub(crate) fn catalog(database: &str, relations: &[(String, String)]) -> Reply {
    let mut schemas: Vec<&str> = relations.iter().map(|(schema, _)| schema.as_str()).collect();
    schemas.dedup();
    let schemas: Vec<Value> =
        schemas.into_iter().map(|schema| json!({ "database": database, "schema": schema })).collect();
    let tables: Vec<Value> = relations
        .iter()
        .map(|(schema, table)| json!({ "database": database, "schema": schema, "table": table, "isView": true }))
        .collect();
    Reply::json(&json!({ "databases": [{ "database": database }], "schemas": schemas, "tables": tables }))
}

#[cfg(test)]
mod tests {
    use living_core::time::Timestamp;

    use super::*;

    struct Noon;

    impl Host for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::parse("2026-06-15T12:00:00Z").unwrap()
        }

        fn fill_random(&self, _: &mut [u8]) {}
    }

    #[test]
    fn a_connection_s_id_says_where_it_looks() {
        let moment = |id: &str| {
            let request = BridgeRequest { connection_id: Some(id.to_owned()), ..BridgeRequest::default() };
            request.moment(&Noon).map(|(_, moment)| moment.at).map_err(|problem| problem.status)
        };
        assert_eq!(moment("living-schema"), Ok(At::Newest));
        assert_eq!(moment("x@commit:42"), Ok(At::Commit(42)));
        assert_eq!(moment("x@version:3"), Ok(At::Version(3)));
        assert!(matches!(moment("x@2026-06-14"), Ok(At::Time(_))));
        assert!(matches!(moment("x@2026-06-14T10:00:00Z"), Ok(At::Time(_))));
        for wrong in ["x@", "x@commit:0", "x@commit:x", "x@2027-01-01"] {
            assert_eq!(moment(wrong), Err(400), "{wrong}");
        }
    }
}
