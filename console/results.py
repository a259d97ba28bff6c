"""Leave what is known of an incident in a folder, as files that anybody can read without Watchfloor."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from incidents.errors import NotFound, WatchfloorError
from incidents.files import whole, write_whole
from incidents.reviews.chart import Chart
from incidents.reviews.charts import charts
from incidents.reviews.pdf import to_pdf
from incidents.reviews.record import Record
from incidents.reviews.retrospective import CHARTS, illustrated, to_html
from incidents.store import timeline
from incidents.store.engine import Store, Work
from incidents.store.records import read_record
from incidents.store.reviews import find_review, read_draft
from incidents.store.standing import current_decisions
from incidents.sweeps.decisions import Decision
from incidents.sweeps.sheet_files import write_csv
from incidents.timeline import Entry
from incidents.words import clean

COLUMNS = (
    "sweep", "item", "verdict", "policy", "clause", "policy_version", "action", "guideline_version",
    "person", "decided_at",
)  # fmt: skip
"""Of decisions.csv. Neither text nor rationale, which may quote the text: the file is passed around."""

RETROSPECTIVE = ("retrospective.md", "retrospective.html", "retrospective.pdf")


def export_results(store: Store, incident: str, out: Path, *, with_pdf: bool = False) -> list[Path]:
    """Write incident.json, timeline.jsonl, decisions.csv and, once one is written, the retrospective.

    Its pictures lie in a folder beside it, as SVG and as Vega-Lite specifications.

    Each file is there whole or not at all. Returns them in that order. WatchfloorError where the folder
    or the disk refuses; the incident stays in the store, and the message says how to export it again.
    """
    with store.read() as work:
        record = read_record(work, incident)
        try:
            out.mkdir(parents=True, exist_ok=True)
            return [*_write_record(record, out), *_write_rest(work, record, out, with_pdf=with_pdf)]
        except OSError as error:
            raise _refused(incident, out, error) from error


def check_writable(out: Path) -> None:
    """Refuse a folder that nothing can be written to, before an hour of work is done for it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as probe:
            probe.write(b"\n" * 4096)
    except OSError as error:
        raise WatchfloorError(
            f"Nothing can be written to {out}: {error.strerror}. Nothing was started; choose another folder."
        ) from error


def _write_record(record: Record, out: Path) -> list[Path]:
    told = record.model_dump(mode="json", exclude={"entries"})
    head = json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    return [_write(out / "incident.json", [head])]


def _write_rest(work: Work, record: Record, out: Path, *, with_pdf: bool) -> list[Path]:
    incident = record.incident.id
    entries = (_line(entry) for entry in timeline.entries(work, incident))
    decisions = out / "decisions.csv"
    write_csv(decisions, COLUMNS, _decision_rows(work, [sweep.id for sweep in record.sweeps]))
    told = _write_retrospective(work, record, out, with_pdf=with_pdf)
    return [_write(out / "timeline.jsonl", entries), decisions, *told]


def _write_retrospective(work: Work, record: Record, out: Path, *, with_pdf: bool) -> list[Path]:
    """The signed version, or the newest draft. What another version or incident left there goes."""
    about = record.incident
    for path in [*(out / name for name in RETROSPECTIVE), *_pictures(out)]:
        path.unlink(missing_ok=True)
    markdown = retrospective(work, about.id)
    if markdown is None:
        return []
    drawn = charts(record)
    page = to_html(markdown, f"{about.id}: {clean(about.title)}", drawn)
    told = illustrated(markdown, drawn)
    texts = [told.encode(), page.encode(), *([to_pdf(page)] if with_pdf else [])]
    files = [out / name for name in RETROSPECTIVE[: len(texts)]]
    for file, text in zip(files, texts, strict=True):
        write_whole(file, text)
    return [*files, *_write_charts(drawn, out)]


def _write_charts(drawn: Sequence[Chart], out: Path) -> list[Path]:
    """The folder of the pictures; none where there is nothing to draw."""
    for each in drawn:
        (out / CHARTS).mkdir(exist_ok=True)
        write_whole(out / CHARTS / f"{each.name}.svg", each.svg().encode())
        write_whole(out / CHARTS / f"{each.name}.vl.json", each.json().encode())
    return [out / CHARTS] if drawn else []


def _pictures(out: Path) -> list[Path]:
    return [*(out / CHARTS).glob("*.svg"), *(out / CHARTS).glob("*.vl.json")]


def retrospective(work: Work, incident: str) -> str | None:
    """The retrospective in Markdown: the version that was signed, or the newest; None where there is none."""
    try:
        return read_draft(work, incident, find_review(work, incident).signed_version).markdown
    except NotFound:
        return None


def _decision_rows(work: Work, sweeps: Iterable[str]) -> Iterator[list[str]]:
    for sweep in sweeps:
        for decision in current_decisions(work, sweep):
            yield _decision_row(sweep, decision)


def _decision_row(sweep: str, decision: Decision) -> list[str]:
    told = decision.model_dump(mode="json") | {"sweep": sweep}
    return ["" if told[name] is None else str(told[name]) for name in COLUMNS]


def _line(entry: Entry) -> str:
    return entry.model_dump_json() + "\n"


def _write(path: Path, parts: Iterable[str]) -> Path:
    with whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(parts)
    return path


def _refused(incident: str, out: Path, error: OSError) -> WatchfloorError:
    return WatchfloorError(
        f"The results of {incident} could not be written to {out}: {error.strerror or error}."
        f" They stay in the store: make room or choose another folder, then"
        f" `watchfloor incidents export {incident} --out {out}`."
    )
