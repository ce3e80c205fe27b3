"""Makes the files that the demo lands, with a manifest of where each goes and how many rows it has.

    python tools/demo/files.py FOLDER [DATA [ocr]]

DATA is the folder of real files (LIVING_SCHEMA_DATA), if it's there: then those are taken. Else the
project's own set is made: the same kinds of files, with made-up content, the same at every run. `ocr`: there's an engine that reads scans.

The manifest, FOLDER/manifest.json, is a list of {file, upload, bucket, key, rows, later}: bucket and key of the Parquet object, and where it's
made of an upload, such as a spreadsheet or a PDF, bucket and key of that in `upload`. `rows` is counted here, by pyarrow and Python's csv, and null
for files that are meant to be refused. Files for `later` land when the others are through.
"""

import csv
import json
import random
import shutil
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

#: Metadata of the landing contract.
METADATA = {"schema_version": "1", "git_sha": "0" * 40, "producer": "demo"}

SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())])

SHIPS = ["NORTHERN STAR", "BLUE HORIZON", "PACIFIC TRADER", "GOLDEN WAVE", "OCEAN PEARL", "ROYAL BREEZE", "SILVER DAWN"]
PORTS = ["Vigo", "Las Palmas", "Busan", "Montevideo", "Cape Town", "Dakar", "Reykjavik"]
FLAGS = ["PAN", "LBR", "ESP", "KOR", "ISL", "ZAF", "URY"]

#: Labels of ships and ports that annotators give, by round: at first they agree.
LABELS = [
    (["vessel"], ["port"]),
    (["vessel", "Vessel", "ship"], ["port", "ports", "harbour"]),
    (["tugboat", "vesel"], ["port", "harbor"]),
]

#: Registers with headers that differ for the same things, all in UTF-8.
REGISTERS = ["gfw_reefers", "imo_container_vessels", "imo_other_vessels", "iccat_med_vessels", "seaconex_vessels", "uk_vessels_over10m"]

#: Files of parquet-testing that show what ingest makes of odd ones: (file, why it's refused, if it is).
ODD = [
    ("data/nullable.impala.parquet", None),
    ("data/delta_byte_array.parquet", None),
    ("data/large_string_map.brotli.parquet", "2 GiB in 4 kB"),
    ("data/uniform_encryption.parquet.encrypted", "encrypted"),
    ("data/datapage_v1-corrupt-checksum.parquet", "damaged"),
]


class Manifest:
    """The files made so far."""

    def __init__(self, folder):
        self.folder = folder
        self.entries = []

    def path(self, bucket, key):
        """Where a file for that object goes."""
        path = self.folder / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def add(self, bucket, key, refused=False, later=False):
        """Notes a file that is at its path."""
        path = self.path(bucket, key)
        rows = None if refused else pq.read_metadata(path).num_rows
        self.entries.append({"file": str(path), "upload": None, "bucket": bucket, "key": key, "rows": rows, "later": later})

    def upload(self, upload, becomes, rows):
        """Notes a file at the path of an upload, of which an object is made."""
        (bucket, key), (output_bucket, output_key) = upload, becomes
        entry = {"file": str(self.path(bucket, key)), "upload": {"bucket": bucket, "key": key}, "rows": rows, "later": False}
        self.entries.append({**entry, "bucket": output_bucket, "key": output_key})

    def spreadsheet(self, key):
        """A CSV file in UTF-8 that is at its path, with its header in the first line."""
        with self.path("vessel-uploads", key).open(newline="", encoding="utf-8-sig") as file:
            rows = sum(1 for row in csv.reader(file) if row) - 1
        self.upload(("vessel-uploads", key), ("vessel-csv", f"{key}.parquet"), rows)

    def document(self, key, pages):
        """A PDF that is at its path."""
        self.upload(("vessel-documents", key), ("vessel-ocr", key.removesuffix(".pdf") + ".parquet"), pages)

    def table(self, bucket, key, table, batch_id, later=False):
        """Writes a table with the contract's metadata."""
        metadata = {**METADATA, "batch_id": batch_id}
        pq.write_table(table.replace_schema_metadata(metadata), self.path(bucket, key), compression="zstd")
        self.add(bucket, key, later=later)

    def copy(self, bucket, key, source, refused=False):
        """Takes a file as it is."""
        shutil.copyfile(source, self.path(bucket, key))
        self.add(bucket, key, refused)


