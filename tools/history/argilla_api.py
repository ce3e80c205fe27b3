"""Records of a running Argilla 2, by its REST API (argilla-server, `api/handlers/v1`), as JSON lines."""

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .argilla_export import unpack
from .progress import Progress
from .settings import Refused

#: Records of a request and of a file. The server gives 1,000 at most.
PAGE = 500

TRIES = 5
TIMEOUT_SECONDS = 120


class Argilla:
    def __init__(self, url: str, key: str):
        self._url, self._key = url.rstrip("/"), key

    def dataset(self, name: str, workspace: str | None) -> dict:
        """The dataset of that name.

        Raises Refused if there's none, or several and no workspace is given.
        """
        workspaces = {item["id"]: item["name"] for item in self._get("/api/v1/me/workspaces")["items"]}
        named = [item for item in self._get("/api/v1/me/datasets")["items"] if item["name"] == name]
        found = [item for item in named if workspace in (None, workspaces.get(item["workspace_id"]))]
        if len(found) == 1:
            return found[0]
        where = ", ".join(sorted(workspaces.get(item["workspace_id"], "?") for item in named)) or "none"
        raise Refused(f"Argilla at {self._url}: {len(found)} datasets are called {name!r} (workspaces with one: {where}); --workspace says which is meant")

    def download(self, dataset: dict, folder: Path) -> list[Path]:
        """Writes all records into files in the folder, a page each. Pages that are there are not asked for again.

        Raises Refused if the dataset changed so much meanwhile that a record could be missing.
        """
        questions = self._get(f"/api/v1/datasets/{dataset['id']}/questions")["items"]
        kinds = {question["id"]: (question["name"], question["settings"]["type"]) for question in questions}
        folder.mkdir(parents=True, exist_ok=True)
        files, total, seen = [], None, set()
        with Progress("downloading", None, "records") as progress:
            while True:
                file = folder / f"page-{len(files):06}.jsonl"
                if not file.exists():
                    total = self._download_page(dataset["id"], kinds, len(files) * PAGE, file)
                ids = [json.loads(line)["_server_id"] for line in file.read_text(encoding="utf-8").split("\n") if line]
                if not ids:
                    break
                progress.add(len(ids))
                seen.update(ids)
                files.append(file)
                if len(ids) < PAGE:
                    break
        total = self._get(f"/api/v1/datasets/{dataset['id']}/progress")["total"] if total is None else total
        if len(seen) != total:
            for page in folder.glob("page-*.jsonl"):
                page.unlink()
            raise Refused(
                f"Argilla's dataset {dataset['name']!r} has {total:,} records, and {len(seen):,} were read: records were deleted meanwhile. Run this again"
            )
        return files

    def _download_page(self, dataset_id: str, kinds: dict, offset: int, file: Path) -> int:
        query = urllib.parse.urlencode({"offset": offset, "limit": PAGE, "include": ["responses", "suggestions"]}, doseq=True)
        page = self._get(f"/api/v1/datasets/{dataset_id}/records?{query}")
        temporary = file.with_suffix(".new")
        with open(temporary, "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(flat(record, kinds), ensure_ascii=False) + "\n" for record in page["items"])
        os.replace(temporary, file)
        return page["total"]

    def _get(self, path: str) -> dict:
        request = urllib.request.Request(self._url + path, headers={"X-Argilla-Api-Key": self._key})
        for attempt in range(1, TRIES + 1):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                said = error.read(500).decode("utf-8", "replace")
                if attempt == TRIES or not (error.code == 429 or error.code >= 500):
                    raise Refused(f"Argilla, GET {self._url}{path}: {error.code} {said}") from error
            except (OSError, ValueError) as error:
                if attempt == TRIES:
                    raise Refused(f"Argilla, GET {self._url}{path}: {error}") from error
            time.sleep(2**attempt / 4)
        raise AssertionError("unreachable")


def flat(record: dict, kinds: dict[str, tuple[str, str]]) -> dict:
    """A record of the API as a row of Argilla's own export, with the times that the export lacks."""
    responses = record.get("responses") or []
    row = {"id": record["external_id"] or record["id"], "status": record["status"], "_server_id": record["id"]}
    unpack(row, {name: value for name, value in (record["fields"] or {}).items() if value is not None}, "_fields")
    unpack(row, record.get("metadata") or {}, "_metadata")
    for question, kind in kinds.values():
        # Who left a question out has no answer to it; who discarded the record has one to each, for which the export has a null.
        answers = [answer for answer in responses if answer["status"] == "discarded" or question in (answer["values"] or {})]
        if answers:
            row[f"{question}.responses"] = [value_of(kind, (answer["values"] or {}).get(question, {}).get("value")) for answer in answers]
            row[f"{question}.responses.users"] = [answer["user_id"] for answer in answers]
            row[f"{question}.responses.status"] = [answer["status"] for answer in answers]
            row[f"{question}.responses.inserted_at"] = [answer["inserted_at"] for answer in answers]
            row[f"{question}.responses.updated_at"] = [answer["updated_at"] for answer in answers]
    for suggestion in record.get("suggestions") or []:
        question, kind = kinds[suggestion["question_id"]]
        row[f"{question}.suggestion"] = value_of(kind, suggestion["value"])
        row[f"{question}.suggestion.score"] = suggestion.get("score")
        row[f"{question}.suggestion.agent"] = suggestion.get("agent")
        row[f"{question}.suggestion.updated_at"] = suggestion["updated_at"]
    row["annotated_at"] = max((answer["updated_at"] for answer in responses if answer["status"] == "submitted"), default=None)
    row["inserted_at"], row["updated_at"] = record["inserted_at"], record["updated_at"]
    return row


def value_of(kind: str, value):
    """An answer as the export has it: of a ranking only the values, in their order; of a span what the user marked."""
    if value is None:
        return None
    if kind == "ranking":
        return [item["value"] for item in sorted(value, key=lambda item: item.get("rank") or 0)]
    return value
