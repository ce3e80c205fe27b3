#!/usr/bin/env python3
"""Makes an empty warehouse what a copy of scripts/backup.py was, or what it was at an earlier commit.

scripts/restore.py NAME                    as it was when it was copied
scripts/restore.py --until COMMIT NAME     as it was just after that commit
scripts/restore.py --help                  all options
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from history import start

start.run("recovery.restore")
