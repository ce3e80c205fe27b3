"""Parquet files as ingest takes them: with the contract's metadata, in row groups that a Worker can hold."""

import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: Rows of a row group, and the bytes that its rows may take in memory. A Worker holds one row group of each load, as it is and compressed.
#: A load of such files takes 25 MiB there, most of it for the statements under way.
ROW_GROUP_ROWS = 5_000
ROW_GROUP_BYTES = 2 << 20


def metadata(batch_id: str, git_sha: str, producer: str, source_uri: str) -> dict[str, str]:
    """Key-value metadata of the landing contract (docs/architecture.md). History is of the schema's first version."""
    return {"schema_version": "1", "batch_id": batch_id, "git_sha": git_sha, "producer": producer, "source_uri": source_uri}


def write(file: Path, schema: pa.Schema, tables: Iterable[pa.Table], key_values: dict[str, str]) -> int:
    """Writes tables of one schema into a file, which is there whole or not at all. Gives the number of rows.

    Metadata that the schema has is kept.
    """
    schema = schema.with_metadata({**(schema.metadata or {}), **{k.encode(): v.encode() for k, v in key_values.items()}})
    temporary = file.with_suffix(".new")
    rows = 0
    with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for table in tables:
            for group in row_groups(table):
                writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                rows += group.num_rows
    os.replace(temporary, file)
    return rows


def row_groups(table: pa.Table) -> Iterable[pa.Table]:
    """A table in pieces that are small enough. One row may still be too large: that is ingest's to refuse."""
    if table.num_rows <= 1 or (table.nbytes <= ROW_GROUP_BYTES and table.num_rows <= ROW_GROUP_ROWS):
        return [table] if table.num_rows else []
    half = table.num_rows // 2
    return [*row_groups(table.slice(0, half)), *row_groups(table.slice(half))]
