"""Makes the files that `scripts/bench discovery` lands.

    python benches/discovery/files.py FOLDER

FOLDER/landing-N.parquet: annotations with one label that no other file has, for N from 0 to 99. FOLDER/labels-known.parquet: 10,000
labels; FOLDER/labels-new.parquet: 1,000 others, one in four of them another spelling of a known one. FOLDER/register.parquet and
FOLDER/round.parquet: a table and annotations whose columns and labels are known after their first landing.
"""

import random
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()), ("status", pa.string()), ("text", pa.string()),
        ("entities.responses", pa.list_(pa.list_(SPAN))), ("entities.responses.status", pa.list_(pa.string())),
    ]
)

KNOWN = 10_000
NEW = 1_000
LANDINGS = 100
SYLLABLES = ["ba", "cor", "del", "fin", "gra", "hol", "jun", "kel", "lam", "mor", "nep", "ost", "pra", "qui", "ros", "sul", "tan", "ver"]


def word(chance):
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(2, 3)))


def labels(chance, count, taken):
    """Labels of two words that are not taken."""
    made = []
    while len(made) < count:
        label = f"{word(chance)}_{word(chance)}"
        if label not in taken:
            taken.add(label)
            made.append(label)
    return made


def respelled(chance, label):
    first, second = label.split("_")
    return chance.choice([f"{first.title()}{second.title()}", f"{first} {second}s", f"{second}_{first}", f"{first.upper()}-{second.upper()}"])


def annotations(path, name, some):
    record = lambda n, label: {
        "id": f"{name}-{n}", "status": "completed", "text": f"{label} at sea",
        "entities.responses": [[{"start": 0, "end": len(label), "label": label}]], "entities.responses.status": ["submitted"],
    }
    pq.write_table(pa.Table.from_pylist([record(n, label) for n, label in enumerate(some)], SCHEMA), path / f"{name}.parquet")


def main(folder):
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    taken = set()
    known = labels(chance, KNOWN, taken)
    annotations(path, "labels-known", known)
    spelled = {respelled(chance, label) for label in chance.sample(known, NEW // 4)}
    annotations(path, "labels-new", [*sorted(spelled), *labels(chance, NEW - len(spelled), taken)])
    for n, label in enumerate(labels(chance, LANDINGS, taken)):
        annotations(path, f"landing-{n}", [label, label])
    annotations(path, "round", ["vessel", "port", "person", "location"] * 25)
    columns = {f"column {n}": [f"{n} {chance.random():.6f}" for _ in range(100)] for n in range(12)}
    pq.write_table(pa.table(columns), path / "register.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
