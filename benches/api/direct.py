"""Runs queries on a DuckDB file, in this process, and says how long each took: `direct.py FILE` reads a JSON list of SQL from its input
and writes a list of milliseconds for each, with as many rounds as `ROUNDS` says.
"""

import json
import os
import sys
import time

import duckdb


def main(file):
    with duckdb.connect(file, read_only=True) as connection:
        connection.execute("SET threads = 2")
        queries = json.load(sys.stdin)
        for query in queries:
            connection.execute(query).fetchall()
        rounds = [[timed(connection, query) for query in queries] for _ in range(int(os.environ["ROUNDS"]))]
    json.dump([list(times) for times in zip(*rounds)], sys.stdout)


def timed(connection, query):
    started = time.perf_counter()
    connection.execute(query).fetchall()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main(*sys.argv[1:])
