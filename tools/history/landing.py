"""From parts to commits: makes each file, uploads it, and follows it until ingest has committed it.

A part is known by its key, and a key's newest content is what readers see. So a part may be made and uploaded any number of times: what
counts once more is nothing. That is all that resuming needs.
"""

import time
from collections.abc import Callable
from pathlib import Path

from .progress import Progress, say
from .settings import Refused
from .state import Part, State
from .store import Store
from .warehouse import Warehouse

#: Objects that may wait for their commit. Ingest may load all of them in one isolate, which has 128 MB: 25 MiB for each, and its code.
AT_ONCE = 4

#: Seconds between two looks whether something was committed.
LOOK_EVERY = 2


class Landing:
    """`make(n, file)` writes the file of part `n` and gives its rows."""

    def __init__(self, state: State, store: Store, warehouse: Warehouse, make: Callable[[int, Path], int], timeout: float):
        self._state, self._store, self._warehouse = state, store, warehouse
        self._make, self._timeout = make, timeout
        self._prefix = common_prefix([part.key for part in state.parts])

    def upload(self, total_rows: int, at_once: int) -> None:
        """Uploads all parts, with `at_once` of them under way to their commits at most. With 1 they are committed in their order.

        Raises Refused if a part is quarantined, or if nothing was committed for too long. Run again, it goes on.
        """
        with Progress("landing", total_rows, "rows") as progress:
            progress.add(sum(part.rows or 0 for part in self._state.parts if part.etag))
            self._take_commits()
            for n, part in enumerate(self._state.parts):
                if part.committed:
                    continue
                if part.etag is None or self._store.etag(part.key) != part.etag:
                    counted = part.rows or 0 if part.etag else 0
                    self._upload(n, part)
                    progress.add((part.rows or 0) - counted)
                self._wait(at_once - 1)

    def finish(self) -> None:
        """Waits until all parts are committed. Raises Refused as `upload` does."""
        self._wait(0)

    def _upload(self, n: int, part: Part) -> None:
        file = self._state.folder / "part.parquet"
        part.rows = self._make(n, file)
        # Dying here, the part is made again: its object gets a content anew, and is committed anew if that is another.
        part.etag = self._store.put(part.key, file)
        part.commit_seq = None
        self._state.save()
        file.unlink()

    def _wait(self, at_most: int) -> None:
        """Waits until no more than so many uploaded parts aren't committed."""
        last_commit = time.monotonic()
        while len(self._waiting()) > at_most:
            if self._take_commits():
                last_commit = time.monotonic()
                continue
            self._refuse_quarantined()
            if time.monotonic() - last_commit > self._timeout:
                keys = ", ".join(part.key for part in self._waiting()[:3])
                raise Refused(
                    f"nothing was committed for {self._timeout:.0f} s; {len(self._waiting())} objects wait, such as {keys}. Is ingest deployed, and "
                    f"does bucket {self._store.bucket} send its events to it? Run this again to go on; POST /replay of ingest repeats a lost event"
                )
            time.sleep(LOOK_EVERY)

    def _waiting(self) -> list[Part]:
        return [part for part in self._state.parts if part.etag and not part.committed]

    def _take_commits(self) -> int:
        """Notes what was committed since. Gives how many parts that are."""
        waiting = self._waiting()
        if not waiting:
            return 0
        commits = self._warehouse.commits(self._store.bucket, self._prefix)
        found = 0
        for part in waiting:
            commit = commits.get(part.key)
            if commit and commit.etag == part.etag:
                part.commit_seq = commit.commit_seq
                found += 1
                if commit.rejected:
                    say(f"{part.key}: {commit.rejected} rows were set aside (rejected_rows)")
        if found:
            self._state.save()
        return found

    def _refuse_quarantined(self) -> None:
        quarantine = self._warehouse.quarantine(self._store.bucket, self._prefix)
        for part in self._waiting():
            reason = quarantine.get((part.key, part.etag))
            if reason is not None:
                raise Refused(f"{part.key} is in quarantine: {reason}")


def common_prefix(keys: list[str]) -> str:
    """What all keys begin with, up to a folder."""
    first, last = min(keys), max(keys)
    same = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last)))
    return first[: first.rfind("/", 0, same) + 1]
