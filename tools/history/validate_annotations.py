"""Migrated annotations held against the export that they came from, record by record.

The source is read from the export itself, not from what was uploaded; the target by the views that readers use.
"""

import json
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path

import duckdb
import pyarrow as pa

from . import validation
from .argilla_export import Export, find, questions
from .progress import say
from .state import State
from .warehouse import Warehouse, literal

COLUMNS = {
    "records": ("record_id", "status", "server_id", "document_id", "text", "metadata"),
    "answers": ("record_id", "question", "origin", "annotator", "status", "score", "value"),
    "spans": ("record_id", "question", "origin", "label", "start", "end", "mention"),
}

#: Columns that stand for themselves in the warehouse; what is no part of a question either is metadata.
KNOWN = ("id", "_server_id", "document_id", "status", "text")


def validate(state: State, warehouse: Warehouse, shown: int = validation.SHOWN) -> bool:
    """Reports whether the target has what the export has. Gives whether it does."""
    dataset, batch_id = state.about["dataset"], state.batch_id
    exports = [Export(Path(file), state.about["answers_are"]) for file in state.plan["files"]]
    replaced = {row[0] for row in warehouse.query(f"SELECT record_id FROM annotations WHERE dataset = {literal(dataset)} AND batch_id <> {literal(batch_id)}")}
    with validation.local_database(state.folder) as database:
        validation.load_objects(database, state, warehouse, state.about["bucket"])
        source = [record for record in newest(exports) if str(record[find(record, "id")]) not in replaced]
        fill(database, "source", dataset, source)
        fill_target(database, warehouse, dataset, batch_id)
        n = {side: database.execute(f"SELECT count(*) FROM {side}_records").fetchone()[0] for side in ("source", "target")}
        gone = sum(str(record[find(record, "id")]) in replaced for record in newest(exports))
        say(f"validation of {dataset} (batch {batch_id}): source {n['source']:,} records, target {n['target']:,} records")
        if gone:
            say(f"  {gone:,} records were replaced since by newer batches, and are left out")
        return validation.report(database, "annotations", shown)


def newest(exports: list[Export]) -> Iterator[dict]:
    """The records of several files. One that comes again in a later file replaces the earlier one, as it does in the warehouse."""
    last: dict[str, int] = {}
    for i, export in enumerate(exports):
        last.update({str(record[find(record, "id")]): i for record in export.records()})
    for i, export in enumerate(exports):
        for record in export.records():
            if last[str(record[find(record, "id")])] == i:
                yield record


def fill(database: duckdb.DuckDBPyConnection, side: str, dataset: str, records: Iterable[dict]) -> None:
    """The relations of a side, from flat records."""
    rows: dict[str, list[tuple]] = {name: [] for name in COLUMNS}
    for record in records:
        parts = questions(record)
        known = {name: find(record, name) for name in KNOWN}
        values = {name: record.get(column) if column else None for name, column in known.items()}
        rest = record.keys() - set(known.values()) - {column for columns in parts.values() for column in columns.values()}
        record_id, text = str(values["id"]), values["text"]
        metadata = canonical({name: record[name] for name in rest if record[name] is not None})
        rows["records"].append((record_id, as_text(values["status"]), as_text(values["_server_id"]), as_text(values["document_id"]), as_text(text), metadata))
        for question, columns in parts.items():
            part = {end: record.get(column) for end, column in columns.items()}
            rows["answers"] += answers_of(record_id, question, part)
            rows["spans"] += spans_of(record_id, question, part, text)
    create(database, side, dataset, rows)


def answers_of(record_id: str, question: str, part: dict) -> list[tuple]:
    responses = part.get(".responses") or []
    users, statuses = part.get(".responses.users") or [], part.get(".responses.status") or []
    rows = [
        (record_id, question, "response", user, status, None, canonical(value)) for value, user, status in zip_longest(responses, users, statuses)
    ]
    if part.get(".suggestion") is not None:
        score, agent = part.get(".suggestion.score"), part.get(".suggestion.agent")
        rows.append((record_id, question, "suggestion", agent, None, None if score is None else canonical(score), canonical(part[".suggestion"])))
    return rows