def real_files(manifest, data, has_ocr):
    """Real documents, annotations and registers."""
    # A page with a text layer, and a scan.
    for name in ["scotus-transcript-p1"] + ["book-page-scan"] * has_ocr:
        shutil.copyfile(data / "pdf" / f"{name}.pdf", manifest.path("vessel-documents", f"archive/{name}.pdf"))
        manifest.document(f"archive/{name}.pdf", 1)
    for source in sorted((data / "ocr").glob("*.parquet")):
        manifest.copy("vessel-ocr", source.name, source)
    for name, folder in [("wnut17_round1", "wnut17"), ("wnut17_round2_label_drift", "wnut17"), ("legal_de_missing_columns", "legal")]:
        manifest.copy("argilla-exports", f"{folder}/{name}.parquet", data / "argilla" / f"{name}.parquet")
    for name in REGISTERS:
        shutil.copyfile(data / "registers" / f"{name}.csv", manifest.path("vessel-uploads", f"{name}/2026.csv"))
        manifest.spreadsheet(f"{name}/2026.csv")
    for name, refused in ODD:
        source = data / "parquet-testing" / name
        manifest.copy("vessel-csv", f"odd_files/{source.name.removesuffix('.encrypted')}", source, refused is not None)


def made_files(manifest, chance):
    """The same kinds of files, with made-up content."""
    documents = [made_page(chance, f"log-{number:03}", page) for number in range(40) for page in range(1, 6)]
    manifest.table("vessel-ocr", "ships_logs.parquet", pa.Table.from_pylist(documents), "ocr-1")
    for round_number, first in [(1, 0), (2, 250)]:
        records = [made_record(chance, number, LABELS[round_number - 1]) for number in range(first, first + 400)]
        made_round(manifest, round_number, records)
    for name, rows, headers in [
        ("flag_register", 600, ("IMO number", "Vessel name", "Flag")),
        ("fleet_list", 300, ("imo_no", "VESSEL_NAME", "flag_state")),
        ("coastal_register", 200, ("IMO", "nameOfVessel", "flagState")),
        ("port_calls", 400, ("imo_nr", "ship", "Nationality")),
    ]:
        table = made_register(chance, rows, *headers)
        manifest.table("vessel-csv", f"{name}/2026.parquet", table, f"register-{name}")
    made_spreadsheet(manifest.path("vessel-uploads", "harbour_list/2026.csv"), made_register(random.Random(2), 150, "IMO no.", "Name of ship", "Flag State"))
    manifest.spreadsheet("harbour_list/2026.csv")
    pages = [made_page(random.Random(page), "", page)["text"] for page in range(1, 4)]
    made_pdf(manifest.path("vessel-documents", "archive/voyage.pdf"), pages)
    manifest.document("archive/voyage.pdf", len(pages))


def made_spreadsheet(path, table):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(table.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in table.columns)))


