"""`scripts/validate_migration.py`: what was migrated or backfilled against where it came from, by scripts/validate_migration.sql."""

import argparse
import os
from pathlib import Path

from . import settings, validate_annotations, validate_tables, validation
from .postgresql import Postgres
from .settings import Refused
from .start import ROOT
from .state import State
from .warehouse import Warehouse


def main() -> int:
    """Gives the exit code: 0 nothing differs, 1 something does. Raises Refused for what can't be found out."""
    options = parse()
    valid = [validate(folder, options) for folder in options.state]
    return 0 if all(valid) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Holds what was migrated or backfilled against its source, and names each difference.")
    parser.add_argument(
        "state", nargs="*", type=Path, default=sorted((ROOT / ".state" / "history").glob("*/")), metavar="FOLDER",
        help="the state of a migration or backfill; default: all in .state/history",
    )
    parser.add_argument(
        "--source", metavar="CONNECTION", default=os.environ.get("SOURCE_POSTGRES", ""),
        help="of backfills: a connection string of PostgreSQL; default: SOURCE_POSTGRES, and PGHOST, PGPASSWORD and the like",
    )
    parser.add_argument("--shown", type=int, default=validation.SHOWN, metavar="N", help="differences of each check that are named; default: %(default)s")
    settings.add_warehouse(parser)
    options = parser.parse_args()
    if not options.state:
        parser.error("there is nothing in .state/history: give the state of a migration or backfill")
    return options


def validate(folder: Path, options: argparse.Namespace) -> bool:
    if not (folder / "state.json").is_file():
        raise Refused(f"{folder}: there are no notes of a migration or backfill in it")
    state, warehouse = State.read(folder), Warehouse(settings.warehouse(options))
    try:
        if state.about["kind"] == "annotations":
            return validate_annotations.validate(state, warehouse, options.shown)
        postgres = Postgres(options.source)
        try:
            if postgres.identity != state.about["source"]:
                raise Refused(f"{folder} is of a backfill from {state.about['source']}, and this is {postgres.identity}: give --source")
            return validate_tables.validate(state, postgres, warehouse, options.shown)
        finally:
            postgres.close()
    finally:
        warehouse.close()
        state.close()
