"""What a copy holds: every table but the derived ones, as of one commit."""

from dataclasses import dataclass

from history.settings import Refused
from history.warehouse import Warehouse, literal

#: Tables whose rows belong to a commit. A copy has those up to its own, so that they agree with each other whenever each was copied.
BY_COMMIT = ("commits", "catalog_log", "schema_snapshots", "commit_embeddings")

#: Copied in this order, of those that are there: rows before the list of loads that may stand in their hints, so that a hint which is
#: copied names a load of the list. The others follow.
FIRST = ("landing.raw_documents", "landing.annotations", "landing.structured_data", "superseding_loads")

#: The file that is written last: a copy without it isn't whole.
MANIFEST = "manifest"


@dataclass(frozen=True)
class Copy:
    """Where a copy is."""

    bucket: str
    name: str

    def file(self, table: str) -> str:
        """The address of a table's file, as the warehouse reads it."""
        return f"r2://{self.bucket}/{self.name}/{table}.parquet"


def tables(warehouse: Warehouse) -> list[str]:
    """The tables of the schemas `main` and `landing`, as SQL names them, in the order in which they are copied."""
    rows = warehouse.query(
        "SELECT CASE schema_name WHEN 'main' THEN '' ELSE schema_name || '.' END || table_name FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name IN ('main', 'landing') AND NOT temporary ORDER BY 1"
    )
    names = [name for (name,) in rows]
    if "commits" not in names:
        raise Refused("the warehouse has no table \"commits\": apply its schema first (scripts/motherduck_setup.sh)")
    return [*(name for name in FIRST if name in names), *(name for name in names if name not in FIRST)]


def until(table: str, relation: str, commit_seq: int) -> str:
    """The rows of a table, taken from a relation, as they were just after a commit.

    A row of the catalog that a later commit has superseded is the newest again.
    """
    if table not in BY_COMMIT:
        return f"SELECT * FROM {relation}"
    columns = "*"
    if table == "catalog_log":
        columns = f"* REPLACE (CASE WHEN superseded_at <= {commit_seq} THEN superseded_at END AS superseded_at)"
    return f"SELECT {columns} FROM {relation} WHERE commit_seq <= {commit_seq}"


def count(warehouse: Warehouse, relation: str) -> int:
    ((number,),) = warehouse.query(f"SELECT CAST(count(*) AS BIGINT) FROM {relation}")
    return int(number)


def of_file(copy: Copy, table: str) -> str:
    return f"read_parquet({literal(copy.file(table))})"
