#!/usr/bin/env python3
"""Copies the warehouse into R2, by the warehouse itself.

scripts/backup.py                  a copy named by the time
scripts/backup.py NAME             a copy of that name
scripts/backup.py --help           all options
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from history import start

start.run("recovery.backup")
