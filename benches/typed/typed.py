"""`scripts/bench typed [ROWS]`: what a typed view costs. Each query runs on `typed.register`, on a plain table with the same columns and
rows, and on the JSON of `structured_data`, in turns, in one run. Prints Markdown; fails if the answers differ.

ROWS rows of a vessel register (1,000,000; a multiple of 100) come in 100 loads. The view is measured with a derived table that holds all of
them, with one that lacks one load (1 %), and without the table.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from report import machine, markdown_table, progress

ROOT = Path(__file__).parents[2]
SCHEMA = [ROOT / "sql/motherduck" / name for name in ("schema_v1.sql", "schema_catalog.sql", "typed.sql")]
#: On the disk of the checkout: a folder for temporary files may be in memory.
WORK = ROOT / "target/bench/typed"

LOADS = 100

#: Measurements of each kind, taken in turns; the table has their median.
ROUNDS = 15

#: A read of the view whose table holds all may take this many times as long as one of the plain table; more is printed bold.
GOAL = 1.5

#: The register's columns, and what they hold as expressions over the number of the row, `i`, and of the vessel, `v`.
COLUMNS = {
    "imo": ("BIGINT", "8000000 + v * 7"),
    "vessel_name": ("VARCHAR", "['BLUE','GOLDEN','OCEAN','NORTHERN'][1 + v % 4] || ' ' || ['STAR','DAWN','GLORY'][1 + v % 3] || ' ' || v // 12"),
    "call_sign": ("VARCHAR", "upper(md5('c' || v)[1:5])"),
    "flag": ("VARCHAR", "['PAN','LBR','MHL','NOR','GRC','MLT','CYP','DNK','GBR','ESP','PRT','JPN'][1 + v % 12]"),
    "gross_tonnage": ("DOUBLE", "(hash(v) % 2000000) / 10"),
    "length_m": ("DOUBLE", "12 + (hash(v, 1) % 3880) / 10"),
    "year_built": ("BIGINT", "1965 + v % 60"),
    "registered_on": ("DATE", "DATE '2005-01-01' + CAST(i % 7300 AS INTEGER)"),
    "is_active": ("BOOLEAN", "i % 11 <> 0"),
    "owner": ("VARCHAR", "CASE WHEN i % 9 > 0 THEN 'Owner ' || v % 5000 || ' Shipping Ltd' END"),
}

#: Analysts' queries over the relation {t}.
QUERIES = {
    "one filter, one aggregate over three columns": """
        SELECT flag, avg(gross_tonnage) FROM {t} WHERE length_m > 200 GROUP BY flag""",
    "count by flag and decade": "SELECT flag, year_built // 10 * 10, count(*) FROM {t} GROUP BY ALL",
    "fleet of each owner": """
        SELECT owner, count(DISTINCT imo), sum(gross_tonnage) FROM {t} WHERE is_active GROUP BY owner
        ORDER BY 2 DESC, 1 LIMIT 20""",
    "registrations by month in a year": """
        SELECT date_trunc('month', registered_on), count(*), median(length_m) FROM {t}
        WHERE registered_on >= DATE '2020-01-01' AND registered_on < DATE '2021-01-01' GROUP BY ALL""",
    "entries of a vessel": "SELECT vessel_name, flag, registered_on FROM {t} WHERE imo = 8000000 + 777 * 7",
    "count of all": "SELECT count(*) FROM {t}",
}


def main(statements, rows="1000000"):
    rows_of_load, left_over = divmod(int(rows), LOADS)
    if left_over or rows_of_load == 0:
        sys.exit(f"error: ROWS has to be a multiple of {LOADS}, not {rows}")
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder, duckdb.connect(f"{folder}/warehouse.duckdb") as connection:
        land(connection, rows_of_load)
        seconds = make_typed(connection, statements)
        times = {"plain": None, "json": None, "held": None, "lagging": None, "dropped": None}
        times["plain"], times["json"], times["held"] = measure(connection, ["plain", "json", "typed.register"])
        connection.execute(f"DELETE FROM {table()} WHERE batch_id = 'batch-1'")
        (times["lagging"],) = measure(connection, ["typed.register"])
        connection.execute(f"DROP TABLE {table()}")
        (times["dropped"],) = measure(connection, ["typed.register"])
        print(f"\n{machine()}, DuckDB {duckdb.__version__}; `scripts/bench typed {rows}`\n")
        cells = int(rows) * len(COLUMNS) / seconds
        print(f"{int(rows):,} rows of {len(COLUMNS)} columns in {LOADS} loads, filled in {seconds:.1f} s ({cells / 1e6:.1f} million cells a second);")
        print(f"medians of {ROUNDS}, ms; bold: over the goal of {GOAL:g}.\n")
        print(markdown_table(["query", "plain table", "typed view", "÷ plain", "1 % lagging", "÷ plain", "table dropped", "JSON"], lines(times)))


def land(connection, rows_of_load):
    """Loads as ingest leaves them, and the plain table."""
    for script in SCHEMA:
        connection.execute(script.read_text())
    connection.execute("SET preserve_insertion_order = true")
    connection.execute(f"""
        CREATE TEMP TABLE made_loads AS
        SELECT n, ('0193' || lpad(to_hex(n), 4, '0') || '-0000-7000-8000-' || md5(n::VARCHAR)[1:12])::UUID AS load_id FROM range({LOADS}) AS r(n)""")
    values = ", ".join(f"CAST({expression} AS {data_type}) AS {name}" for name, (data_type, expression) in COLUMNS.items())
    connection.execute(f"""
        CREATE TABLE plain AS SELECT {values} FROM (SELECT i, (i * 7919) % 20000 AS v FROM range({LOADS * rows_of_load}) AS r(i))""")
    members = ", ".join(f"'{name}', {f'CAST({name} AS VARCHAR)' if data_type == 'DATE' else name}" for name, (data_type, _) in COLUMNS.items())
    for n in range(LOADS):
        connection.execute(f"""
            INSERT INTO landing.structured_data
            SELECT (SELECT load_id FROM made_loads WHERE n = {n}), row_number() OVER () - 1, 'batch-{n}', 'register', NULL, json_object({members}), NULL
            FROM plain LIMIT {rows_of_load} OFFSET {n * rows_of_load}""")
    connection.execute(f"""
        INSERT INTO commits
        SELECT n + 1, 'load', load_id, 'vessel-csv', 'register/' || n || '.parquet', 'e', TIMESTAMP '2026-01-01', 'structured_data', 'register',
               'batch-' || n, 1, NULL, NULL, {rows_of_load}, 0, 'pull', TIMESTAMP '2026-01-01', NULL FROM made_loads ORDER BY n""")
    columns = ", ".join(f"TRY_CAST(data->>'$.{name}' AS {data_type}) AS {name}" for name, (data_type, _) in COLUMNS.items())
    connection.execute(f"CREATE VIEW json AS SELECT {columns} FROM structured_data WHERE source_table = 'register'")
    connection.execute("CHECKPOINT")


def make_typed(connection, statements):
    """The view and its table, and the seconds that filling it took."""
    fields = [{"name": name, "data_type": data_type, "columns": [name]} for name, (data_type, _) in COLUMNS.items()]
    made = json.loads(subprocess.run([statements, "register", json.dumps(fields)], check=True, capture_output=True).stdout)
    for statement in made["make"]:
        connection.execute(statement)
    start = time.perf_counter()
    while connection.execute(made["fill"]).fetchone()[0]:
        pass
    seconds = time.perf_counter() - start
    connection.execute("CHECKPOINT")
    return seconds


def table():
    return f'derived."register {"0" * 32}"'


def measure(connection, relations):
    """The median time of each query, by name, on each of some relations."""
    medians = [{} for _ in relations]
    for name, query in QUERIES.items():
        times = [[] for _ in relations]
        expected = sorted(connection.execute(query.replace("{t}", "plain")).fetchall(), key=str)
        # One round more: the first warms up.
        for turn in range(ROUNDS + 1):
            for relation, of_relation in zip(relations, times):
                start = time.perf_counter()
                answer = connection.execute(query.replace("{t}", relation)).fetchall()
                if turn > 0:
                    of_relation.append((time.perf_counter() - start) * 1000)
                if not equal(sorted(answer, key=str), expected):
                    sys.exit(f"error: {relation} and the plain table differ in: {name}")
        for of_relation, by_query in zip(times, medians):
            by_query[name] = statistics.median(of_relation)
        progress(f"{name}: " + ", ".join(f"{r} {m[name]:.1f} ms" for r, m in zip(relations, medians)))
    return medians


def equal(a, b):
    """Doubles that were added in another order differ in their last digits."""
    same = lambda x, y: abs(x - y) <= 1e-9 * abs(y) if isinstance(x, float) and isinstance(y, float) else x == y
    return len(a) == len(b) and all(same(x, y) for left, right in zip(a, b) for x, y in zip(left, right))


def lines(times):
    """A line of the table for each query."""

    def ratio(name, state, goal=None):
        value = times[state][name] / times["plain"][name]
        return f"**{value:.2f}**" if goal and value > goal else f"{value:.2f}"

    def milliseconds(name, state):
        return f"{times[state][name]:.1f}"

    return [
        [name, milliseconds(name, "plain"), milliseconds(name, "held"), ratio(name, "held", GOAL), milliseconds(name, "lagging"),
         ratio(name, "lagging"), milliseconds(name, "dropped"), milliseconds(name, "json")]
        for name in QUERIES
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
