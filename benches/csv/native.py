"""What DuckDB takes by itself: `native.py FILE.csv FILE.parquet` reads the CSV, every cell as text, writes Parquet with Snappy, and prints
its seconds, with one thread and with two."""

import json
import sys
import time

import duckdb


def main(source: str, target: str) -> None:
    seconds = {}
    for threads in (1, 2):
        with duckdb.connect(config={"threads": threads}) as connection:
            start = time.perf_counter()
            connection.execute(
                f"COPY (FROM read_csv('{source}', all_varchar = true)) TO '{target}' (FORMAT parquet, COMPRESSION snappy)"
            )
            seconds[threads] = time.perf_counter() - start
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
