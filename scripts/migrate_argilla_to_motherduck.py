#!/usr/bin/env python3
"""Brings Argilla's records into the warehouse, by R2 and ingest: docs/operations/migrate.md.

scripts/migrate_argilla_to_motherduck.py --dataset NAME FILE...           exports, the oldest first
scripts/migrate_argilla_to_motherduck.py --dataset NAME --argilla URL     a running Argilla
scripts/migrate_argilla_to_motherduck.py --help                           all options
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from history import start

start.run("history.migrate")
