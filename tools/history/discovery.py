"""Asks discovery for a run."""

import json
import urllib.error
import urllib.request

from .progress import say
from .settings import Discovery, Refused

#: A run that takes in thousands of new names may take minutes.
TIMEOUT_SECONDS = 600


def run(settings: Discovery | None) -> None:
    """Has discovery fold in what was committed, and says what it found."""
    if settings is None:
        say("discovery was told by ingest of each commit; it runs by itself")
        return
    request = urllib.request.Request(
        settings.url.rstrip("/") + "/run", method="POST", data=b"",
        # Cloudflare refuses the default user agent of Python.
        headers={"authorization": f"Bearer {settings.token}", "user-agent": "living-schema-history"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            report = json.load(response)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Refused(f"discovery at {settings.url}: {error}. Everything is committed; its hourly run folds it in too") from error
    say(f"discovery ran: {json.dumps(report)}")
