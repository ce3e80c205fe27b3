//! The derived table of a definition, and what stands in for it.

use alloc::{format, string::String, vec::Vec};

use super::{Definition, Objects, held_loads, view};
use crate::sql::{self, Statement};

/// Cells that one statement fills at most, unless a single load has more. Two cores cast three to five million cells from JSON in a second
/// (docs/benchmarks.md), and a statement has 55 s ([limits](https://motherduck.com/docs/sql-reference/mcp/)).
const CELLS_OF_FILL: usize = 10_000_000;

/// Loads that took too long, and are tried again a day later.
pub(super) const GIVEN_UP: &str = "SELECT derived_table, load_id FROM typed_fills_given_up \
                                   WHERE given_up_at > make_timestamp(epoch_us(now())) - INTERVAL 24 HOUR";

/// Makes what a view needs beside the derived table, so that it can be read whether the table is there or not. Statements to run in
/// this order.
#[must_use]
pub fn create_stand_in(definition: &Definition) -> [Statement; 2] {
    let objects = definition.objects();
    let columns = columns(definition, |name, data_type| format!("CAST(NULL AS {data_type}) AS {name}"));
    [
        Statement::repeatable(format!(
            "CREATE VIEW IF NOT EXISTS {} AS SELECT CAST(NULL AS UUID) AS load_id, CAST(NULL AS BIGINT) AS row_no, \
             CAST(NULL AS VARCHAR) AS batch_id, CAST(NULL AS UUID) AS fill{columns} WHERE false",
            objects.stand_in()
        )),
        Statement::repeatable(format!(
            "CREATE VIEW IF NOT EXISTS {} AS SELECT * FROM {}",
            objects.rows(),
            sql::identifier(&objects.table)
        )),
    ]
}

/// Makes the derived table, empty.
#[must_use]
pub fn create_table(definition: &Definition) -> Statement {
    Statement::repeatable(format!(
        "CREATE TABLE IF NOT EXISTS {} (load_id UUID, row_no BIGINT, batch_id VARCHAR, fill UUID UNIQUE{})",
        definition.objects().derived_table(),
        columns(definition, |name, data_type| format!("{name} {data_type}")),
    ))
}

/// What `column` makes of the name and the type of each column, with a comma before each.
fn columns(definition: &Definition, column: impl Fn(&str, &str) -> String) -> String {
    let mut all = String::new();
    for (i, c) in definition.columns.iter().enumerate() {
        all.push_str(", ");
        all.push_str(&column(&format!("c{i}"), &c.data_type.name()));
    }
    all
}

/// Visible loads of the source that the table doesn't hold, the smallest first: as many as come to `rows` rows, and one at least. Loads
/// that took too long are left out.
fn next_loads(definition: &Definition, rows: usize) -> String {
    let objects = definition.objects();
    format!(
        "SELECT load_id FROM (SELECT load_id, row_number() OVER loads AS n, sum(row_count) OVER loads AS total \
         FROM typed_loads_at({now}, {source}) ANTI JOIN ({held}) AS h USING (load_id) \
         ANTI JOIN (SELECT load_id FROM ({GIVEN_UP}) WHERE derived_table = {table}) AS g USING (load_id) \
         WINDOW loads AS (ORDER BY row_count, load_id)) WHERE n = 1 OR total <= {rows}",
        now = i64::MAX,
        source = sql::text(&definition.source),
        held = held_loads(&objects.derived_table()),
        table = sql::text(&objects.table),
    )
}

/// Rows of a fill of many loads, for a table with so many columns.
fn rows_of_fill(definition: &Definition) -> usize {
    CELLS_OF_FILL / definition.columns.len().max(1)
}

/// Brings visible loads into the table that it doesn't hold: a number of them, or only one. Gives the number of rows; none: nothing is
/// left. Each load comes whole or not at all.
///
/// A violated key means that another run brought one of them just then; run it again. Nothing is lost if nobody knows whether it ran, but
/// it may take long: so the client doesn't repeat it, and the next run goes on.
#[must_use]
pub fn fill(definition: &Definition, only_one: bool) -> Statement {
    let rows = if only_one { 0 } else { rows_of_fill(definition) };
    let columns = definition.columns.iter().enumerate();
    let casts: Vec<String> =
        columns.map(|(i, column)| format!(", {}", column.data_type.cast(&format!("r.t{i}")))).collect();
    Statement::once(format!(
        "INSERT INTO {table} \
         SELECT r.load_id, r.row_no, r.batch_id, CASE WHEN r.row_no = first THEN r.load_id END{casts} \
         FROM (SELECT {texts}load_id, row_no, batch_id, first FROM landing.structured_data JOIN ( \
           SELECT load_id, min(row_no) AS first FROM landing.structured_data SEMI JOIN ({loads}) AS l USING (load_id) \
           GROUP BY load_id) AS f USING (load_id)) AS r",
        table = definition.objects().derived_table(),
        casts = casts.concat(),
        texts = view::texts(definition),
        loads = next_loads(definition, rows),
    ))
}

/// Leaves the load that [`fill`] would bring as the only one to JSON, for a day.
#[must_use]
pub fn give_up(definition: &Definition) -> Statement {
    Statement::repeatable(format!(
        "INSERT INTO typed_fills_given_up SELECT {table}, load_id, make_timestamp(epoch_us(now())) FROM ({loads}) RETURNING load_id",
        table = sql::text(&definition.objects().table),
        loads = next_loads(definition, 0),
    ))
}

/// Deletes the rows of loads that are no longer visible: they never are again. Gives the number of rows.
#[must_use]
pub fn delete_invisible(objects: &Objects) -> Statement {
    let table = objects.derived_table();
    Statement::repeatable(format!(
        "DELETE FROM {table} WHERE load_id IN (SELECT load_id FROM ({held}) AS h \
         ANTI JOIN visible_loads_at({now}) AS v USING (load_id))",
        held = held_loads(&table),
        now = i64::MAX,
    ))
}

/// Drops what belongs to a definition that no view shows. Statements to run in this order: the last one is what the others are found by.
#[must_use]
pub fn drop_objects(table: &str) -> [Statement; 3] {
    let objects = Objects { table: String::from(table) };
    [
        Statement::repeatable(format!("DROP TABLE IF EXISTS {}", objects.derived_table())),
        Statement::repeatable(format!("DROP VIEW IF EXISTS {}", objects.stand_in())),
        Statement::repeatable(format!("DROP VIEW IF EXISTS {}", objects.rows())),
    ]
}
