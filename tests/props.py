"""What people hand in during a crisis of the tests: a signal, posts to be swept, a filled-in spreadsheet."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

TERM = "storm the clinic"
SECRET = "bring your friends at nine"
"""What only the reviewers of a post may read."""

VIOLATES = {"verdict": "violates", "policy": "violence.incitement", "clause": "call-to-act", "action": "remove"}
KEEP = {"verdict": "does_not_violate", "action": "keep"}


def a_signal(topic: str) -> str:
    """What the police liaison hands in: the first calls were seen two hours before."""
    seen = datetime.now(UTC) - timedelta(hours=2)
    told = {
        "source": "partner-police",
        "kind": "report",
        "title": f"Calls to storm a clinic ({topic})",
        "event_at": seen.isoformat(),
        "reach": 3000,
        "payload": {"policy": "violence.incitement", "topic": topic},
    }
    return json.dumps(told)


def write_posts(file: Path, *, english: int = 8, german: int = 4, others: int = 2) -> Path:
    """What was posted: calls in English and in German, and posts about gardens."""
    texts = [("en", f"{TERM}, {SECRET} ({n})") for n in range(english)]
    texts += [("de", f"so gehts: {TERM}, {SECRET} ({n})") for n in range(german)]
    texts += [("en", f"the roses are out ({n})") for n in range(others)]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "text", "language"])
        writer.writerows((f"p{n}", text, language) for n, (language, text) in enumerate(texts))
    return file


def fill_in(file: Path, **said: str) -> None:
    """Decide every row of an exported batch alike."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.DictWriter(text, rows[0].keys(), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows({**row, **said} for row in rows)
