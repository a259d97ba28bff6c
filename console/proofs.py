"""What a sweep ended in, for every door of the web: its certificate, checked again, and files of it."""

from enum import StrEnum
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fastapi import Response

from console.api_door import Caller
from incidents.errors import NotFound
from incidents.store.acting import taken_of
from incidents.store.certificates import evidence_of, find_certificate
from incidents.store.engine import Work
from incidents.store.sweeps import Sweep, plan_of
from incidents.sweeps.certificate import Certificate, Check, verify
from incidents.sweeps.certificate_files import site_key
from incidents.sweeps.plan import write_plan

PLAN_FILE: Final = "plan.csv"
MEDIA: Final = {"json": "application/json", "parquet": "application/vnd.apache.parquet", "csv": "text/csv"}
"""Ending of a file → its media type."""


class Table(StrEnum):
    """As which file a universe is had."""

    csv = "csv"
    parquet = "parquet"


def read_issued(work: Work, sweep: str) -> Certificate:
    """The certificate of a sweep. NotFound before there is one."""
    return Certificate.model_validate_json(find_certificate(work, sweep).document)


def check_again(calls: Caller, issued: Certificate) -> Check:
    """A certificate, computed again from the posts and decisions that the store holds now."""
    with calls.store.read() as work:
        universe = evidence_of(work, issued.sweep)
    return verify(issued, universe, site_key(calls.settings.home, issued))


def universe_file(work: Work, sweep: str, ending: Table) -> bytes:
    """Ids, hashes and verdicts of the whole universe, and no texts. NotFound before there is a certificate."""
    find_certificate(work, sweep)
    universe, written = evidence_of(work, sweep), BytesIO()
    if ending is Table.csv:
        universe.write_csv(written)
    else:
        universe.write_parquet(written)
    return written.getvalue()


def plan_file(work: Work, sweep: str) -> bytes:
    """The plan as CSV, with what was carried out of it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / PLAN_FILE
        write_plan(plan_of(work, sweep), path, taken_of(work, sweep))
        return path.read_bytes()


def refuse_unfinished(sweep: Sweep) -> None:
    """Return if the sweep has ended, and so has a plan. Raises NotFound."""
    if not sweep.is_finished:
        raise NotFound(f"{sweep.id} is {sweep.state}, so it has no plan yet.")


def as_file(name: str, content: bytes) -> Response:
    """A file to be saved, of the media type of its ending."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[name.rpartition(".")[2]], headers=headers)
