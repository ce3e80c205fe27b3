"""A backfilled table held against PostgreSQL, row by row.

Neither side is read as the backfill read it. PostgreSQL writes its values as text by itself (COPY); of the target the JSON is read that
readers see. Both texts are brought to one form in a DuckDB here, as a number or a time may be written in more ways than one.
"""

import tempfile
from collections.abc import Iterator

import duckdb
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from . import validation
from .postgresql import Column, Postgres, Table
from .progress import Progress, say
from .state import State
from .validation import Check, Difference
from .warehouse import Warehouse, literal

#: Bytes that are read of PostgreSQL's text at once. A row has to fit.
BLOCK_BYTES = 32 << 20


def validate(state: State, postgres: Postgres, warehouse: Warehouse, shown: int = validation.SHOWN) -> bool:
    """Reports whether the target has what the source has now. Gives whether it does."""
    table, source_table = Table.from_json(state.plan["table"]), state.plan["source_table"]
    sides = Sides(table, source_table, state, postgres, warehouse)
    with validation.local_database(state.folder) as database:
        validation.load_objects(database, state, warehouse, state.about["bucket"])
        for side, batches in (("source", sides.source), ("target", sides.target)):
            database.execute(f"CREATE TABLE {side}_rows (source_table VARCHAR, row_key VARCHAR, row_hash VARCHAR)")
            with Progress(f"reading the {side}", table.rows, "rows") as progress:
                for batch in batches(database):
                    database.execute(f"INSERT INTO {side}_rows SELECT {literal(source_table)}, row_key, row_hash FROM ({batch})")
                    progress.add(database.execute("SELECT count(*) FROM piece").fetchone()[0])
        source, target = (database.execute(f"SELECT count(*) FROM {side}_rows").fetchone()[0] for side in ("source", "target"))
        say(f"validation of {table.full_name} as {source_table} (batch {state.batch_id}): source {source:,} rows, target {target:,} rows")
        return validation.report(database, "tables", shown, lambda check, found: sides.explain(database, check, found))


class Sides:
    """Both sides as pieces: queries that give `row_key`, `row_hash` and `texts`, a text for each column, over the relation `piece`."""

    def __init__(self, table: Table, source_table: str, state: State, postgres: Postgres, warehouse: Warehouse):
        self._table, self._source_table, self._state = table, source_table, state
        self._postgres, self._warehouse = postgres, warehouse

    def source(self, database: duckdb.DuckDBPyConnection) -> Iterator[str]:
        columns = self._table.columns
        selected = sql.SQL(", ").join(source_text(column) for column in columns)
        names = [f"c{i}" for i in range(len(columns))]
        texts = [normal(column, f"c{i}", "source") for i, column in enumerate(columns)]
        with self._postgres.snapshot():
            for n in range(len(self._table.bounds) + 1):
                query = sql.SQL("SELECT {} FROM {} WHERE {}").format(selected, self._table.identifier, self._table.chunk_condition(n))
                with tempfile.TemporaryFile(dir=self._state.folder) as file:
                    self._postgres.copy_out(query, file)
                    if file.tell() == 0:
                        continue
                    file.seek(0)
                    for piece in read_csv(file, names):
                        database.register("piece", piece)
                        yield self._rows("piece", texts)

    def target(self, database: duckdb.DuckDBPyConnection) -> Iterator[str]:
        pointers = ", ".join(literal("/" + column.name.replace("~", "~0").replace("/", "~1")) for column in self._table.columns)
        texts = [normal(column, f"x[{i}]", "target") for i, column in enumerate(self._table.columns, 1)]
        mine = f"source_table = {literal(self._source_table)} AND batch_id = {literal(self._state.batch_id)}"
        loads = self._warehouse.query(f"SELECT DISTINCT CAST(load_id AS VARCHAR) FROM structured_data WHERE {mine} ORDER BY 1")
        for (load,) in loads:
            query = f"SELECT CAST(data AS VARCHAR) FROM structured_data WHERE load_id = CAST({literal(load)} AS UUID) AND {mine}"
            for rows in self._warehouse.stream(query):
                database.register("piece", pa.table({"data": pa.array([data for (data,) in rows], pa.string())}))
                yield self._rows(f"(SELECT json_extract_string(CAST(data AS JSON), [{pointers}]) AS x FROM piece)", texts)

    def _rows(self, relation: str, texts: list[str]) -> str:
        places = {column.name: i for i, column in enumerate(self._table.columns, 1)}
        keys = [f"texts[{places[name]}]" for name in self._table.key]
        key = f"concat_ws(', ', {', '.join(keys)})" if keys else "row_hash"
        return (
            f"SELECT {key} AS row_key, * FROM (SELECT md5(CAST(to_json(texts) AS VARCHAR)) AS row_hash, texts "
            f"FROM (SELECT [{', '.join(texts)}] AS texts FROM {relation}))"
        )

    def explain(self, database: duckdb.DuckDBPyConnection, check: Check, found: list[Difference]) -> list[Difference]:
        """Names the columns that differ, or shows what a row without a key has. Both sides are read once more for that."""
        if check.name not in ("rows", "values") or (check.name == "rows" and self._table.key):
            return found
        wanted = {difference.what.removeprefix("row ").removesuffix(f" of {self._source_table}"): difference for difference in found}
        keys = pa.table({"row_key": pa.array(list(wanted), pa.string())})
        texts: dict[str, dict[str, list]] = {}
        for side, batches in (("source", self.source), ("target", self.target)):
            for batch in batches(database):
                database.register("wanted", keys)
                rows = database.execute(f"SELECT row_key, texts FROM ({batch}) SEMI JOIN wanted USING (row_key)").fetchall()
                for key, values in rows:
                    texts.setdefault(key, {})[side] = values
        explained = []
        for key, difference in wanted.items():
            sides = texts.get(key, {})
            if check.name == "rows":
                explained.append(Difference(f"{difference.what} {sides.get('source') or sides.get('target')}", difference.source, difference.target))
                continue
            for column, source, target in zip(self._table.columns, sides["source"], sides["target"], strict=True):
                if source != target:
                    explained.append(Difference(f"row {key} of {self._source_table}, column {column.name}", shown(source), shown(target)))
        return explained


