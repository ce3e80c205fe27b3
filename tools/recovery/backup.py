"""`scripts/backup.py`: copies the warehouse into R2."""

import argparse
import os
import re
from contextlib import closing
from datetime import UTC, datetime

from history import settings
from history.progress import say
from history.settings import Refused
from history.warehouse import Warehouse, literal

from .tables import MANIFEST, Copy, count, of_file, tables, until


def main() -> int:
    """Gives the exit code: 0. Raises Refused for what can't be done."""
    parser = argparse.ArgumentParser(description="Copies the warehouse into R2, as of the newest commit. It may be run while it's written to.")
    parser.add_argument(
        "name", nargs="?", default=datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        help="folder of the copy in the bucket; default: the time. A copy that was cut off is made again under its name",
    )
    add_bucket(parser)
    settings.add_warehouse(parser)
    options = parser.parse_args()
    with closing(Warehouse(settings.warehouse(options))) as warehouse:
        backup(warehouse, copy_of(options))
    return 0


def add_bucket(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bucket", default=os.environ.get("BACKUP_BUCKET"), help="one that no event rule names; default: BACKUP_BUCKET"
    )


def copy_of(options: argparse.Namespace) -> Copy:
    """Raises Refused for names that mean something else in an address."""
    bucket = settings.required(options.bucket, "--bucket or BACKUP_BUCKET")
    for what, value in (("bucket", bucket), ("name", options.name)):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
            raise Refused(f"{what} {value!r}: letters, digits, dots, dashes and underscores only")
    return Copy(bucket, options.name)


def backup(warehouse: Warehouse, copy: Copy) -> None:
    """Writes a file for each table, and the manifest. Killed on the way, there is no manifest, and no restore takes the copy."""
    if exists(warehouse, copy):
        raise Refused(f"there is a copy {copy.name!r} in {copy.bucket} already: give another name")
    ((commit_seq,),) = warehouse.query("SELECT CAST(coalesce(max(commit_seq), 0) AS BIGINT) FROM commits")
    total = 0
    for table in tables(warehouse):
        warehouse.query(f"COPY ({until(table, table, commit_seq)}) TO {literal(copy.file(table))} (FORMAT parquet, COMPRESSION zstd)")
        rows = count(warehouse, of_file(copy, table))
        total += rows
        say(f"{table}: {rows:,} rows")
    warehouse.query(f"COPY (SELECT CAST({commit_seq} AS BIGINT) AS commit_seq) TO {literal(copy.file(MANIFEST))} (FORMAT parquet)")
    say(f"copied: {total:,} rows as of commit {commit_seq}, to {copy.bucket}/{copy.name}")


def exists(warehouse: Warehouse, copy: Copy) -> bool:
    """Whether a copy is there whole."""
    # With a wildcard the bucket is asked; a plain name is taken as it is.
    return count(warehouse, f"glob({literal(copy.file(MANIFEST + '*'))})") > 0