def spans_of(record_id: str, question: str, part: dict, text: str | None) -> list[tuple]:
    """What is marked by submitted responses and by suggestions."""
    statuses = part.get(".responses.status") or []
    given = [("response", value) for value, status in zip(part.get(".responses") or [], statuses, strict=False) if status == "submitted"]
    given.append(("suggestion", part.get(".suggestion")))
    return [
        (record_id, question, origin, span["label"], span.get("start"), span.get("end"), mention(text, span.get("start"), span.get("end")))
        for origin, value in given
        if isinstance(value, list)
        for span in value
        if isinstance(span, dict) and span.get("label") is not None
    ]


def mention(text: str | None, start: int | None, end: int | None) -> str | None:
    return None if None in (text, start, end) else text[start:end]


def fill_target(database: duckdb.DuckDBPyConnection, warehouse: Warehouse, dataset: str, batch_id: str) -> None:
    mine = f"dataset = {literal(dataset)} AND batch_id = {literal(batch_id)}"
    rows: dict[str, list[tuple]] = {name: [] for name in COLUMNS}
    for load in loads(warehouse, mine):
        query = (
            "SELECT record_id, status, server_id, document_id, text, CAST(annotated_at AS VARCHAR), CAST(questions AS VARCHAR), CAST(extra AS VARCHAR) "
            f"FROM annotations WHERE {load} AND {mine}"
        )
        for piece in warehouse.stream(query):
            for record_id, status, server_id, document_id, text, annotated_at, asked, extra in piece:
                metadata = {name: value for name, value in json.loads(extra or "{}").items() if value is not None}
                if annotated_at is not None:
                    metadata["annotated_at"] = annotated_at
                rows["records"].append((record_id, status, server_id, document_id, text, canonical(metadata)))
                for question, parts in json.loads(asked).items():
                    named = {"responses": ".responses", "users": ".responses.users", "status": ".responses.status", "suggestion": ".suggestion"}
                    named |= {"score": ".suggestion.score", "agent": ".suggestion.agent"}
                    rows["answers"] += answers_of(record_id, question, {named[name]: value for name, value in parts.items()})
        query = (
            'SELECT record_id, question, origin, label_in_data, CAST(start AS BIGINT), CAST("end" AS BIGINT), mention '
            f"FROM entity_mentions WHERE {load} AND {mine}"
        )
        for piece in warehouse.stream(query):
            rows["spans"] += piece
    create(database, "target", dataset, rows)
    documents = warehouse.query(
        "SELECT DISTINCT document_id FROM raw_documents WHERE document_id IN "
        f"(SELECT document_id FROM annotations WHERE document_id IS NOT NULL AND {mine})"
    )
    database.register("given", pa.table({"document_id": pa.array([row[0] for row in documents], pa.string())}))
    database.execute("CREATE TABLE target_documents AS FROM given")


def loads(warehouse: Warehouse, mine: str) -> list[str]:
    """Conditions that take the rows load by load, so that no statement takes longer than the warehouse lets it."""
    found = warehouse.query(f"SELECT DISTINCT CAST(load_id AS VARCHAR) FROM annotations WHERE {mine} ORDER BY 1")
    return [f"load_id = CAST({literal(load)} AS UUID)" for (load,) in found]


def create(database: duckdb.DuckDBPyConnection, side: str, dataset: str, rows: dict[str, list[tuple]]) -> None:
    for name, columns in COLUMNS.items():
        types = {column: pa.int64() if column in ("start", "end") else pa.string() for column in columns}
        values = list(zip(*rows[name], strict=True)) or [()] * len(columns)
        given = pa.table({column: pa.array(column_values, types[column]) for column, column_values in zip(columns, values, strict=True)})
        database.register("given", given)
        database.execute(f"CREATE TABLE {side}_{name} AS SELECT {literal(dataset)} AS dataset, * FROM given")


def as_text(value) -> str | None:
    return None if value is None else str(value)


def canonical(value) -> str:
    """A value as JSON in one form: members in order, and what JSON has no type for as the warehouse writes it."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)


def plain(value):
    match value:
        case dict():
            # A struct has all members that any of its column has: what is missing is NULL there.
            return {name: plain(member) for name, member in value.items() if member is not None}
        case list():
            return [plain(item) for item in value]
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case datetime():
            text = value.strftime("%Y-%m-%d %H:%M:%S")
            text += f".{value.microsecond:06}".rstrip("0").rstrip(".") if value.microsecond else ""
            return text + "+00" if value.tzinfo else text
        case Decimal():
            return str(value)
    return value
