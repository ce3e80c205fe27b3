"""`scripts/bench views [ROWS]`: what the reader views cost. Each query runs on the view `annotations` of sql/motherduck/schema_v1.sql
and on a plain table with the same rows, in turns, in one run. Prints Markdown; fails if the two answer differently.

ROWS rows (10,000,000; a multiple of 40,000) come in 2,000 loads of 20 datasets, each a file of its own. One row in 20 is a record that
an earlier load of its dataset holds, too: the older row is superseded.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from report import machine, markdown_table, progress

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "sql/motherduck/schema_v1.sql"
#: On the disk of the checkout: a folder for temporary files may be in memory.
WORK = ROOT / "target/bench/views"

LOADS = 2_000
DATASETS = 20
#: One row of so many repeats a record of an earlier load.
REPEATS_ONE_OF = 20
#: Records that belong to one document.
RECORDS_OF_DOCUMENT = 25

#: Measurements of each kind, taken in turns; the table has their median.
ROUNDS = 5

#: A read of the view may take this many times as long as one of the table; more is printed bold.
GOAL = 2.0

#: Loads, four hours apart, and their ids: UUIDs of version 7 made from the time.
MAKE_LOADS = f"""
    CREATE TEMP TABLE made_loads AS
    SELECT n, started_at,
           (substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-7' || substr(md5(n::VARCHAR), 1, 3) || '-8' || substr(md5(n::VARCHAR), 4, 3)
            || '-' || substr(md5(n::VARCHAR), 7, 12))::UUID AS load_id,
           'dataset-' || n % {DATASETS} AS dataset,
           'dataset-' || n % {DATASETS} || '/' || n || '.parquet' AS key,
           md5('content' || n) AS etag
    FROM (SELECT n, started_at, lpad(lower(to_hex(epoch_ms(started_at))), 12, '0') AS hex
          FROM (SELECT n, TIMESTAMP '2025-01-01' + to_hours(4 * n) AS started_at FROM range({LOADS}) AS loads(n)))"""

#: Rows by load and place, and the number of their record. A repeated record is one that isn't itself a repetition, in a load of the
#: same dataset; no load holds a record twice.
MAKE_ROWS = f"""
    CREATE TEMP TABLE made_rows AS
    SELECT n, row_no,
           CASE WHEN row_no % {REPEATS_ONE_OF} = 0 AND n >= {DATASETS}
                THEN (n - {DATASETS} * (1 + hash(n, row_no) % (n // {DATASETS})))::BIGINT * {{rows_of_load}}
                     + row_no + 1 + (hash(row_no, n) % {REPEATS_ONE_OF - 1})::BIGINT
                ELSE n * {{rows_of_load}} + row_no END AS record
    FROM range({LOADS}) AS loads(n), range({{rows_of_load}}) AS places(row_no)
    ORDER BY n, row_no"""

#: Rows with the next load that holds their record, as a load finds and marks them before it commits, when all others are committed.
MAKE_SUPERSEDED = """
    CREATE TEMP TABLE superseded AS
    SELECT load_id, row_no, superseded_by
    FROM (SELECT n, row_no, lead(n) OVER (PARTITION BY record ORDER BY n) AS next
          FROM made_rows SEMI JOIN (SELECT record FROM made_rows GROUP BY record HAVING count(*) > 1) USING (record))
    JOIN made_loads USING (n)
    JOIN (SELECT n AS next, load_id AS superseded_by FROM made_loads) USING (next)"""

#: Rows of an Argilla export as its contract maps them (shared/core/src/landing/contract.rs), unmarked.
INSERT_ROWS = f"""
    INSERT INTO landing.annotations
        (load_id, row_no, batch_id, dataset, record_id, server_id, document_id, status, text, annotated_at, questions, extra)
    SELECT load_id, row_no, 'argilla-exports/' || key || '@' || etag, dataset, 'record-' || record, md5(record::VARCHAR),
           'document-' || md5((record // {RECORDS_OF_DOCUMENT})::VARCHAR)[1:12],
           CASE WHEN record % 9 = 0 THEN 'pending' ELSE 'completed' END,
           'The ' || ship || ' called at ' || port || ' with ' || record % 900 || ' t of fish.',
           started_at - to_seconds(3600 - row_no % 3600),
           '{{"entities":{{"responses":[[{{"start":4,"end":' || 4 + length(ship) || ',"label":"vessel"}},{{"start":' || 15 + length(ship)
           || ',"end":' || 15 + length(ship) + length(port) || ',"label":"' || port_label || '"}}]],"users":["annotator-' || record % 7
           || '"],"status":["submitted"],"suggestion":[{{"start":4,"end":' || 4 + length(ship) || ',"label":"vessel"}}]}}}}',
           '{{}}'
    FROM (SELECT *, ['BLUE STAR', 'GOLDEN DAWN', 'OCEAN GLORY'][1 + record % 3] AS ship,
                 ['Vigo', 'Busan', 'Dakar', 'Cape Town'][1 + record % 4] AS port,
                 ['port', 'anchorage'][1 + record % 2] AS port_label
          FROM made_rows JOIN made_loads USING (n))
    ORDER BY load_id, row_no"""

#: The statements of a load beside its rows: its start in the ledger, its announcement where it supersedes, the marks, its commit.
#: Profiles are left out: the views that are measured don't read them.
INSERT_REST = """
    INSERT INTO load_ledger
    SELECT load_id, started_at, 'started', 'argilla-exports', key, etag, started_at, 1000000, 'annotations', NULL FROM made_loads;

    INSERT INTO superseding_loads
    SELECT DISTINCT superseded_by FROM superseded UNION ALL SELECT '00000000-0000-0000-0000-000000000000';

    UPDATE landing.annotations AS o SET superseded_by = m.superseded_by FROM superseded AS m
    WHERE o.load_id = m.load_id AND o.row_no = m.row_no;

    INSERT INTO commits
    SELECT n + 1, 'load', load_id, 'argilla-exports', key, etag, started_at, 'annotations', dataset, 'argilla-exports/' || key || '@' || etag,
           1, NULL, NULL, {rows_of_load}, 0, 'pull', started_at + to_seconds(10), NULL
    FROM made_loads ORDER BY n"""

#: What readers should see, without the views, in the order in which it was landed.
MAKE_PLAIN = """
    CREATE TABLE plain AS
    SELECT * EXCLUDE (superseded_by) FROM landing.annotations ANTI JOIN superseded USING (load_id, row_no)"""

#: Analysts' queries over the relation {t}. The labels are those of the responses to one question.
QUERIES = {
    "count of all": "SELECT count(*) FROM {t}",
    "count by status": "SELECT status, count(*) FROM {t} GROUP BY status",
    "count by label": """
        SELECT label, count(*)
        FROM (SELECT unnest(json_extract_string(questions, '$.entities.responses[*][*].label')) AS label FROM {t})
        GROUP BY label""",
    "records of a document": "SELECT record_id, status, text FROM {t} WHERE document_id = '{document}'",
    "records by day in a month": """
        SELECT date_trunc('day', annotated_at), count(*), count(DISTINCT document_id) FROM {t}
        WHERE annotated_at >= TIMESTAMP '2025-06-01' AND annotated_at < TIMESTAMP '2025-07-01' GROUP BY ALL""",
    "a dataset by status": "SELECT status, count(*), max(annotated_at) FROM {t} WHERE dataset = 'dataset-7' GROUP BY status",
}


def main(rows="10000000"):
    rows_of_load, left_over = divmod(int(rows), LOADS)
    if left_over or rows_of_load == 0 or rows_of_load % REPEATS_ONE_OF:
        sys.exit(f"error: ROWS has to be a multiple of {LOADS * REPEATS_ONE_OF:,}, not {rows}")
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder, duckdb.connect(f"{folder}/views.duckdb") as connection:
        fill(connection, rows_of_load)
        lines = [measure(connection, name, query) for name, query in queries(connection)]
        print(f"\n{machine()}, DuckDB {duckdb.__version__}; `scripts/bench views {rows}`\n")
        print(contents(connection) + "\n")
        print(markdown_table(["query", "view, ms", "plain table, ms", "view ÷ plain table"], lines))


def fill(connection, rows_of_load):
    """Brings the warehouse to where `rows_of_load` rows of each load leave it, with set-based statements."""
    connection.execute(SCHEMA.read_text())
    # The rows of each load lie together, as they were inserted.
    connection.execute("SET preserve_insertion_order = true")
    for what, statement in [
        ("loads", MAKE_LOADS),
        ("records", MAKE_ROWS),
        ("what supersedes what", MAKE_SUPERSEDED),
        ("rows", INSERT_ROWS),
        ("marks and commits", INSERT_REST),
        ("the plain table", MAKE_PLAIN),
        ("a checkpoint", "CHECKPOINT"),
    ]:
        start = time.perf_counter()
        connection.execute(statement.replace("{rows_of_load}", str(rows_of_load)))
        progress(f"made {what} in {time.perf_counter() - start:.1f} s")


def queries(connection):
    """The queries by name, with a document that's there."""
    (document,) = connection.execute("SELECT max(document_id) FROM plain").fetchone()
    return [(name, query.replace("{document}", document)) for name, query in QUERIES.items()]


def measure(connection, name, query):
    """The table's line for a query: the median times on the view and on the table, and their ratio."""
    times = {"annotations": [], "plain": []}
    answers = {}
    # One round more: the first warms up.
    for turn in range(ROUNDS + 1):
        for relation, of_relation in times.items():
            start = time.perf_counter()
            answers[relation] = connection.execute(query.replace("{t}", relation)).fetchall()
            if turn > 0:
                of_relation.append((time.perf_counter() - start) * 1000)
    if sorted(answers["annotations"]) != sorted(answers["plain"]):
        sys.exit(f"error: the view and the table differ in: {name}")
    view, plain = statistics.median(times["annotations"]), statistics.median(times["plain"])
    progress(f"{name}: {view:.1f} ms, {plain:.1f} ms")
    ratio = f"{view / plain:.2f}"
    return [name, f"{view:.1f}", f"{plain:.1f}", ratio if view <= GOAL * plain else f"**{ratio}**"]


def contents(connection):
    """What there is, in a line."""
    count = "SELECT (SELECT count(*) FROM landing.annotations), (SELECT count(*) FROM plain), (SELECT count(*) FROM commits)"
    landed, seen, loads = connection.execute(count).fetchone()
    what = f"{landed:,} rows in {loads:,} loads, {landed - seen:,} of them superseded"
    return f"{what}; medians of {ROUNDS}; bold: over the goal of {GOAL:g}."


if __name__ == "__main__":
    main(*sys.argv[1:])
