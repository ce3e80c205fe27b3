"""`scripts/restore.py`: makes an empty warehouse what a copy of it was, or what it was at an earlier commit."""

import argparse
from contextlib import closing

from history import settings
from history.progress import say
from history.settings import Refused
from history.warehouse import Warehouse

from .backup import add_bucket, copy_of, exists
from .tables import MANIFEST, Copy, count, of_file, tables, until


def main() -> int:
    """Gives the exit code: 0. Raises Refused for what can't be done."""
    parser = argparse.ArgumentParser(
        description="Makes an empty warehouse, with its schema applied, what a copy was. Killed on the way, it may be run again with the same arguments."
    )
    parser.add_argument("name", help="folder of the copy in the bucket")
    parser.add_argument("--until", type=int, metavar="COMMIT", help="leave out what came after this commit; default: that of the copy")
    add_bucket(parser)
    settings.add_warehouse(parser)
    options = parser.parse_args()
    with closing(Warehouse(settings.warehouse(options))) as warehouse:
        restore(warehouse, copy_of(options), options.until)
    return 0


def restore(warehouse: Warehouse, copy: Copy, last: int | None) -> None:
    """Fills each table, the commit log at the end: until then readers see nothing."""
    names = [name for name in tables(warehouse) if name != "commits"]
    if not exists(warehouse, copy):
        raise Refused(f"there is no whole copy {copy.name!r} in {copy.bucket}")
    ((of_copy,),) = warehouse.query(f"SELECT CAST(commit_seq AS BIGINT) FROM {of_file(copy, MANIFEST)}")
    if last is None:
        last = int(of_copy)
    if not 0 <= last <= int(of_copy):
        raise Refused(f"--until {last}: the copy has the commits 1 to {of_copy}")
    if count(warehouse, "commits") > 0:
        raise Refused("the warehouse has commits: only an empty one is restored into. Make a new database for it")
    for table in [*names, "commits"]:
        # What an earlier run has left, and the first version of the schema that set-up makes.
        warehouse.query(f"DELETE FROM {table}")
        # Sent twice, it does nothing the second time.
        warehouse.query(f"INSERT INTO {table} BY NAME FROM ({until(table, of_file(copy, table), last)}) WHERE (SELECT count(*) FROM {table}) = 0")
        say(f"{table}: {count(warehouse, table):,} rows")
    say(f"restored to commit {last}; have discovery run (POST /run), and replay what was uploaded since (POST /replay of ingest)")
