"""Makes a Parquet file that ends the decoder with a panic: `make_trap.py FILE`.

Bytes of a good file are changed at random, always in the same way, until `inspect` says of one that it ends the Worker. The decoder's
checks get better with every version; when no mutant is found any more, this says so.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

INSPECT = Path(__file__).resolve().parents[2] / "target/native/inspect"
MUTANTS = 4000


def good_file(path):
    """A file whose encoding has prefix lengths, which the decoder believes."""
    table = pa.table({"name": [f"vessel {n // 3} of {n % 7}" for n in range(300)]})
    pq.write_table(table, path, use_dictionary=False, compression="none", column_encoding={"name": "DELTA_BYTE_ARRAY"})


def main(target):
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder) / "good"
        good_file(good)
        original = good.read_bytes()
        chance = random.Random(1)
        mutants = []
        for n in range(MUTANTS):
            changed = bytearray(original)
            changed[chance.randrange(4, len(changed) - 200)] = chance.randrange(256)
            mutants.append(Path(folder) / f"{n}.parquet")
            mutants[-1].write_bytes(changed)
        verdicts = subprocess.run([INSPECT, *mutants], capture_output=True, text=True, check=True).stdout
        for verdict in map(json.loads, verdicts.splitlines()):
            if verdict["reason"] == "loading it ends the Worker without a word":
                Path(target).write_bytes(Path(verdict["file"]).read_bytes())
                return
    sys.exit("no file was found that ends the decoder")


if __name__ == "__main__":
    main(sys.argv[1])
