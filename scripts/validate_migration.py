#!/usr/bin/env python3
"""Holds what was migrated or backfilled against its source, by validate_migration.sql: PASS, or each difference by its name.

scripts/validate_migration.py                  all migrations and backfills in .state/history
scripts/validate_migration.py FOLDER...        these
scripts/validate_migration.py --help           all options
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from history import start

start.run("history.validate")
