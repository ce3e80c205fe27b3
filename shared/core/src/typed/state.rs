//! What has to be done: which definitions have no view, which tables lag.

use alloc::{format, string::String, vec::Vec};

use serde_json::Value;

use super::{Digest, Objects, TypedField, held_loads, table::GIVEN_UP};
use crate::{
    catalog::log::Listing,
    sql::{self, Statement},
};

/// Goes into every digest. Raise it when the objects of the same fields change: then they are all made anew.
const FORMAT: u32 = 1;

/// Fields of the catalog as it is once a commit is folded in, under their canonical names: (`source_table`, `name`, `data_type`, `columns`,
/// `first_commit`). Of fields that the schema doesn't have (no visible load holds them, a person rejected them, they wait) the type is
/// NULL. The same commit always has the same fields.
fn fields_at(at_commit: i64) -> String {
    format!(
        "SELECT i.scope AS source_table, i.canonical AS name, max(i.data_type) FILTER (i.leads) AS data_type, \
                coalesce(from_json(max(CAST(i.names AS VARCHAR)) FILTER (i.leads), '[\"VARCHAR\"]'), \
                         list(i.name) FILTER (i.leads), list(i.name ORDER BY i.name)) AS columns, \
                min(o.first_commit) AS first_commit \
         FROM catalog_items_at({at_commit}) AS i \
         JOIN (SELECT scope, name, min(commit_seq) AS first_commit FROM catalog_log WHERE kind = 'field' AND is_new GROUP BY ALL) AS o \
           ON o.scope = i.scope AND o.name = i.name \
         WHERE i.kind = 'field' GROUP BY i.scope, i.canonical"
    )
}

/// The fields of a source table that were ever seen, as pages of [`TypedField`] in JSON; `name` is their order, as text.
#[must_use]
pub fn fields(at_commit: i64, source: &str) -> Listing {
    Listing::new(format!(
        "SELECT '' AS scope, '' AS question, lpad(CAST(row_number() OVER (ORDER BY first_commit, name) AS VARCHAR), 9, '0') AS name, \
                CAST(to_json({{'name': name, 'data_type': data_type, 'columns': columns}}) AS VARCHAR) AS body \
         FROM ({fields}) WHERE source_table = {source}",
        fields = fields_at(at_commit),
        source = sql::text(source)
    ))
}

/// Reads the body of a row of [`fields`]. `None` if it isn't one.
#[must_use]
pub fn read_field(body: &str) -> Option<TypedField> {
    serde_json::from_str(body).ok()
}

/// All source tables that were ever seen, as pages; `question` is their order, as text, and `name` the source.
#[must_use]
pub fn sources(at_commit: i64) -> Listing {
    Listing::new(format!(
        "SELECT '' AS scope, lpad(CAST(row_number() OVER (ORDER BY min(first_commit), source_table) AS VARCHAR), 9, '0') AS question, \
                source_table AS name, '' AS body \
         FROM ({fields}) GROUP BY source_table",
        fields = fields_at(at_commit)
    ))
}

/// The typed views that are there, as pages; `name` is a view's.
#[must_use]
pub fn view_names() -> Listing {
    Listing::new(
        "SELECT '' AS scope, '' AS question, view_name AS name, '' AS body FROM duckdb_views() \
         WHERE database_name = current_database() AND schema_name = 'typed'"
            .into(),
    )
}

/// What there is of the definitions of the catalog, and what else there is: rows for [`ObjectState::read`]. Unchanged, it's one query
/// for all source tables.
#[must_use]
pub fn objects() -> Listing {
    Listing::new(format!(
        r#"WITH definitions AS (
             SELECT source_table, sha256('{FORMAT} ' || CAST(to_json(source_table) AS VARCHAR) || CAST(to_json(
               list({{'name': name, 'data_type': data_type, 'columns': columns}} ORDER BY first_commit, name)) AS VARCHAR)) AS digest
             FROM ({fields}) GROUP BY source_table HAVING count(data_type) > 0),
           wanted AS (
             SELECT *, replace(source_table, chr(0), chr(65533)) || ' ' || left(digest, 32) AS table_name FROM definitions),
           present AS (
             SELECT schema_name, view_name AS name, sql FROM duckdb_views() WHERE database_name = current_database()
             UNION ALL SELECT schema_name, table_name, '' FROM duckdb_tables() WHERE database_name = current_database()),
           typed AS (
             SELECT name, regexp_extract(sql, 'AS "?d_([0-9a-f]{{64}})"?[;[:space:]]*$', 1) AS digest
             FROM present WHERE schema_name = 'typed'),
           folded AS (SELECT CAST(coalesce(max(commit_seq), 0) AS VARCHAR) AS commit_seq FROM catalog_log)
         SELECT source_table AS scope,
                CASE WHEN EXISTS (FROM typed AS t WHERE t.digest = w.digest)
                      AND EXISTS (FROM present WHERE schema_name = 'derived' AND name = table_name)
                      AND EXISTS (FROM present WHERE schema_name = 'derived' AND name = table_name || ' rows')
                      AND EXISTS (FROM present WHERE schema_name = 'main' AND name = table_name)
                     THEN 'ready' ELSE 'missing' END AS question,
                digest AS name, (SELECT commit_seq FROM folded) AS body
         FROM wanted AS w
         UNION ALL
         SELECT name, 'unwanted view', digest, '' FROM typed WHERE digest <> '' AND digest NOT IN (SELECT digest FROM definitions)
         UNION ALL
         SELECT left(name, -5), 'unwanted table', '', '' FROM present
         WHERE schema_name = 'derived' AND regexp_matches(name, ' [0-9a-f]{{32}} rows$')
           AND left(right(name, 37), 32) NOT IN (SELECT left(digest, 32) FROM definitions UNION ALL SELECT left(digest, 32) FROM typed)"#,
        fields = fields_at(i64::MAX)
    ))
}