def made_pdf(path, pages):
    """A PDF of text in one of the fonts that every reader has."""

    def content(text):
        lines = "".join(f"({line}) Tj T* " for line in text.replace("(", "\\(").replace(")", "\\)").split("\n"))
        stream = f"BT /F1 12 Tf 16 TL 72 760 Td {lines}ET"
        return f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream"

    numbers = [4 + 2 * page for page in range(len(pages))]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{number} 0 R' for number in numbers)}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, text in zip(numbers, pages):
        resources = "<< /Font << /F1 3 0 R >> >>"
        objects += [f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources {resources} /Contents {number + 1} 0 R >>", content(text)]
    written, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    path.write_bytes(written + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode("latin-1"))


def made_page(chance, document_id, page):
    ship, port = chance.choice(SHIPS), chance.choice(PORTS)
    lines = [f"{hour:02}:00  {ship}, {chance.randint(2, 18)} kn, {chance.choice(['calm', 'moderate', 'rough'])} sea" for hour in range(0, 24, 4)]
    text = "" if chance.random() < 0.03 else f"Log of the {ship}\nBound for {port}\n" + "\n".join(lines)
    return {"document_id": document_id, "page_number": page, "text": text, "confidence": round(chance.uniform(0.6, 1), 3)}


def made_round(manifest, round_number, records, later=False):
    schema = pa.schema(
        [
            ("id", pa.string()), ("status", pa.string()), ("_server_id", pa.string()), ("text", pa.string()),
            ("source", pa.string()), ("entities.responses", pa.list_(pa.list_(SPAN))),
            ("entities.responses.users", pa.list_(pa.string())), ("entities.responses.status", pa.list_(pa.string())),
        ]
    )
    table = pa.Table.from_pylist(records, schema)
    manifest.table("argilla-exports", f"port-calls/round{round_number}.parquet", table, f"round-{round_number}", later)


def made_record(chance, number, labels):
    ship, port = chance.choice(SHIPS), chance.choice(PORTS)
    text = f"The {ship} called at {port} and left for {chance.choice(PORTS)}."
    ship_label, port_label = (chance.choice(some) for some in labels)
    spans = [
        {"start": 4, "end": 4 + len(ship), "label": ship_label},
        {"start": text.index(port), "end": text.index(port) + len(port), "label": port_label},
    ]
    return {
        "id": f"call-{number:05}", "status": "completed", "_server_id": f"server-{number:05}", "text": text, "source": "port authority",
        "entities.responses": [spans], "entities.responses.users": ["annotator-1"], "entities.responses.status": ["submitted"],
    }


def made_register(chance, rows, imo, name, flag):
    """A register of ships; the others differ in the headers of these three columns."""

    def imo_number():
        digits = [chance.randint(7, 9)] + [chance.randint(0, 9) for _ in range(5)]
        return "".join(map(str, digits)) + str(sum(d * w for d, w in zip(digits, range(7, 1, -1))) % 10)

    return pa.table(
        {
            imo: [imo_number() for _ in range(rows)],
            name: [f"{chance.choice(SHIPS)} {n % 90 + 1}" for n in range(rows)],
            flag: [chance.choice(FLAGS) for _ in range(rows)],
            "Gross tonnage": [str(chance.randint(80, 90_000)) for _ in range(rows)],
            "Year built": [str(chance.randint(1960, 2025)) if chance.random() < 0.95 else None for _ in range(rows)],
        }
    )


def common_files(manifest, chance):
    """What both sets have: a larger file, one with rows that break the contract, and some that can't be loaded."""
    movements = manifest.path("vessel-csv", "movements/2026-01.parquet")
    duckdb.sql(
        f"""COPY (SELECT i AS row_id, 8000000 + (i * 7919) % 20000 AS imo, TIMESTAMP '2026-01-01' + to_seconds(i * 13) AS ts,
                  round(-60 + (hash(i) % 120000) / 1000, 4) AS lat, round(-180 + (hash(i + 1) % 360000) / 1000, 4) AS lon,
                  (hash(i + 2) % 220) / 10 AS speed FROM range(250000) AS t(i))
            TO '{movements}' (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{schema_version: '1', batch_id: 'movements-2026-01'}})"""
    )
    manifest.add("vessel-csv", "movements/2026-01.parquet")
    pages = [made_page(chance, "scan-001", page) for page in range(1, 9)]
    pages[2]["document_id"], pages[4]["page_number"], pages[6]["confidence"] = " ", -1, 17.0
    manifest.table("vessel-ocr", "three_bad_pages.parquet", pa.Table.from_pylist(pages), "ocr-2")
    whole = manifest.path("vessel-ocr", "three_bad_pages.parquet").read_bytes()
    manifest.path("vessel-ocr", "upload_cut_short.parquet").write_bytes(whole[: len(whole) // 2])
    manifest.add("vessel-ocr", "upload_cut_short.parquet", refused=True)
    made_round(manifest, 3, [made_record(chance, number, LABELS[2]) for number in range(900, 920)], later=True)
    without = pa.Table.from_pylist([{"document_id": "scan-002", "text": "no page number"}])
    pq.write_table(without, manifest.path("vessel-ocr", "no_page_numbers.parquet"))
    manifest.add("vessel-ocr", "no_page_numbers.parquet", refused=True)


def main(folder, data="", has_ocr=""):
    manifest = Manifest(Path(folder))
    chance = random.Random(1)
    if data and Path(data).is_dir():
        real_files(manifest, Path(data), has_ocr == "ocr")
    else:
        made_files(manifest, chance)
    common_files(manifest, chance)
    manifest.path(".", "manifest.json").write_text(json.dumps(manifest.entries, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
