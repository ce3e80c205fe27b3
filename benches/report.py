"""What the benchmarks' reports share, as report.mjs has it."""

import re
import sys
from pathlib import Path


def markdown_table(header, rows):
    def line(cells):
        return f"| {' | '.join(cells)} |"

    return "\n".join([line(header), line(["---"] + ["---:"] * (len(header) - 1)), *map(line, rows)])


def machine():
    """The machine, in a line."""
    cpus = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    (kibibytes,) = re.findall(r"^MemTotal: +(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return f"{len(cpus)} × {cpus[0].strip()}, {round(int(kibibytes) / 2**20)} GiB"


def progress(text):
    print(f"  {text}", file=sys.stderr, flush=True)
