"""Prints the cells of a folder's texts as JSON, by file: Python's csv module with the parameters of the folder's expected.json.

Rows in which no cell holds anything are left out, as the reader under test leaves them out. Files without a known way to read every
cell (backslash escapes, whose meaning before other characters differs between readers) are left out whole.
"""

import csv
import json
import sys
from pathlib import Path

csv.field_size_limit(1 << 30)


def rows(path: Path, expected: dict) -> list[list[str]]:
    """The rows below the header."""
    quote = expected.get("quote", '"')
    dialect = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}
    # The expectations say "utf-8 with byte order mark" and the like.
    encoding = expected["encoding"].lower().split(" ")[0]
    encoding = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16", "utf-16le": "utf-16"}.get(encoding, encoding)
    with path.open(encoding=encoding, newline="") as text:
        records = [record for record in csv.reader(text, delimiter=expected["delimiter"], **dialect) if record]
    skipped = expected.get("preamble_records", 0) + expected.get("header_records", 1)
    return [record for record in records[skipped:] if any(cell.strip() for cell in record)]


def main() -> None:
    folder = Path(sys.argv[1])
    expectations = json.loads((folder / "expected.json").read_text())
    read = {}
    for name, expected in expectations.items():
        if expected["expect"] == "ok" and not expected.get("escape"):
            read[name] = rows(folder / name, expected)
    json.dump(read, sys.stdout)


if __name__ == "__main__":
    main()
