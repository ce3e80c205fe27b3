"""What DuckDB takes by itself: `native.py FILE SCHEMA.sql` reads a statement of pull from standard input, runs it on `FILE` in an
empty database with that schema, as the Worker sent it but for the place of the file, and prints its seconds."""

import re
import sys
import tempfile
import time
from pathlib import Path

import duckdb


def main(file, schema):
    statement, places = re.subn(r"'r2://[^']*'", "'" + file.replace("'", "''") + "'", sys.stdin.read())
    if places != 1:
        sys.exit(f"error: a statement of pull names its file once; this one {places} times")
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/native.duckdb") as connection:
        connection.execute(Path(schema).read_text())
        start = time.perf_counter()
        (rows,) = connection.execute(statement).fetchone()
        print(f'{{"seconds": {time.perf_counter() - start}, "rows": {rows}}}')


if __name__ == "__main__":
    main(*sys.argv[1:])
