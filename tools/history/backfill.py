"""`scripts/backfill_csv_data.py`: tables of PostgreSQL into the warehouse."""

import argparse
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from . import discovery, parquet, settings, validate_tables
from .landing import AT_ONCE, Landing
from .postgresql import Postgres, Table
from .progress import say
from .settings import Refused
from .start import ROOT
from .state import State
from .store import Store
from .warehouse import Warehouse

PRODUCER = "backfill_csv_data"


def main() -> int:
    """Gives the exit code: 0 done (and valid), 1 it differs. Raises Refused for what can't be done."""
    options = parse()
    valid = [backfill(name, options) for name in options.table]
    return 0 if all(valid) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Brings tables of PostgreSQL into the warehouse, by R2 and ingest. Killed at any time, it goes on where it was.",
    )
    parser.add_argument(
        "table", nargs="+", metavar="TABLE[=NAME]",
        help="a table of PostgreSQL, TABLE or SCHEMA.TABLE; NAME is what it's called in the warehouse, by default TABLE",
    )
    parser.add_argument(
        "--source", metavar="CONNECTION", default=os.environ.get("SOURCE_POSTGRES", ""),
        help="a connection string of PostgreSQL; default: SOURCE_POSTGRES, and what that doesn't say PGHOST, PGPASSWORD and the like",
    )
    parser.add_argument("--chunk-rows", type=positive, default=100_000, metavar="N", help="rows of an object, at most; default: %(default)s")
    parser.add_argument("--text", action="append", default=[], metavar="COLUMN", help="keep this column as the text that PostgreSQL shows")
    settings.add_r2(parser, "vessel-csv")
    settings.add_warehouse(parser)
    settings.add_discovery(parser)
    settings.add_run(parser, ".state/history/backfill-NAME")
    options = parser.parse_args()
    if options.state and len(options.table) > 1:
        parser.error("--state is for one table: each has its own")
    return options


def backfill(name: str, options: argparse.Namespace) -> bool:
    """One table, from its plan to its validation. Gives whether the target is what the source is."""
    table_name, source_table = named(name)
    postgres = Postgres(options.source)
    try:
        if options.dry_run:
            say_plan(postgres.plan(table_name, options.chunk_rows, set(options.text)), source_table, options)
            return True
        store, warehouse = Store(settings.r2(options)), Warehouse(settings.warehouse(options))
        worker = settings.discovery(options)
        state = State.read(options.state or ROOT / ".state" / "history" / f"backfill-{source_table}")
        try:
            about = {"kind": "tables", "source": postgres.identity, "table": table_name, "as": source_table, "bucket": store.bucket}
            begin(state, about, postgres, store, options)
            land(state, postgres, store, warehouse, settings.git_sha(options), options.commit_timeout)
            valid = options.no_validation or validate_tables.validate(state, postgres, warehouse)
            discovery.run(worker)
            return valid
        finally:
            warehouse.close()
            state.close()
    finally:
        postgres.close()


def named(argument: str) -> tuple[str, str]:
    """The table's name there and here, of `TABLE` or `TABLE=NAME`."""
    table, _, name = argument.partition("=")
    name = name or table.removeprefix("public.")
    if not re.fullmatch(r"[^/\x00-\x1f]{1,200}", name) or name.strip() != name:
        raise Refused(f"{name!r} can't be the name of a table here: it's a folder's name in R2, so give one without / as {table}=NAME")
    return table, name


def begin(state: State, about: dict, postgres: Postgres, store: Store, options: argparse.Namespace) -> None:
    """Plans, unless a run is to go on."""
    if state.begun and state.about != about:
        raise Refused(f"{state.folder} is the state of another backfill ({state.about}): give another --state")
    if state.begun and not options.again:
        say(f"{about['table']}: {state.progress('rows')}")
        return
    with postgres.snapshot():
        table = postgres.plan(about["table"], options.chunk_rows, set(options.text))
    say_plan(table, about["as"], options)
    keys = [key_of(about["as"], n) for n in range(len(table.bounds) + 1)]
    # An earlier backfill may have had more chunks: their objects are emptied, as what is in them is in others now.
    leftover = sorted(set(store.keys(folder_of(about["as"]))) - set(keys))
    batch_id = f"backfill-{about['as']}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    state.begin(about, batch_id, {"table": table.to_json(), "source_table": about["as"]}, keys + leftover)


def land(state: State, postgres: Postgres, store: Store, warehouse: Warehouse, git_sha: str, timeout: float) -> None:
    if state.done:
        return
    table = Table.from_json(state.plan["table"])
    key_values = parquet.metadata(state.batch_id, git_sha, PRODUCER, f"postgresql://{postgres.identity}/{table.full_name}")

    def make(n: int, file: Path) -> int:
        chunk: Iterator[pa.Table] = postgres.chunk(table, n) if n <= len(table.bounds) else iter(())
        return parquet.write(file, table.arrow_schema, chunk, key_values)

    landing = Landing(state, store, warehouse, make, timeout)
    # One moment for all that this run reads.
    with postgres.snapshot():
        landing.upload(table.rows, AT_ONCE)
    landing.finish()
    say(f"{table.full_name}: {state.rows:,} rows in {len(state.parts)} objects are committed, batch {state.batch_id}")


def say_plan(table: Table, source_table: str, options: argparse.Namespace) -> None:
    cut = f"by its key ({', '.join(table.key)})" if table.key else "by its blocks, as it has no key: nothing may write to it meanwhile"
    say(f"{table.full_name}: {table.rows:,} rows to {options.bucket}/{folder_of(source_table)}, {len(table.bounds) + 1} objects, cut {cut}")
    for column in table.columns:
        why = f" ({column.why_text})" if column.why_text else ""
        form = column.kind if column.kind in ("json", "uuid") else column.arrow
        say(f"  {column.name}  {column.declared} -> {form}{why}")


def folder_of(source_table: str) -> str:
    return f"{source_table}/backfill/"


def key_of(source_table: str, n: int) -> str:
    return f"{folder_of(source_table)}{n:06}.parquet"


def positive(text: str) -> int:
    n = int(text)
    if n < 1:
        raise ValueError(text)
    return n
