#!/usr/bin/env python3
"""Brings tables of PostgreSQL into the warehouse, by R2 and ingest: docs/operations/migrate.md.

scripts/backfill_csv_data.py TABLE[=NAME]...                 goes on where an earlier run was
scripts/backfill_csv_data.py --dry-run TABLE                 says what it would do
scripts/backfill_csv_data.py --help                          all options
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from history import start

start.run("history.backfill")
