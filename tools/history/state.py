"""How far a run came: a folder with one JSON file, which is replaced as a whole, so that a kill at any time leaves the old or the new."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .settings import Refused

#: Of the file's layout.
VERSION = 1


@dataclass
class Part:
    """One object of a run. It's *planned* until its `etag` is known, then *uploaded*, and *committed* once `commit_seq` is known."""

    key: str
    #: Rows in the file, once it was made.
    rows: int | None = None
    #: MD5 of the content, as R2 has it.
    etag: str | None = None
    commit_seq: int | None = None

    @property
    def committed(self) -> bool:
        return self.commit_seq is not None


class State:
    """The notes of one run. `about` says what the run is of, `plan` what the command needs to make its parts again."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.about: dict = {}
        self.batch_id = ""
        self.plan: dict = {}
        self.parts: list[Part] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"{folder}: another run is at work with this state") from error

    @classmethod
    def read(cls, folder: Path) -> "State":
        """The notes in the folder, or an empty state (without a plan) if there are none.

        Raises Refused if another run is at work with them, or if they can't be read.
        """
        state = cls(folder)
        try:
            text = state._file.read_text()
        except FileNotFoundError:
            return state
        try:
            notes = json.loads(text)
            if notes["version"] != VERSION:
                raise Refused(f"{state._file}: version {notes['version']}, where {VERSION} is known")
            state.about, state.batch_id, state.plan = notes["about"], notes["batch_id"], notes["plan"]
            state.parts = [Part(**part) for part in notes["parts"]]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"{state._file}: these are no notes of a run ({error})") from error
        return state

    def begin(self, about: dict, batch_id: str, plan: dict, keys: list[str]) -> None:
        """Notes what is going to be done, before anything is."""
        self.about, self.batch_id, self.plan = about, batch_id, plan
        self.parts = [Part(key) for key in keys]
        self.save()

    def save(self) -> None:
        notes = {
            "version": VERSION, "about": self.about, "batch_id": self.batch_id, "plan": self.plan,
            "parts": [asdict(part) for part in self.parts],
        }  # fmt: skip
        temporary = self._file.with_suffix(".new")
        with open(temporary, "w") as file:
            json.dump(notes, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self._file)

    @property
    def begun(self) -> bool:
        return bool(self.parts)

    @property
    def done(self) -> bool:
        return self.begun and all(part.committed for part in self.parts)

    def progress(self, unit: str) -> str:
        """How far it came, in words. `unit`: what the rows are called."""
        left = sum(not part.committed for part in self.parts)
        if left:
            return f"going on, {left} of {len(self.parts)} objects are left"
        return f"done before, {self.rows:,} {unit} in {len(self.parts)} objects; --again does it anew"

    @property
    def rows(self) -> int:
        return sum(part.rows or 0 for part in self.parts)

    @property
    def _file(self) -> Path:
        return self.folder / "state.json"

    def close(self) -> None:
        self._lock.close()