def source_text(column: Column) -> sql.Composable:
    """A column as PostgreSQL is to write it: lists as JSON of their items' texts, all else as it's shown."""
    name = sql.Identifier(column.name)
    return sql.SQL("to_json({}::text[])").format(name) if column.is_list else name


def normal(column: Column, text: str, side: str) -> str:
    """DuckDB's expression for the one form of a text of either side."""
    if not column.is_list:
        return normal_item(column.kind, text, side)
    # PostgreSQL casts a boolean item to a word, where it shows a letter for a boolean.
    item = "item" if column.kind == "bool" else normal_item(column.kind, "item", side)
    return f"""CAST(to_json(list_transform(from_json({text}, '["VARCHAR"]'), lambda item: {item})) AS VARCHAR)"""


def normal_item(kind: str, text: str, side: str) -> str:
    source = side == "source"
    match kind:
        case "bool" if source:
            return f"CASE {text} WHEN 't' THEN 'true' WHEN 'f' THEN 'false' END"
        case "float32":
            return f"CAST(CAST({text} AS FLOAT) AS VARCHAR)"
        case "float64":
            return f"CAST(CAST({text} AS DOUBLE) AS VARCHAR)"
        case "date" | "timestamp" | "instant" if not source:
            # The era stands after the date there, and at the end with PostgreSQL.
            return f"regexp_replace({text}, '^(.*) [(]BC[)](.*)$', '\\1\\2 BC')"
        case "bytes":
            return f"lower(substr({text}, 3))" if source else f"lower(hex(CAST({text} AS BLOB)))"
    return text


def read_csv(file, names: list[str]) -> Iterator[pa.Table]:
    """PostgreSQL's CSV in pieces, all of it text. What isn't quoted is NULL."""
    reader = csv.open_csv(
        file,
        read_options=csv.ReadOptions(column_names=names, block_size=BLOCK_BYTES),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        ),
    )
    for piece in reader:
        yield pa.Table.from_batches([piece])


def shown(text: str | None) -> str:
    return "NULL" if text is None else repr(text)
