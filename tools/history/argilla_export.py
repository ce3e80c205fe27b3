"""Argilla's exports: Parquet (`to_parquet`), JSON (`to_json`), and JSON lines as `argilla_api` writes them.

A record is a flat dictionary whose names are the columns of Argilla's own Parquet export: `id`, `status`, `_server_id`, the fields, the
metadata, and of a question `q` the parts `q.responses`, `q.responses.users`, `q.responses.status`, `q.suggestion`,
`q.suggestion.score`, `q.suggestion.agent`.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .progress import say
from .settings import Refused

#: Ends of the names of a question's columns, longest first (shared/core/src/landing/contract.rs).
QUESTION_PARTS = (".responses.users", ".responses.status", ".responses", ".suggestion.score", ".suggestion.agent", ".suggestion")

#: Columns that hold times, and ends of the names of others (lists, of responses). JSON has no type for them. Only argilla_api has them.
TIMES = ("annotated_at", "inserted_at", "updated_at")
TIME_PARTS = (".responses.inserted_at", ".responses.updated_at", ".suggestion.updated_at")


class Export:
    """One file. `status_of_answers` is what is known of answers of a JSON export, which doesn't say it."""

    def __init__(self, file: Path, status_of_answers: str | None = None):
        self.file = file
        self._status_of_answers = status_of_answers
        if not file.is_file():
            raise Refused(f"{file}: there is no such file")
        if file.suffix not in (".parquet", ".json", ".jsonl"):
            raise Refused(f"{file}: an export ends with .parquet, .json or .jsonl")
        with open(file, "rb") as content:
            self.sha256 = hashlib.file_digest(content, "sha256").hexdigest()

    def table(self) -> pa.Table:
        """The records as they are to be landed."""
        if self.file.suffix == ".parquet":
            try:
                table = pq.read_table(self.file)
            except (pa.ArrowException, OSError) as error:
                raise Refused(f"{self.file}: this is no Parquet file that can be read ({error})") from error
            self._check(table.column_names)
            return table
        names = list(dict.fromkeys(name for record in self._json for name in record))
        self._check(names)
        return pa.table({name: column(name, [record.get(name) for record in self._json]) for name in names})

    def records(self) -> Iterator[dict]:
        """The records, one by one."""
        if self.file.suffix == ".parquet":
            for batch in pq.ParquetFile(self.file).iter_batches(batch_size=1_000):
                yield from batch.to_pylist()
        else:
            yield from self._json

    @cached_property
    def _json(self) -> list[dict]:
        """The records of a JSON file. Values of a name that are of types which don't go together are kept as their JSON."""
        text = self.file.read_text(encoding="utf-8")
        parsed = self._parsed(text) if self.file.suffix == ".json" else [self._parsed(line) for line in text.split("\n") if line.strip()]
        if not isinstance(parsed, list) or not parsed:
            raise Refused(f"{self.file}: there are no records in it; an export is a list of records")
        records = [self._flat(record) for record in parsed]
        for name in dict.fromkeys(name for record in records for name in record):
            try:
                column(name, [record.get(name) for record in records])
            except (pa.ArrowException, OverflowError):
                say(f"{self.file}: the values of {name!r} are of several types, so they are kept as text")
                for record in records:
                    value = record.get(name)
                    record[name] = value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return records

    def _parsed(self, text: str):
        try:
            return json.loads(text)
        except ValueError as error:
            raise Refused(f"{self.file}: {error}") from error

    def _flat(self, record: dict) -> dict:
        if not isinstance(record, dict):
            raise Refused(f"{self.file}: a record is an object; found {json.dumps(record)[:80]}")
        flat = self._flattened(record) if isinstance(record.get("fields"), dict) else record
        return {name: time_of(value) if is_time(name) else value for name, value in flat.items()}

    def _flattened(self, record: dict) -> dict:
        """As the client's `to_list(flatten=True)` does it."""
        flat = {"id": record.get("id"), "status": record.get("status"), "_server_id": record.get("_server_id")}
        for part in ("fields", "metadata", "vectors"):
            unpack(flat, record.get(part) or {}, f"_{part}")
        for question, answers in (record.get("responses") or {}).items():
            statuses = [answer.get("status", self._status_of_answers) for answer in answers]
            if None in statuses:
                raise Refused(
                    f"{self.file}, record {flat['id']!r}: it doesn't say whether answers were submitted, kept as drafts or discarded, as Argilla's JSON "
                    "never does. Export as Parquet (to_datasets().to_parquet), or say --answers-are submitted"
                )
            flat[f"{question}.responses"] = [answer.get("value") for answer in answers]
            flat[f"{question}.responses.users"] = [answer.get("user_id") for answer in answers]
            flat[f"{question}.responses.status"] = statuses
        for question, suggestion in (record.get("suggestions") or {}).items():
            flat[f"{question}.suggestion"] = suggestion.get("value")
            flat[f"{question}.suggestion.score"] = suggestion.get("score")
            flat[f"{question}.suggestion.agent"] = suggestion.get("agent")
        return flat

    def _check(self, names: list[str]) -> None:
        """What ingest would put into quarantine is refused here, before anything is uploaded."""
        if find(names, "id") is None:
            raise Refused(f"{self.file}: there is no column \"id\" (it has {', '.join(names)})")
        if not questions(names):
            raise Refused(f"{self.file}: no column ends with .responses or .suggestion (it has {', '.join(names)})")


def unpack(row: dict, values: dict, others: str) -> None:
    """Makes columns of fields or metadata. Those whose names the layout needs for something else are kept as JSON in the column `others`."""
    rest = {}
    for name, value in values.items():
        is_free = name not in ("", *row, *TIMES, "_fields", "_metadata", "_vectors") and not name.endswith((*QUESTION_PARTS, *TIME_PARTS))
        (row if is_free else rest)[name] = value
    if rest:
        row[others] = json.dumps(rest, ensure_ascii=False)


def is_time(name: str) -> bool:
    return name in TIMES or name.endswith(TIME_PARTS)


def find(names, name: str) -> str | None:
    """The column of that name, as ingest finds it: exactly, else the first without regard to case."""
    return name if name in names else next((other for other in names if other.lower() == name), None)


def questions(names) -> dict[str, dict[str, str]]:
    """The columns of each question, by their ends. A question has at least responses or a suggestion."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        end = next((end for end in QUESTION_PARTS if name.endswith(end) and len(name) > len(end)), None)
        if end:
            found.setdefault(name.removesuffix(end), {})[end] = name
    return {question: parts for question, parts in found.items() if parts.keys() & {".responses", ".suggestion"}}


def column(name: str, values: list) -> pa.Array:
    """A column of JSON values."""
    items = [item for value in values for item in (value if isinstance(value, list) else [value]) if item is not None]
    if not is_time(name) or not items or not all(isinstance(item, datetime) for item in items):
        return pa.array(values)
    is_list = any(isinstance(value, list) for value in values)
    return pa.array(values, pa.list_(pa.timestamp("us")) if is_list else pa.timestamp("us"))


def time_of(value):
    """A time in UTC, without a zone as Argilla's are, or a list of them; what is none stays what it is."""
    if isinstance(value, list):
        return [time_of(item) for item in value]
    if not isinstance(value, str):
        return value
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return value
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
