"""Brings what was there before into the warehouse: Argilla's records and tables of PostgreSQL.

Both go the way of everything else: Parquet files in R2, which ingest commits. docs/operations/migrate.md is for who runs it,
docs/decisions/0022-history.md says why it's so.
"""
