"""Near-duplicates found, beside plain Levenshtein, on hand-labelled data; and how long a large catalog takes. Prints Markdown.

    python benches/similarity/similarity.py TOOL INDEX_BENCHMARK
"""

import collections
import csv
import itertools
import json
import re
import subprocess
import sys
import threading

import split

THRESHOLD = 0.85


def levenshtein(a, b):
    """1 less the edit distance over the longer length. Case and separators are left out first, which helps it."""
    a, b = (re.sub(r"[\W_]+", "", name).lower() for name in (a, b))
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y)))
        before = row
    return 1 - before[-1] / max(len(a), len(b), 1)


def plain(pairs):
    return [levenshtein(pair["left"], pair["right"]) >= THRESHOLD for pair in pairs]


def ours(tool, pairs, *options):
    lines = "".join(f"{pair['left']}\t{pair['right']}\n" for pair in pairs)
    run = subprocess.run([tool, *options], input=lines, capture_output=True, encoding="utf-8", check=True)
    return [float(line.split("\t")[2]) >= THRESHOLD for line in run.stdout.splitlines()]


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "–"


def summary(pairs, found):
    """Recall on kinds that names can tell, recall on all duplicates, precision."""
    duplicate = [pair["is_duplicate"] == "1" for pair in pairs]
    right = sum(d and f for d, f in zip(duplicate, found))
    by_form = [f for pair, f in zip(pairs, found) if pair["is_duplicate"] == "1" and pair["kind"] in split.BY_FORM]
    return [percent(sum(by_form), len(by_form)), percent(right, sum(duplicate)), percent(right, sum(found))]


def print_pairs(title, pairs, columns):
    print(f"### {title}: {len(pairs)} pairs\n")
    print("| |", " | ".join(name for name, _ in columns), "|")
    print("| --- |" + " ---: |" * len(columns))
    totals = [summary(pairs, found) for _, found in columns]
    for i, row in enumerate(["recall, kinds that names can tell", "recall, synonyms too", "precision"]):
        print(f"| {row} |", " | ".join(total[i] for total in totals), "|")
    kinds = collections.Counter((pair["is_duplicate"], pair["kind"]) for pair in pairs)
    for (duplicate, kind), count in sorted(kinds.items(), key=lambda item: (item[0][0] == "0", item[0][1])):
        cells = []
        for _, found in columns:
            n = sum(f for pair, f in zip(pairs, found) if (pair["is_duplicate"], pair["kind"]) == (duplicate, kind))
            cells.append(f"{n} of {count}")
        label = f"{kind}, found" if duplicate == "1" else f"no duplicate ({kind}), flagged"
        print(f"| {label} |", " | ".join(cells), "|")
    print()


def with_embeddings(tool, pairs):
    """Columns with the embedding signal on, at several least cosines; none if the model isn't installed."""
    try:
        import embeddings

        server = embeddings.serve()
    except (ImportError, SystemExit) as missing:
        print(f"(Without the embedding signal: {missing})\n", file=sys.stderr)
        return []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1/embeddings"
    columns = [
        (f"ours, embeddings from {cosine}", ours(tool, pairs, "--embeddings", url, "--cosine", cosine))
        for cosine in ["0.92", "0.85", "0.75"]
    ]
    server.shutdown()
    return columns


def print_registers(tool):
    files, matches, doubtful = split.read_register_matches()
    columns = []
    for file in files:
        with open(file, newline="", encoding="utf-8", errors="replace") as opened:
            columns += [(file.name, name) for name in next(csv.reader(opened))]

    def report(name, found):
        found = {pair for pair in found if pair not in doubtful}
        right = len(found & matches)
        print(f"| {name} | {percent(right, len(matches))} | {percent(right, len(found))} | {right} | {len(found) - right} |")

    print(f"### Columns of {len(files)} registers: {len(matches)} matches\n")
    print("| | recall | precision | right | wrong |\n| --- | ---: | ---: | ---: | ---: |")
    pairs = itertools.combinations(columns, 2)
    report(
        "plain Levenshtein at 0.85",
        {frozenset((a, b)) for a, b in pairs if a[0] != b[0] and levenshtein(a[1], b[1]) >= THRESHOLD},
    )
    for name, options in [("ours, names alone", ["--names"]), ("ours, names and values", [])]:
        command = [tool, "--files", *map(str, files), "--json", *options]
        lines = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()
        ends = [
            frozenset(((m["left_file"], m["left_column"]), (m["right_file"], m["right_column"])))
            for m in map(json.loads, lines)
        ]
        report(name, set(ends))
    print()


def main(tool, index_benchmark):
    print("## Near-duplicate names\n")
    own = split.read_own_pairs()
    columns = [("plain Levenshtein at 0.85", plain(own)), ("ours, names alone", ours(tool, own))]
    print_pairs("Names of our own choice", own, columns + with_embeddings(tool, own))
    if not (split.DATA / "duplicates/pairs.csv").is_file():
        print("The hand-labelled pairs aren't here: LIVING_SCHEMA_DATA names no folder with them.\n")
    else:
        developed, aside = split.read_pairs()
        for title, pairs in [("The third set aside by source", aside), ("The two thirds developed on", developed)]:
            columns = [("plain Levenshtein at 0.85", plain(pairs)), ("ours, names alone", ours(tool, pairs))]
            print_pairs(title, pairs, columns + with_embeddings(tool, pairs))
        print_registers(tool)
    print("### A large catalog\n")
    sys.stdout.flush()
    subprocess.run([index_benchmark], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
