//! The text of typed views.
//!
//! DuckDB 1.5 has these ways, on which the speed of the view depends and nothing else (decision 11):
//! - Columns that a query doesn't ask for are left out through UNION ALL and joins, but not through a materialised CTE. So what is asked
//!   twice stands twice.
//! - An anti-join with an empty right side passes rows through. `unnest(list(…))` tells the planner that the right side is small, or it
//!   would put the left one into the hash table.
//! - A semi-join with an empty right side ends at the first row of the left side. If a filter lets none of them through, that is
//!   never. So no filter on a value may go below the join of the rows that are read from JSON: the value depends on both sides.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{Definition, PROVENANCE, TypedColumn, cast, held_loads};
use crate::sql::{self, Statement};

/// The rows of a source as typed columns, as they were just after a commit; `i64::MAX`: as they are. Its tables have to be there, see
/// [`create_stand_in`](super::create_stand_in).
#[must_use]
pub fn select(definition: &Definition, at_commit: i64) -> String {
    let rows = definition.objects().rows();
    let source = sql::text(&definition.source);
    let held = held_loads(&rows);
    // In the table and no longer, or not yet, visible.
    let away = format!(
        "SELECT unnest(l) AS load_id FROM (SELECT list(load_id) AS l FROM ({held}) AS h \
         ANTI JOIN visible_loads_at({at_commit}) AS v USING (load_id))"
    );
    // Rows that a newer load may supersede, each by itself. `structured_data_in_doubt_at` says which of them are shown.
    let in_doubt = format!(
        "SELECT unnest(l, recursive := true) FROM (SELECT list({{'load_id': load_id, 'row_no': row_no}}) AS l \
         FROM landing.structured_data WHERE superseded_by IS NOT NULL AND source_table = {source})"
    );
    let lagging = format!(
        "SELECT unnest(l) AS load_id, len(l) > 0 AS is_lagging FROM (SELECT list(load_id) AS l \
         FROM typed_loads_at({at_commit}, {source}) AS v ANTI JOIN ({held}) AS h USING (load_id))"
    );
    format!(
        "SELECT {typed} FROM {rows} AS r ANTI JOIN ({away}) AS away USING (load_id) \
         ANTI JOIN ({in_doubt}) AS doubt USING (load_id, row_no) \
         UNION ALL SELECT {cast} FROM (SELECT {texts}load_id, row_no, batch_id FROM ( \
           SELECT CASE WHEN l.is_lagging THEN s.data END AS data, s.load_id, s.row_no, s.batch_id \
           FROM landing.structured_data AS s JOIN ({lagging}) AS l USING (load_id) WHERE s.superseded_by IS NULL \
           UNION ALL SELECT data, load_id, row_no, batch_id FROM structured_data_in_doubt_at({at_commit}) \
           WHERE source_table = {source}) AS s) AS r",
        typed = selected(definition, |i, _| format!("r.c{i}")),
        cast = selected(definition, |i, column| column.data_type.cast(&format!("r.t{i}"))),
        texts = texts(definition),
    )
}

/// As [`select`], from JSON alone: for definitions of the past, whose tables may be gone.
#[must_use]
pub fn select_from_json(definition: &Definition, at_commit: i64) -> String {
    format!(
        "SELECT {cast} FROM (SELECT {texts}load_id, row_no, batch_id FROM structured_data_at({at_commit}) \
         WHERE source_table = {source}) AS r",
        cast = selected(definition, |i, column| column.data_type.cast(&format!("r.t{i}"))),
        texts = texts(definition),
        source = sql::text(&definition.source),
    )
}

fn selected(definition: &Definition, expression: impl Fn(usize, &TypedColumn) -> String) -> String {
    let columns = definition.columns.iter().enumerate();
    let mut all: Vec<String> =
        columns.map(|(i, c)| format!("{} AS {}", expression(i, c), sql::identifier(&c.name))).collect();
    for (name, column) in PROVENANCE.iter().zip(["load_id", "row_no", "batch_id"]) {
        all.push(format!("r.{column} AS {name}"));
    }
    all.join(", ")
}

/// The values of a row as text, under the names `t0`, `t1`, …, of a relation with a column `data`; each with a comma after it.
pub(super) fn texts(definition: &Definition) -> String {
    let text = |(i, column): (usize, &TypedColumn)| {
        let values: Vec<String> =
            column.field.columns.iter().map(|name| format!("(data->>{})", cast::member(name))).collect();
        let value = match values.as_slice() {
            [one] => one.clone(),
            [] => "CAST(NULL AS VARCHAR)".to_string(),
            several => format!("coalesce({})", several.join(", ")),
        };
        format!("{value} AS t{i}, ")
    };
    definition.columns.iter().enumerate().map(text).collect()
}

/// Makes the view, or takes it from another definition. What it reads has to be there.
#[must_use]
pub fn create_view(definition: &Definition, view_name: &str) -> Statement {
    Statement::repeatable(format!(
        "CREATE OR REPLACE VIEW typed.{name} AS SELECT * FROM ({select}) AS {alias}",
        name = sql::identifier(view_name),
        select = select(definition, i64::MAX),
        alias = definition.digest.alias(),
    ))
}

#[must_use]
pub fn drop_view(view_name: &str) -> Statement {
    Statement::repeatable(format!("DROP VIEW IF EXISTS typed.{}", sql::identifier(view_name)))
}