/// Names a definition: that of a source table once a commit is folded in. Its fields are those of [`fields`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub source: String,
    pub digest: Digest,
    pub at_commit: i64,
}

/// A row of [`objects`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectState {
    /// All objects of a definition are there.
    Ready(Named),
    /// Some aren't.
    Missing(Named),
    /// A typed view of no present definition. A view that somebody else made in the schema is none of these.
    UnwantedView(String),
    /// The name of a derived table of which neither a present definition nor a typed view is.
    UnwantedTable(String),
}

impl ObjectState {
    /// `None` if it isn't such a row.
    #[must_use]
    pub fn read(scope: String, question: &str, name: &str, body: &str) -> Option<Self> {
        let named = |source| Some(Named { source, digest: Digest::parse(name)?, at_commit: body.parse().ok()? });
        Some(match question {
            "ready" => Self::Ready(named(scope)?),
            "missing" => Self::Missing(named(scope)?),
            "unwanted view" => Self::UnwantedView(scope),
            "unwanted table" => Self::UnwantedTable(scope),
            _ => return None,
        })
    }
}

/// Of which of these definitions' tables there is something to bring or to delete: rows for [`FillState::read`]. All of them have to be
/// there.
#[must_use]
pub fn fill_state(tables: &[Named]) -> Statement {
    let mut held = Vec::new();
    let mut listed = Vec::new();
    for (i, Named { source, digest, .. }) in tables.iter().enumerate() {
        let objects = Objects::new(source, digest);
        held.push(format!("SELECT {i} AS i, h.load_id FROM ({}) AS h", held_loads(&objects.derived_table())));
        listed.push(format!("({i}, {}, {})", sql::text(source), sql::text(&objects.table)));
    }
    Statement::read(format!(
        "WITH held AS ({held}), tables AS (FROM (VALUES {listed}) AS t(i, source, table_name)), \
              visible AS (SELECT t.i, t.table_name, v.load_id FROM tables AS t JOIN commits AS k \
                            ON k.source = t.source AND k.dataset = 'structured_data' AND k.row_count > 0 \
                          JOIN visible_loads_at({now}) AS v USING (commit_seq)) \
         SELECT i, CAST(sum(lagging) AS BIGINT), CAST(sum(away) AS BIGINT) FROM ( \
           SELECT i, 1 AS lagging, 0 AS away FROM visible AS v ANTI JOIN held USING (i, load_id) \
           ANTI JOIN ({GIVEN_UP}) AS g ON g.derived_table = v.table_name AND g.load_id = v.load_id \
           UNION ALL SELECT i, 0, 1 FROM held ANTI JOIN visible USING (i, load_id)) \
         GROUP BY i ORDER BY i",
        held = held.join(" UNION ALL "),
        listed = listed.join(", "),
        now = i64::MAX
    ))
}

/// A table to which something has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FillState {
    /// Its place among those that were asked for.
    pub table: usize,
    /// Visible loads that it doesn't hold.
    pub lagging: u64,
    /// Loads that it holds and that are no longer visible.
    pub invisible: u64,
}

impl FillState {
    /// `None` if it isn't a row of [`fill_state`].
    #[must_use]
    pub fn read(row: &[Value]) -> Option<Self> {
        let [table, lagging, invisible] = row else {
            return None;
        };
        Some(Self {
            table: usize::try_from(table.as_u64()?).ok()?,
            lagging: lagging.as_u64()?,
            invisible: invisible.as_u64()?,
        })
    }
}
