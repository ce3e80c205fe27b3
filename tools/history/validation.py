"""Runs the checks of scripts/validate_migration.sql and reports what differs."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .landing import common_prefix
from .progress import say
from .start import ROOT
from .state import State
from .warehouse import Warehouse

SQL_FILE = ROOT / "scripts" / "validate_migration.sql"

#: Differences of one check that are printed, unless more are asked for.
SHOWN = 20

#: Longest value that is printed of a difference, in characters.
SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Check:
    #: Migrations of which it's: `annotations`, `tables`, or all if it's empty.
    kind: str
    name: str
    meaning: str
    sql: str


@dataclass(frozen=True)
class Difference:
    what: str
    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.what}: source {shortened(self.source)}, target {shortened(self.target)}"


def checks(kind: str) -> list[Check]:
    """The checks for migrations of a kind, in the order of the file."""
    found, of = [], ""
    for part in re.split(r"(?m)^(?=-- (?:of|check) )", SQL_FILE.read_text())[1:]:
        head, _, body = part.partition("\n")
        if head.startswith("-- of "):
            of = head.removeprefix("-- of ").strip()
            continue
        name, _, meaning = head.removeprefix("-- check ").partition(": ")
        statement = "\n".join(line for line in body.splitlines() if not line.startswith("--"))
        found.append(Check(of, name, meaning, statement.strip().removesuffix(";")))
    return [check for check in found if check.kind in ("", kind)]


@contextmanager
def local_database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB for one validation, on the disk, as histories are long."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="validation-") as place, duckdb.connect(str(Path(place) / "both.duckdb")) as database:
        yield database


def load_objects(database: duckdb.DuckDBPyConnection, state: State, warehouse: Warehouse, bucket: str) -> None:
    """The relation `objects`."""
    prefix = common_prefix([part.key for part in state.parts])
    commits = warehouse.commits(bucket, prefix)
    quarantine = warehouse.quarantine(bucket, prefix)
    database.execute("CREATE TABLE objects (key VARCHAR, rows BIGINT, committed_rows BIGINT, rejected_rows BIGINT, reason VARCHAR)")
    for part in state.parts:
        commit = commits.get(part.key)
        reason = quarantine.get((part.key, part.etag or ""))
        if part.etag is None:
            reason = "wasn't uploaded yet"
        elif reason is not None:
            reason = f"in quarantine: {reason}"
        elif commit is None:
            reason = "isn't committed"
        elif commit.etag != part.etag:
            reason = f"holds something else than what was uploaded (commit {commit.commit_seq})"
        committed = (commit.rows, commit.rejected) if commit else (None, None)
        database.execute("INSERT INTO objects VALUES (?, ?, ?, ?, ?)", [part.key, part.rows, *committed, reason])


def report(
    database: duckdb.DuckDBPyConnection, kind: str, shown: int, explain: Callable[[Check, list[Difference]], list[Difference]] | None = None
) -> bool:
    """Runs the checks and prints what each found. `explain` may say more of differences. Gives whether there are none."""
    total = 0
    for check in checks(kind):
        rows = database.execute(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({check.sql})").fetchall()
        total += len(rows)
        say(f"  {check.name:<12} {'passed' if not rows else 'FAILED'}  {check.meaning}")
        differences = [Difference(*row) for row in rows[:shown]]
        for difference in explain(check, differences) if explain and differences else differences:
            say(f"    {difference}")
        if len(rows) > shown:
            say(f"    and {len(rows) - shown:,} more")
    say("PASS" if total == 0 else f"FAIL: {total:,} differences")
    return total == 0


def shortened(text: str | None) -> str:
    if text is None:
        return "nothing"
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}... ({len(text):,} characters)"
