"""What a test has the real `argilla` client do: `client.py URL KEY COMMAND`, with JSON on its input and output.

round   makes a workspace, a user and a dataset with every kind of question; logs records; answers; changes; reads back; deletes.
load    puts the records of an export (a Parquet file) into a dataset.
"""

import json
import logging
import sys
import warnings

import argilla as rg
import pyarrow.parquet

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

LABELS = ["vessel", "port"]


def settings():
    return rg.Settings(
        guidelines="Mark what you see.",
        fields=[rg.TextField(name="text"), rg.ChatField(name="chat", required=False)],
        questions=[
            rg.SpanQuestion(name="entities", field="text", labels=LABELS, allow_overlapping=True),
            rg.LabelQuestion(name="language", labels=["en", "de"], required=False),
            rg.MultiLabelQuestion(name="topics", labels=["trade", "fishing", "weather"], required=False),
            rg.RatingQuestion(name="quality", values=[1, 2, 3, 4, 5], required=False),
            rg.RankingQuestion(name="order", values=["a", "b"], required=False),
            rg.TextQuestion(name="comment", required=False),
        ],
        metadata=[rg.TermsMetadataProperty(name="source"), rg.IntegerMetadataProperty(name="page")],
        allow_extra_metadata=True,
    )


def user_of(client, name):
    known = client.users(name)
    return known or rg.User(username=name, password="correct horse", client=client).create()


def round_trip(client, _):
    workspace = rg.Workspace(name="ws", client=client).create()
    ann, bob = user_of(client, "ann"), user_of(client, "bob")
    workspace.add_user(ann)
    dataset = rg.Dataset(name="port-calls", workspace="ws", settings=settings(), client=client).create()
    span = [{"start": 0, "end": 4, "label": "vessel"}]
    dataset.records.log(
        [
            rg.Record(
                id=f"r{n}",
                fields={"text": f"Ever Given 🚢 calls at port {n}", "chat": [{"role": "user", "content": "hello"}]},
                metadata={"source": "test", "page": n, "extra": "kept"},
                suggestions=[
                    rg.Suggestion("entities", span, score=[0.5], agent="model-1"),
                    rg.Suggestion("language", "en", score=0.9, agent="model-1"),
                ],
                responses=[
                    rg.Response("entities", span, user_id=ann.id, status="submitted"),
                    rg.Response("topics", ["trade", "weather"], user_id=ann.id, status="submitted"),
                    rg.Response("quality", 4, user_id=ann.id, status="submitted"),
                    rg.Response("order", ["b", "a"], user_id=ann.id, status="submitted"),
                    rg.Response("comment", "fine", user_id=ann.id, status="submitted"),
                    rg.Response("entities", [], user_id=bob.id, status="draft"),
                ]
                if n == 0
                else [],
            )
            for n in range(3)
        ]
    )
    # The same id again changes the record.
    dataset.records.log([rg.Record(id="r1", fields={"text": "changed"}, metadata={"page": 10})])
    doomed = [record for record in dataset.records if record.id == "r2"]
    dataset.records.delete(doomed)
    read = dataset.records(with_suggestions=True, with_responses=True)
    pending = dataset.records(rg.Query(filter=rg.Filter([("status", "==", "pending")])))
    return {
        "me": client.me.username,
        "workspaces": [workspace.name for workspace in client.workspaces],
        "datasets": [dataset.name for dataset in client.datasets],
        "questions": [question.name for question in client.datasets("port-calls", workspace="ws").settings.questions],
        "records": read.to_list(flatten=True),
        "pending": [record.id for record in pending],
        "searched": [record.id for record in dataset.records(query="changed")],
        "progress": dataset.progress(),
        "exported": dataset.records.to_datasets().column_names,
        "users": {"ann": str(ann.id), "bob": str(bob.id)},
    }


def load(client, given):
    table = pyarrow.parquet.read_table(given["file"])
    rows = table.slice(0, given.get("rows", table.num_rows)).to_pylist()
    known = {"id", "status", "_server_id", "text"}
    metadata = [name for name in table.column_names if name not in known and not name.startswith("entities.")]
    spans = [span for row in rows for answer in [*(row["entities.responses"] or []), row.get("entities.suggestion")] for span in answer or []]
    workspace = client.workspaces(given["workspace"]) or rg.Workspace(name=given["workspace"], client=client).create()
    names = sorted({user for row in rows for user in row["entities.responses.users"] or []})
    users = {name: user_of(client, name) for name in names}
    dataset = rg.Dataset(
        name=given["dataset"],
        workspace=workspace,
        settings=rg.Settings(
            fields=[rg.TextField(name="text")],
            questions=[rg.SpanQuestion(name="entities", field="text", labels=sorted({span["label"] for span in spans}), allow_overlapping=True)],
            allow_extra_metadata=True,
        ),
        client=client,
    ).create()

    def record(row):
        answers = zip(row["entities.responses"] or [], row["entities.responses.users"] or [], row["entities.responses.status"] or [])
        suggestion = row.get("entities.suggestion")
        return rg.Record(
            id=row["id"],
            fields={"text": row["text"]},
            metadata={name: row[name] for name in metadata if row[name] is not None},
            # The server takes an answer without spans, and none without a value; what was discarded without one keeps its status.
            responses=[
                rg.Response("entities", answer or [], user_id=users[user].id, status=status) for answer, user, status in answers
            ],
            suggestions=[]
            if suggestion is None
            else [rg.Suggestion("entities", suggestion, score=row["entities.suggestion.score"] or None, agent=row["entities.suggestion.agent"])],
        )

    dataset.records.log([record(row) for row in rows])
    return {"records": len(rows), "users": {name: str(user.id) for name, user in users.items()}}


def main():
    url, key, command = sys.argv[1:]
    given = json.loads(sys.stdin.read() or "{}")
    client = rg.Argilla(api_url=url, api_key=key)
    # What the client shows of its progress goes to the error output.
    output, sys.stdout = sys.stdout, sys.stderr
    done = {"round": round_trip, "load": load}[command](client, given)
    json.dump(done, output, default=str)


main()
