"""Makes the files of the ingest benchmark: `files.py FOLDER [ROWS]`. The same bytes at every run of one DuckDB version.

- movements.parquet: ROWS rows (1,000,000) of vessel movements, 9 columns, ZSTD.
- annotations.parquet: a fifth of that in an Argilla export's layout, 8 columns: id, status, _server_id, text, entities.responses,
  entities.responses.users, entities.responses.status, entities.suggestion.
- small-….parquet: the first 100, 1,000 and 10,000 movements.
"""

import sys
from pathlib import Path

import duckdb

MOVEMENTS = """
    SELECT i AS row_id, (8000000 + (i * 7919) % 20000)::INTEGER AS imo,
           ships[1 + ((i * 7919) % len(ships))::INTEGER] || ' ' || (i * 7919) % 20000 // 100 AS vessel_name,
           ['PAN', 'LBR', 'MHL', 'NOR', 'KOR'][1 + (i % 5)::INTEGER] AS flag_state,
           TIMESTAMP '2024-01-01' + to_seconds(i // 50) AS ts,
           round(-60 + (i * 2654435761 % 120000) / 1000, 4) AS lat, round(-180 + (i * 2246822519 % 360000) / 1000, 4) AS lon,
           CASE WHEN i % 97 > 0 THEN (i * 3266489917 % 220) / 10 END AS speed,
           states[1 + (i % len(states))::INTEGER] || ' #' || i * 668265263 % 100000 AS remarks
    FROM range({rows}) AS t(i),
         (SELECT ['BLUE STAR', 'NORTHERN PEARL', 'GOLDEN DAWN', 'PACIFIC TRADER', 'OCEAN GLORY', 'ROYAL WAVE'] AS ships,
                 ['under way using engine', 'at anchor awaiting berth', 'drifting, engine repair', 'crew change completed'] AS states)"""

ANNOTATIONS = """
    SELECT 'record-' || i AS id, 'completed' AS status, md5(i::VARCHAR) AS _server_id,
           'The ' || ship || ' called at ' || port || ' with ' || i % 900 || ' t of fish.' AS text,
           [[{'start': 4::BIGINT, 'end': (4 + length(ship))::BIGINT, 'label': 'vessel'},
             {'start': (15 + length(ship))::BIGINT, 'end': (15 + length(ship) + length(port))::BIGINT, 'label': 'port'}]] AS "entities.responses",
           ['annotator-' || i % 7] AS "entities.responses.users", ['submitted'] AS "entities.responses.status",
           [{'start': 4::BIGINT, 'end': (4 + length(ship))::BIGINT, 'label': 'vessel'}] AS "entities.suggestion"
    FROM (SELECT i, ['BLUE STAR', 'GOLDEN DAWN', 'OCEAN GLORY'][1 + (i % 3)::INTEGER] AS ship,
                 ['Vigo', 'Busan', 'Dakar', 'Cape Town'][1 + (i % 4)::INTEGER] AS port FROM range({rows}) AS t(i))"""


def write(query, path):
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def main(folder, rows="1000000"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write(MOVEMENTS.replace("{rows}", rows), folder / "movements.parquet")
    write(ANNOTATIONS.replace("{rows}", str(int(rows) // 5)), folder / "annotations.parquet")
    for small in (100, 1_000, 10_000):
        write(MOVEMENTS.replace("{rows}", str(small)), folder / f"small-{small}.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
