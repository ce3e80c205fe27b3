"""A stand-in for Grafana's data source plugin motherduck-duckdb-datasource 0.4, as no Grafana runs here.

It connects as the plugin does (an in-memory database is the default, and the warehouse is attached to it), expands the macros as the
plugin's SDK does (grafana-plugin-sdk-go, data/sqlutil/macros.go), and has the plugin's rules of types and formats: HUGEINT becomes text,
unsigned numbers aren't taken, and series need a time that grows.

It reads {"database", "name", "from", "to", "queries": [{"id", "rawSql", "format"}]} as JSON from standard input, times in RFC 3339, and
writes a frame for each query: {"id", "columns": [{"name", "type"}], "rows"}, or {"id", "error"}. Types are "time" (values in milliseconds since
1970), "number", "boolean" and "string".
"""

import json
import re
import sys
from datetime import UTC, datetime

import duckdb

TIME_SERIES = 0

NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE"}


def column_type(duckdb_type: str) -> str:
    """What the plugin makes of a type. Raises ValueError for one that it doesn't take."""
    if duckdb_type in NUMBERS or duckdb_type.startswith("DECIMAL"):
        return "number"
    if duckdb_type in {"VARCHAR", "HUGEINT"}:
        return "string"
    if duckdb_type in {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE"}:
        return "time"
    if duckdb_type == "BOOLEAN":
        return "boolean"
    raise ValueError(f"the plugin has no converter for {duckdb_type}")


def whole_seconds(time: str) -> str:
    """As Go's time.RFC3339 writes it, in UTC."""
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def expand(sql: str, since: str, until: str) -> str:
    """Expands $__timeFilter(column), $__timeFrom() and $__timeTo(). Raises ValueError for what is left of macros and variables."""
    start, end = whole_seconds(since), whole_seconds(until)
    sql = re.sub(r"\$__timeFilter\(([^(),]+)\)", lambda match: f"{match[1].strip()} >= '{start}' AND {match[1].strip()} <= '{end}'", sql)
    sql = re.sub(r"\$__timeFrom\(\s*\)", f"'{start}'", sql)
    sql = re.sub(r"\$__timeTo\(\s*\)", f"'{end}'", sql)
    if "$" in sql:
        raise ValueError(f"a macro or a variable is left: {sql[sql.index('$') :][:40]}")
    return sql


def as_json(value):
    """A value as Grafana's frames have it."""
    if isinstance(value, datetime):
        return round(value.replace(tzinfo=value.tzinfo or UTC).timestamp() * 1000)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def frame(connection: duckdb.DuckDBPyConnection, query: dict, since: str, until: str) -> dict:
    result = connection.execute(expand(query["rawSql"], since, until))
    columns = [{"name": column[0], "type": column_type(str(column[1]))} for column in result.description]
    rows = [[as_json(value) for value in row] for row in result.fetchall()]
    if query["format"] == TIME_SERIES:
        if columns[0]["type"] != "time" or any(column["type"] != "number" for column in columns[1:]):
            raise ValueError(f"series are a time and numbers, and these columns are {columns}")
        times = [row[0] for row in rows]
        if any(time is None for time in times) or times != sorted(set(times)):
            raise ValueError("the times of series must grow")
    return {"columns": columns, "rows": rows}


def answer(request: dict) -> list[dict]:
    connection = duckdb.connect(":memory:")
    connection.execute(f"ATTACH '{request['database']}' AS {request['name']} (READ_ONLY)")
    frames = []
    for query in request["queries"]:
        try:
            frames.append({"id": query["id"], **frame(connection, query, request["from"], request["to"])})
        except (ValueError, duckdb.Error) as error:
            frames.append({"id": query["id"], "error": str(error)})
    return frames


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
