"""Makes the files of the csv benchmark: `files.py FOLDER`. The same bytes at every run of one DuckDB version.

- movements-20.csv, movements-200.csv: about as many MiB of vessel movements in 9 columns, as an AIS provider exports them.
"""

import sys
from pathlib import Path

import duckdb

MOVEMENTS = """
    SELECT i AS row_id, lpad(((8000000 + (i * 7919) % 20000)::INTEGER)::VARCHAR, 8, '0') AS imo,
           ships[1 + ((i * 7919) % len(ships))::INTEGER] || ' ' || (i * 7919) % 20000 // 100 AS vessel_name,
           ['PAN', 'LBR', 'MHL', 'NOR', 'KOR'][1 + (i % 5)::INTEGER] AS flag_state,
           strftime(TIMESTAMP '2024-01-01' + to_seconds(i // 50), '%Y-%m-%d %H:%M:%S') AS ts,
           round(-60 + (i * 2654435761 % 120000) / 1000, 4) AS lat, round(-180 + (i * 2246822519 % 360000) / 1000, 4) AS lon,
           CASE WHEN i % 97 > 0 THEN (i * 3266489917 % 220) / 10 END AS speed,
           states[1 + (i % len(states))::INTEGER] || ', "berth" ' || i * 668265263 % 100000 AS remarks
    FROM range({rows}) AS t(i),
         (SELECT ['BLUE STAR', 'NORTHERN PEARL', 'GOLDEN DAWN', 'PACIFIC TRADER', 'OCEAN GLORY', 'ROYAL WAVE'] AS ships,
                 ['under way using engine', 'at anchor awaiting berth', 'drifting, engine repair', 'crew change completed'] AS states)"""

# Bytes of a row, about.
ROW = 117


def main(folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for mebibytes in (20, 200):
        query = MOVEMENTS.replace("{rows}", str(mebibytes * 2**20 // ROW))
        duckdb.sql(f"COPY ({query}) TO '{folder}/movements-{mebibytes}.csv' (FORMAT csv, HEADER)")


if __name__ == "__main__":
    main(*sys.argv[1:])
