"""How far a run is: a bar on a terminal, else a line now and then."""

import sys
import time
from typing import Self

from tqdm import tqdm

#: Seconds between two lines where there's no terminal.
SECONDS_BETWEEN_LINES = 10


def say(text: str = "") -> None:
    """A line of output, above the bar if there's one."""
    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()


class Progress:
    """Counts something up to a total. Use it with `with`."""

    def __init__(self, what: str, total: int | None, unit: str):
        self._what, self._total, self._unit = what, total, unit
        self._done = 0
        self._last_line = time.monotonic()
        self._bar = tqdm(total=total, desc=what, unit=f" {unit}", unit_scale=True) if sys.stderr.isatty() else None

    def add(self, n: int) -> None:
        self._done += n
        if self._bar is not None:
            self._bar.update(n)
        elif time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            of = f" of {self._total:,}" if self._total else ""
            say(f"{self._what}: {self._done:,}{of} {self._unit}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.close()
