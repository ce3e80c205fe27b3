"""Measures what the order of rows does to queries, for `scripts/bench layouts`.

    python benches/layouts/layouts.py ROWS

Rows of two years come in loads of 10,000, as typed columns and as JSON, in four layouts:

- by time: each load has rows of a short time, and loads come in the order of time;
- backfilled: each load has rows of all months, as a history that is loaded at once;
- clustered: the backfilled rows, sorted by month;
- partitioned: a table for each month behind a UNION ALL view (typed columns only).

Prints JSON: {"rows", "loads", "bytes": {relation: bytes}, "milliseconds": {query: {layout: median}}}. Fails if two layouts answer differently.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from report import progress

#: On the disk of the checkout: a folder for temporary files may be in memory.
WORK = Path(__file__).parents[2] / "target/bench/layouts"

ROWS_OF_LOAD = 10_000
MONTHS = 24

#: Measurements of each kind, taken in turns; what is printed is their median.
ROUNDS = 5

#: Number of the row in the order of time, `t`, by layout: `i` is its place in the table, `n` how many there are. The second one is a
#: permutation (7919 is a prime that doesn't divide a power of ten).
PLACES = {"by time": "i", "backfilled": "(i * 7919) % n"}

#: Ids grow with time, as those of real loads.
LOAD_ID = f"CAST(printf('%08x-0000-7000-8000-000000000000', CAST(i // {ROWS_OF_LOAD} AS INTEGER)) AS UUID)"

COLUMNS = f"""
    {LOAD_ID} AS load_id, i AS row_no,
    TIMESTAMP '2024-01-01' + to_microseconds(CAST(t * (730.5 * 86400e6 / n) AS BIGINT)) AS ts,
    8000000 + (t * 31) % 20000 AS imo,
    ['PAN', 'LBR', 'ESP', 'KOR', 'ISL', 'ZAF', 'URY'][1 + t % 7] AS flag,
    (hash(t) % 220) / 10 AS speed"""

DATA = "json_object('ts', strftime(ts, '%Y-%m-%d %H:%M:%S'), 'imo', imo, 'flag', flag, 'speed', speed)"

MONTH = "ts >= TIMESTAMP '2024-09-01' AND ts < TIMESTAMP '2024-10-01'"
JSON_MONTH = "(data->>'$.ts') >= '2024-09-01' AND (data->>'$.ts') < '2024-10-01'"

#: Queries by name, on {t} with typed columns or on {j} with JSON. `early` has the loads of the first month's time, `visible` all.
QUERIES = {
    "a month, typed": f"SELECT flag, count(*), max(speed) FROM {{t}} WHERE {MONTH} GROUP BY ALL",
    "a month of visible loads, typed": f"SELECT flag, count(*), max(speed) FROM {{t}} SEMI JOIN visible USING (load_id) WHERE {MONTH} GROUP BY ALL",
    "by month, typed": "SELECT date_trunc('month', ts), count(*), max(speed) FROM {t} GROUP BY ALL",
    "one vessel, typed": "SELECT count(*), max(speed) FROM {t} WHERE imo = 8000777",
    "as of an early commit, typed": "SELECT count(*) FROM {t} SEMI JOIN early USING (load_id)",
    "a month, JSON": f"SELECT data->>'$.flag', count(*) FROM {{j}} WHERE {JSON_MONTH} GROUP BY ALL",
    "as of an early commit, JSON": "SELECT count(*), max(data->>'$.flag') FROM {j} SEMI JOIN early USING (load_id)",
}


def main(rows):
    count = int(rows)
    if count <= 0 or count % (ROWS_OF_LOAD * MONTHS):
        sys.exit(f"error: ROWS has to be a multiple of {ROWS_OF_LOAD * MONTHS:,}, not {rows}")
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder, duckdb.connect(f"{folder}/layouts.duckdb") as connection:
        connection.execute("SET threads = 2")
        connection.execute("SET preserve_insertion_order = true")
        sizes = fill(connection, count)
        times = {name: measure(connection, name, query) for name, query in QUERIES.items()}
        print(json.dumps({"rows": count, "loads": count // ROWS_OF_LOAD, "bytes": sizes, "milliseconds": times}))


def fill(connection, count):
    """Makes all layouts. The bytes that each takes on disk."""
    for layout, place in PLACES.items():
        make(connection, layout, f"SELECT {COLUMNS} FROM (SELECT i, {place} AS t, n FROM (SELECT i, {count} AS n FROM range({count}) AS r(i)))")
    make(connection, "clustered", "FROM \"backfilled, typed\" ORDER BY date_trunc('month', ts)")
    for month in range(MONTHS):
        start = f"TIMESTAMP '2024-01-01' + to_months({month})"
        connection.execute(f"""
            CREATE TABLE "month {month}" AS FROM "backfilled, typed"
            WHERE ts >= {start} AND {'true' if month == MONTHS - 1 else f'ts < {start} + to_months(1)'}""")
    connection.execute(f'CREATE VIEW "partitioned, typed" AS {" UNION ALL ".join(f"""FROM "month {month}" """ for month in range(MONTHS))}')
    connection.execute(f"CREATE TABLE visible AS SELECT DISTINCT {LOAD_ID} AS load_id FROM range({count}) AS r(i)")
    # Of each layout the loads that were there when a 24th of them was. In `by time` they are the first month.
    connection.execute(f"CREATE TABLE early AS SELECT DISTINCT {LOAD_ID} AS load_id FROM range({count // MONTHS}) AS r(i)")
    connection.execute("CHECKPOINT")
    return {layout: stored_bytes(connection, layout) for layout in ("by time", "backfilled", "clustered")}


def make(connection, layout, query):
    start = time.perf_counter()
    connection.execute(f'CREATE TABLE "{layout}, typed" AS {query}')
    connection.execute(f"""CREATE TABLE "{layout}, JSON" AS SELECT load_id, row_no, {DATA} AS data FROM "{layout}, typed" """)
    connection.execute("CHECKPOINT")
    progress(f"made {layout} in {time.perf_counter() - start:.1f} s")


def stored_bytes(connection, layout):
    """By form: the blocks that a table has, of 256 KiB."""
    count = "SELECT count(DISTINCT block_id) * 262144 FROM pragma_storage_info('{}, {}') WHERE block_id >= 0"
    return {form: connection.execute(count.format(layout, form)).fetchone()[0] for form in ("typed", "JSON")}


def measure(connection, name, query):
    """The median milliseconds of a query on each layout that has its form, in turns."""
    layouts = ["by time", "backfilled", "clustered", *(["partitioned"] if "{t}" in query else [])]
    times = {layout: [] for layout in layouts}
    answers = {}
    # One round more: the first warms up.
    for turn in range(ROUNDS + 1):
        for layout in layouts:
            text = query.replace("{t}", f'"{layout}, typed"').replace("{j}", f'"{layout}, JSON"')
            start = time.perf_counter()
            answers[layout] = sorted(connection.execute(text).fetchall())
            if turn > 0:
                times[layout].append((time.perf_counter() - start) * 1000)
    # Early loads are others where rows came in another order.
    same = [layout for layout in layouts if layout != "by time"] if "early" in query else layouts
    if any(answers[layout] != answers[same[0]] for layout in same):
        sys.exit(f"error: two layouts differ in: {name}")
    medians = {layout: statistics.median(of_layout) for layout, of_layout in times.items()}
    progress(f"{name}: " + ", ".join(f"{layout} {milliseconds:.1f} ms" for layout, milliseconds in medians.items()))
    return medians


if __name__ == "__main__":
    main(*sys.argv[1:])
