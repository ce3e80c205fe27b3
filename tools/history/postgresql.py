"""Tables of PostgreSQL: what they hold, in which pieces they are read, and their rows as Arrow tables.

A table is cut into chunks by the values of its key, once, before anything is read. Every row is in exactly one chunk, now and later, as
long as its key stays. So chunks may be read at different times, and again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

import psycopg
import pyarrow as pa
from psycopg import sql
from psycopg.types.string import TextLoader

from .settings import Refused

#: Rows that the server's cursor gives at a time, and about how many bytes.
FETCHED_ROWS = 10_000
FETCHED_BYTES = 16 << 20

#: Bytes of a chunk, by what its table takes on the disk: what ingest loads within minutes.
CHUNK_BYTES = 64 << 20

#: What values look like as text, whatever the server's and the database's settings are.
SESSION = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1; "
    # A table whose rows are hidden from this user is an error, not a smaller table.
    "SET row_security = off; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"
)

#: Types that Parquet has, by PostgreSQL's names; all others are kept as the text that PostgreSQL shows.
KINDS = {
    "bool": "bool", "int2": "int16", "int4": "int32", "int8": "int64", "oid": "int64", "float4": "float32", "float8": "float64",
    "text": "text", "varchar": "text", "bpchar": "text", "name": "text", "date": "date", "time": "time", "timestamp": "timestamp",
    "timestamptz": "instant", "uuid": "uuid", "bytea": "bytes", "json": "json", "jsonb": "json",
}  # fmt: skip

ARROW = {
    "bool": pa.bool_(), "int16": pa.int16(), "int32": pa.int32(), "int64": pa.int64(), "float32": pa.float32(), "float64": pa.float64(),
    "text": pa.string(), "date": pa.date32(), "time": pa.time64("us"), "timestamp": pa.timestamp("us"),
    "instant": pa.timestamp("us", "UTC"), "uuid": pa.uuid(), "bytes": pa.binary(), "json": pa.json_(),
}  # fmt: skip

#: Kinds that may be items of a list. Arrays of others are text.
ITEM_KINDS = {"bool", "int16", "int32", "int64", "float32", "float64", "text", "date", "timestamp", "instant", "decimal"}

#: Kinds that come from the server as whole numbers: days, or microseconds.
NUMBERED = {"date": pa.int32(), "time": pa.int64(), "timestamp": pa.int64(), "instant": pa.int64()}


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    #: As PostgreSQL declares it: `numeric(10,2)`.
    declared: str
    #: A name of `ARROW`, or `decimal`.
    kind: str
    #: Whether it's an array there.
    is_array: bool = False
    #: Whether it's a list of that kind.
    is_list: bool = False
    #: Of `decimal`.
    precision: int = 0
    scale: int = 0
    #: Why it's kept as text, though its type has a better form.
    why_text: str = ""

    @property
    def arrow(self) -> pa.DataType:
        item = pa.decimal128(self.precision, self.scale) if self.kind == "decimal" else ARROW[self.kind]
        return pa.list_(item) if self.is_list else item

    def as_text(self, why: str) -> "Column":
        return Column(self.name, self.declared, "text", self.is_array, why_text=why)


@dataclass(frozen=True)
class Table:
    """A table as it's going to be read. `key` is empty if it has none: then it's cut by its blocks on the disk."""

    schema: str
    name: str
    columns: list[Column]
    key: list[str]
    #: Types of the key's columns.
    key_types: list[str]
    #: Where a chunk ends and the next begins: the last key of each chunk but the last one, or block numbers. Text.
    bounds: list[list[str]]
    #: Rows when it was planned, and about how many bytes each takes.
    rows: int
    row_bytes: int

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([pa.field(column.name, column.arrow) for column in self.columns])

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, notes: dict) -> "Table":
        return cls(**{**notes, "columns": [Column(**column) for column in notes["columns"]]})

    def chunk_condition(self, n: int) -> sql.Composable:
        """Which rows chunk `n` has, of `len(bounds) + 1`. The first and the last are open to their sides."""
        after = self.bounds[n - 1] if n > 0 else None
        upto = self.bounds[n] if n < len(self.bounds) else None
        if not self.key:
            block = sql.SQL("ctid {} {}::tid")
            conditions = [block.format(sql.SQL(">="), f"({after[0]},0)")] if after else []
            conditions += [block.format(sql.SQL("<"), f"({upto[0]},0)")] if upto else []
        else:
            key = sql.SQL("({})").format(names(self.key))
            conditions = [sql.SQL("{} > {}").format(key, self._bound(after))] if after else []
            conditions += [sql.SQL("{} <= {}").format(key, self._bound(upto))] if upto else []
        return sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true")

    def _bound(self, values: list[str]) -> sql.Composable:
        cast = [sql.SQL("CAST({} AS {})").format(value, sql.SQL(type_)) for value, type_ in zip(values, self.key_types, strict=True)]
        return sql.SQL("({})").format(sql.SQL(", ").join(cast))


class Postgres:
    """A connection to PostgreSQL that only reads."""

    def __init__(self, address: str):
        """`address`: a connection string, as libpq takes it; what it doesn't say is taken from PGHOST and the like."""
        try:
            self._connection = psycopg.connect(address, autocommit=True, prepare_threshold=None, application_name="living-schema-backfill")
            self._connection.execute(SESSION)
        except psycopg.Error as error:
            raise Refused(f"PostgreSQL: {error}") from error
        info = self._connection.info
        #: Which database this is, without secrets.
        self.identity = f"{info.host}:{info.port}/{info.dbname}"
        # Only what Arrow needs as Python values is parsed; numbers of any length and all other types come as their text.
        adapters = self._connection.adapters
        parsed = {"bool", "int2", "int4", "int8", "oid", "float4", "float8", "bytea"}
        for info in list(adapters.types):
            if info.name not in parsed:
                adapters.register_loader(info.oid, TextLoader)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read within is of one moment."""
        with refusing("a snapshot"), self._connection.transaction():
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield

    def plan(self, name: str, chunk_rows: int, text_columns: set[str]) -> Table:
        """How a table is going to be read. `name` is `table` or `schema.table`.

        Raises Refused if there's no such table, or none that can be cut into chunks.
        """
        with refusing(name):
            oid, schema, table, relation_kind = self._find(name)
            columns = self._columns(oid)
            key, key_types = self._key(oid)
            if not key and relation_kind not in "rm":
                what = {"p": "a partitioned table", "v": "a view", "f": "a foreign table"}[relation_kind]
                raise Refused(f"{name} is {what} without a primary key or a unique key of columns that are NOT NULL: nothing tells which rows were read")
            if not key and self._one("SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = %s)", oid):
                raise Refused(f"{name} has no key, and other tables inherit from it: backfill them one by one, or give it a primary key")
            unknown = text_columns - {column.name for column in columns}
            if unknown:
                raise Refused(f"{name} has no column {min(unknown)!r}, which --text names")
            columns = [column.as_text("as asked") if column.name in text_columns else column for column in columns]
            draft = Table(schema, table, columns, key, key_types, [], 0, 1)
            rows, columns = self._look_at_values(draft)
            row_bytes = max(1, self._one("SELECT pg_table_size(%s)", oid) // max(rows, 1))
            chunk_rows = max(1, min(chunk_rows, CHUNK_BYTES // row_bytes))
            draft = replace(draft, columns=columns, rows=rows, row_bytes=row_bytes)
            bounds = self._key_bounds(draft, chunk_rows) if key else self._block_bounds(oid, rows, chunk_rows)
            return replace(draft, bounds=bounds)

    def chunk(self, table: Table, n: int) -> Iterator[pa.Table]:
        """The rows of a chunk, in pieces.

        Raises Refused if a value doesn't fit its column, which names the column.
        """
        selected = sql.SQL(", ").join(sql.SQL("{} AS {}").format(expression(column), sql.Identifier(column.name)) for column in table.columns)
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(selected, table.identifier, table.chunk_condition(n))
        if table.key:
            query += sql.SQL(" ORDER BY {}").format(names(table.key))
        at_once = max(1, min(FETCHED_ROWS, FETCHED_BYTES // table.row_bytes))
        what = f"{table.full_name}, chunk {n} (a value that its column can't hold? --text COLUMN keeps a column as text)"
        with refusing(what), self._connection.cursor(name="backfill") as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(at_once):
                values = zip(*rows, strict=True)
                arrays = [to_arrow(table, column, list(v)) for column, v in zip(table.columns, values, strict=True)]
                yield pa.Table.from_arrays(arrays, schema=table.arrow_schema)

    def copy_out(self, query: sql.Composable, file) -> None:
        """Writes the result of a query into a file, as CSV in which every value but NULL is quoted."""
        command = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)").format(query)
        with refusing("reading for validation"), self._connection.cursor() as cursor, cursor.copy(command) as copy:
            for data in copy:
                file.write(data)

    def close(self) -> None:
        self._connection.close()

    # ---- What a table is -------------------------------------------------------------------------------------------------

    def _find(self, name: str) -> tuple[int, str, str, str]:
        schema, _, table = name.rpartition(".")
        row = self._connection.execute(
            "SELECT c.oid, n.nspname, c.relname, c.relkind::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
            (schema or "public", table),
        ).fetchone()
        if row is None:
            raise Refused(f"{name}: there is no such table in {self.identity} that this user sees (schema {schema or 'public'})")
        return row

    def _columns(self, oid: int) -> list[Column]:
        """A domain counts as the type it's of."""
        rows = self._connection.execute(
            """
            WITH RECURSIVE based AS (
                SELECT a.attnum, a.attname, format_type(a.atttypid, a.atttypmod) AS declared, t.oid AS type, a.atttypmod AS modifier
                FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
                WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
                UNION ALL
                SELECT b.attnum, b.attname, b.declared, t.typbasetype, CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE b.modifier END
                FROM based AS b JOIN pg_type AS t ON t.oid = b.type WHERE t.typtype = 'd'
            )
            SELECT b.attname, b.declared, coalesce(i.typname, t.typname), coalesce(i.typtype, t.typtype)::text, i.oid IS NOT NULL, b.modifier
            FROM based AS b JOIN pg_type AS t ON t.oid = b.type
            LEFT JOIN pg_type AS i ON i.oid = t.typelem AND t.typcategory = 'A'
            WHERE t.typtype <> 'd'
            ORDER BY b.attnum
            """,
            (oid,),
        )
        columns = [column_of(*row) for row in rows]
        if not columns:
            raise Refused("a table without columns has nothing to backfill")
        return columns

    def _key(self, oid: int) -> tuple[list[str], list[str]]:
        """Columns that are unique together and never NULL: the primary key, else the unique index of the fewest columns."""
        rows = self._connection.execute(
            """
            SELECT array_agg(a.attname::text ORDER BY k.place), array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY k.place)
            FROM pg_index AS i
            CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts
            GROUP BY i.indexrelid, i.indisprimary
            HAVING bool_and(a.attnotnull)
            ORDER BY i.indisprimary DESC, count(*), i.indexrelid
            LIMIT 1
            """,
            (oid,),
        ).fetchall()
        return (rows[0][0], rows[0][1]) if rows else ([], [])

    def _look_at_values(self, table: Table) -> tuple[int, list[Column]]:
        """Counts the rows, and makes text of columns that hold what their Parquet type can't: NaN, infinities, arrays of arrays."""
        checks = [(i, why, check) for i, column in enumerate(table.columns) for why, check in misfits(column)]
        counted = [sql.SQL("count(*)"), *(sql.SQL("coalesce(bool_or({}), false)").format(check) for _, _, check in checks)]
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(counted), table.identifier)
        rows, *found = self._connection.execute(query).fetchone()
        columns = list(table.columns)
        for (i, why, _), is_so in zip(checks, found, strict=True):
            if is_so:
                columns[i] = columns[i].as_text(why)
        return rows, columns

    def _key_bounds(self, table: Table, chunk_rows: int) -> list[list[str]]:
        key = names(table.key)
        texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in table.key)
        query = sql.SQL(
            "SELECT {texts} FROM (SELECT {key}, row_number() OVER (ORDER BY {key}) AS n FROM {table}) AS numbered "
            "WHERE n % {chunk} = 0 AND n < {rows} ORDER BY n"
        ).format(texts=texts, key=key, table=table.identifier, chunk=chunk_rows, rows=table.rows)
        return [list(row) for row in self._connection.execute(query)]

    def _block_bounds(self, oid: int, rows: int, chunk_rows: int) -> list[list[str]]:
        blocks = self._one("SELECT pg_relation_size(%s) / current_setting('block_size')::int", oid)
        chunks = max(1, -(-rows // chunk_rows))
        step = max(1, -(-blocks // chunks))
        return [[str(block)] for block in range(step, blocks, step)]

    def _one(self, query: str, *parameters):
        return self._connection.execute(query, parameters).fetchone()[0]


def column_of(name: str, declared: str, type_name: str, type_type: str, is_array: bool, modifier: int) -> Column:
    """The column for a type of PostgreSQL; of an array `type_name` is that of its items."""
    if type_name == "numeric":
        precision, scale = numeric_modifier(modifier)
        # One without a precision may hold 131,072 digits; a scale below 0 or over the precision has no form in Parquet.
        if not (0 < precision <= 38 and 0 <= scale <= precision):
            return Column(name, declared, "text", is_array)
        return Column(name, declared, "decimal", is_array, is_array, precision, scale)
    kind = "text" if type_type == "e" else KINDS.get(type_name)
    if is_array and (kind not in ITEM_KINDS or type_name == "bpchar"):
        return Column(name, declared, "text", is_array)
    return Column(name, declared, kind or "text", is_array, is_array)


def numeric_modifier(modifier: int) -> tuple[int, int]:
    """Precision and scale of a numeric column, (0, 0) if it has none. The scale has 11 bits and a sign (PostgreSQL 15 and later)."""
    if modifier < 4:
        return 0, 0
    packed = modifier - 4
    scale = packed & 0x7FF
    return (packed >> 16) & 0xFFFF, scale - 0x800 if scale > 1_000 else scale


def expression(column: Column) -> sql.Composable:
    """What is selected of a column: whole numbers of dates and times, items one by one."""
    name = sql.Identifier(column.name)
    if column.is_array and not column.is_list:
        return sql.SQL("{}::text").format(name)
    if not column.is_list:
        return scalar(column.kind, name)
    if column.kind in ("text", "decimal"):
        return sql.SQL("{}::text[]").format(name)
    if column.kind not in NUMBERED:
        return name
    item = scalar(column.kind, sql.SQL("item"))
    return sql.SQL("CASE WHEN {} IS NOT NULL THEN ARRAY(SELECT {} FROM unnest({}) WITH ORDINALITY AS u(item, place) ORDER BY place) END").format(
        name, item, name
    )


def scalar(kind: str, value: sql.Composable) -> sql.Composable:
    if kind == "date":
        return sql.SQL("{} - DATE '1970-01-01'").format(value)
    if kind == "time":
        return sql.SQL("(extract(epoch FROM {}) * 1000000)::bigint").format(value)
    if kind in ("timestamp", "instant"):
        # In two parts: before PostgreSQL 14 the whole is a double, which has no room for microseconds of all times.
        return sql.SQL("extract(epoch FROM date_trunc('second', {0}))::bigint * 1000000 + extract(microseconds FROM {0})::bigint % 1000000").format(value)
    if kind == "uuid":
        return sql.SQL("uuid_send({})").format(value)
    return value


def misfits(column: Column) -> list[tuple[str, sql.Composable]]:
    """What a column may hold that its Parquet type can't, as a reason and a condition."""
    name = sql.Identifier(column.name)
    by_kind = {
        "decimal": ("it holds NaN", "{} = 'NaN'"),
        "date": ("it holds infinite dates", "NOT isfinite({})"),
        "timestamp": ("it holds times that are infinite or after the year 294246", "NOT isfinite({0}) OR {0} >= '294247-01-01'"),
        "instant": ("it holds times that are infinite or after the year 294246", "NOT isfinite({0}) OR {0} >= '294247-01-01'"),
    }
    found = []
    if column.kind in by_kind:
        why, check = by_kind[column.kind]
        condition = sql.SQL(check)
        if column.is_list:
            condition = sql.SQL("EXISTS (SELECT FROM unnest({}) AS u(item) WHERE {})").format(name, condition.format(sql.SQL("item")))
        else:
            condition = condition.format(name)
        found.append((why, condition))
    if column.is_list:
        # Their shape would be lost, and numbers of items that don't begin with 1.
        found.append(("it holds arrays of arrays, or with numbers of their own", sql.SQL("array_ndims({0}) > 1 OR array_lower({0}, 1) <> 1").format(name)))
    return found


def to_arrow(table: Table, column: Column, values: list) -> pa.Array:
    """Values as the server's cursor gives them."""
    try:
        if column.is_list and column.kind in NUMBERED:
            return pa.array(values, pa.list_(NUMBERED[column.kind])).cast(pa.list_(ARROW[column.kind]))
        if column.is_list and column.kind == "decimal":
            return pa.array(values, pa.list_(pa.string())).cast(column.arrow)
        if column.kind in NUMBERED:
            return pa.array(values, NUMBERED[column.kind]).cast(ARROW[column.kind])
        if column.kind == "decimal":
            return pa.array(values, pa.string()).cast(column.arrow)
        return pa.array(values, column.arrow)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise Refused(
            f"{table.full_name}, column {column.name!r} ({column.declared}): {error}. --text {column.name} keeps it as text"
        ) from error


@contextmanager
def refusing(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise Refused(f"PostgreSQL, {what}: {str(error).strip()}") from error


def names(columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, columns))

