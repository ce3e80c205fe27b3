"""`scripts/migrate_argilla_to_motherduck.py`: Argilla's records into the warehouse."""

import argparse
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from . import discovery, parquet, settings, validate_annotations
from .argilla_api import Argilla
from .argilla_export import Export
from .landing import AT_ONCE, Landing
from .progress import say
from .settings import Refused
from .start import ROOT
from .state import State
from .store import Store
from .warehouse import Warehouse

PRODUCER = "migrate_argilla_to_motherduck"

#: Records of an object, at most.
PART_RECORDS = 20_000


@dataclass(frozen=True)
class Part:
    """Which records of which file an object holds."""

    file: int
    first: int
    records: int


def main() -> int:
    """Gives the exit code: 0 done (and valid), 1 it differs. Raises Refused for what can't be done."""
    options = parse()
    return 0 if migrate(options) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Brings the records of one dataset of Argilla into the warehouse, by R2 and ingest. Killed at any time, it goes on where it was.",
    )
    parser.add_argument("--dataset", required=True, metavar="NAME", help="what the dataset is called in the warehouse")
    parser.add_argument(
        "file", nargs="*", type=Path, help="exports of the dataset, the oldest first: a record that comes again replaces the earlier one"
    )
    live = parser.add_argument_group("instead of files, a running Argilla (its key is read from ARGILLA_API_KEY)")
    live.add_argument("--argilla", metavar="URL", default=None, help="its address")
    live.add_argument("--argilla-dataset", metavar="NAME", help="what the dataset is called there; default: the same")
    live.add_argument("--workspace", metavar="NAME", help="where it is, if several are called so")
    parser.add_argument(
        "--answers-are", choices=["submitted", "draft", "discarded"], help="of JSON exports, which don't say it: what their answers are"
    )
    settings.add_r2(parser, "argilla-exports")
    settings.add_warehouse(parser)
    settings.add_discovery(parser)
    settings.add_run(parser, ".state/history/argilla-NAME")
    options = parser.parse_args()
    if bool(options.file) == bool(options.argilla):
        parser.error("give either files or --argilla")
    return options


def migrate(options: argparse.Namespace) -> bool:
    """From exports to commits and their validation. Gives whether the target is what the source is."""
    if not re.fullmatch(r"[^/\x00-\x1f]{1,200}", options.dataset) or options.dataset.strip() != options.dataset:
        raise Refused(f"{options.dataset!r} can't be the name of a dataset here: it's a folder's name in R2, so it has no /")
    if options.dry_run and options.argilla:
        dataset = argilla(options).dataset(options.argilla_dataset or options.dataset, options.workspace)
        say(f"would download dataset {dataset['name']!r} ({dataset['id']}) and land it in {options.bucket}/{folder_of(options.dataset)}")
        return True
    if options.dry_run:
        say_plan([Export(file, options.answers_are) for file in options.file], options)
        return True
    store, warehouse = Store(settings.r2(options)), Warehouse(settings.warehouse(options))
    worker = settings.discovery(options)
    state = State.read(options.state or ROOT / ".state" / "history" / f"argilla-{options.dataset}")
    try:
        begin(state, store, options)
        land(state, store, warehouse, settings.git_sha(options), options.commit_timeout)
        valid = options.no_validation or validate_annotations.validate(state, warehouse)
        discovery.run(worker)
        return valid
    finally:
        warehouse.close()
        state.close()


def begin(state: State, store: Store, options: argparse.Namespace) -> None:
    """Plans, unless a run is to go on."""
    about = {
        "kind": "annotations", "dataset": options.dataset, "bucket": store.bucket, "answers_are": options.answers_are,
        "source": options.argilla or [str(file.resolve()) for file in options.file],
    }  # fmt: skip
    if state.begun and state.about != about:
        raise Refused(f"{state.folder} is the state of another migration ({state.about}): give another --state")
    if state.begun and not options.again:
        say(f"{options.dataset}: {state.progress('records')}")
        check_unchanged(state)
        return
    exports = [Export(file, options.answers_are) for file in downloaded(state, options) if file]
    say_plan(exports, options)
    parts = [part for i, export in enumerate(exports) for part in parts_of(i, export)]
    names = [f"{exports[part.file].file.stem}{f'-{part.first:09}' if part.first else ''}" for part in parts]
    if len(set(names)) < len(names):
        raise Refused("two files have the same name: their objects would replace each other")
    # The same files are the same batch, and give the same objects: what is committed already isn't loaded again.
    digest = hashlib.sha256("".join(export.sha256 for export in exports).encode()).hexdigest()
    plan = {
        "files": [str(export.file.resolve()) for export in exports], "sha256": [export.sha256 for export in exports],
        "parts": [[part.file, part.first, part.records] for part in parts],
    }  # fmt: skip
    state.begin(about, f"argilla-{options.dataset}-{digest[:12]}", plan, [f"{folder_of(options.dataset)}{name}.parquet" for name in names])


def downloaded(state: State, options: argparse.Namespace) -> list[Path]:
    """The export files; of a running Argilla they are made first, in the state's folder."""
    if options.file:
        return options.file
    folder = state.folder / "export"
    if options.again:
        for file in folder.glob("page-*.jsonl"):
            file.unlink()
    source = argilla(options)
    files = source.download(source.dataset(options.argilla_dataset or options.dataset, options.workspace), folder)
    if not files:
        raise Refused(f"dataset {options.dataset!r} has no records")
    return files


def argilla(options: argparse.Namespace) -> Argilla:
    return Argilla(options.argilla, settings.secret("ARGILLA_API_KEY"))


def check_unchanged(state: State) -> None:
    for file, sha256 in zip(state.plan["files"], state.plan["sha256"], strict=True):
        if Export(Path(file)).sha256 != sha256:
            raise Refused(f"{file} is another file than when the migration began: give another --state, or remove {state.folder}")


def parts_of(i: int, export: Export) -> list[Part]:
    rows = export.table().num_rows
    return [Part(i, first, min(PART_RECORDS, rows - first)) for first in range(0, max(rows, 1), PART_RECORDS)]


def land(state: State, store: Store, warehouse: Warehouse, git_sha: str, timeout: float) -> None:
    if state.done:
        return
    files, parts = [Path(file) for file in state.plan["files"]], [Part(*part) for part in state.plan["parts"]]

    def make(n: int, file: Path) -> int:
        source = files[parts[n].file]
        table = Export(source, state.about["answers_are"]).table()
        key_values = parquet.metadata(state.batch_id, git_sha, PRODUCER, source.name)
        return parquet.write(file, table.schema, [table.slice(parts[n].first, parts[n].records)], key_values)

    # One after the other: a record that comes again in a later file has to be committed later.
    in_order = len(files) > 1 and state.about["source"] == [str(file) for file in files]
    landing = Landing(state, store, warehouse, make, timeout)
    landing.upload(sum(part.records for part in parts), 1 if in_order else AT_ONCE)
    landing.finish()
    say(f"{state.about['dataset']}: {state.rows:,} records in {len(parts)} objects are committed, batch {state.batch_id}")


def say_plan(exports: list[Export], options: argparse.Namespace) -> None:
    for export in exports:
        table = export.table()
        say(f"{export.file}: {table.num_rows:,} records to {options.bucket}/{folder_of(options.dataset)}, {len(parts_of(0, export))} objects")
        if len(exports) <= 10:
            for field in table.schema:
                say(f"  {field.name}  {field.type}")


def folder_of(dataset: str) -> str:
    return f"{dataset}/migration/"
