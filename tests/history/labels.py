"""Counts the labels of submitted responses in exports of Argilla, of each record what the last file has: {label: n}.

python tests/history/labels.py FILE...      by pyarrow alone
python tests/history/labels.py --json FILE  writes the export as Argilla's client writes JSON (`to_json`) instead
"""

import json
import sys
from collections import Counter

import pyarrow.parquet as pq

PARTS = ("entities.responses", "entities.responses.users", "entities.responses.status", "entities.suggestion")


def as_json(row: dict) -> dict:
    """As `Record.to_dict` of argilla 2.8 has it: without the status of answers."""
    answers = zip(row["entities.responses"] or [], row["entities.responses.users"] or [], strict=True)
    suggestion = {"value": row["entities.suggestion"], "score": row["entities.suggestion.score"], "agent": row["entities.suggestion.agent"]}
    known = {"id", "status", "_server_id", "text"}
    return {
        "id": row["id"], "fields": {"text": row["text"]},
        "metadata": {name: value for name, value in row.items() if name not in known and not name.startswith("entities.")},
        "suggestions": {} if row["entities.suggestion"] is None else {"entities": suggestion},
        "responses": {"entities": [{"value": value, "user_id": user} for value, user in answers]} if row["entities.responses"] else {},
        "vectors": {}, "status": row["status"], "_server_id": row["_server_id"],
    }  # fmt: skip


if sys.argv[1] == "--json":
    json.dump([as_json(row) for row in pq.read_table(sys.argv[2]).to_pylist()], sys.stdout)
else:
    rows = {row["id"]: row for file in sys.argv[1:] for row in pq.read_table(file).to_pylist()}
    counts = Counter(
        span["label"]
        for row in rows.values()
        for spans, status in zip(row["entities.responses"] or [], row["entities.responses.status"] or [], strict=True)
        if status == "submitted"
        for span in spans or []
    )
    json.dump({"records": len(rows), "labels": dict(sorted(counts.items()))}, sys.stdout)
