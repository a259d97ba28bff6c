"""What stands behind a version of a retrospective: its pictures, and what the record does not bear out.

A version never changes, nor does the record that is kept beside it. So what was proven of the two is proven:
it is looked up by all that they say, and that cannot be out of date. Against the record as it is now, which
takes a statement for each kind of thing in it, a version is held where somebody asks for it, and when it is
signed.
"""

from dataclasses import dataclass
from functools import lru_cache

from incidents.reviews.chart import Chart
from incidents.reviews.charts import charts
from incidents.reviews.checking import OF_ANOTHER_STATE, Finding, check
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.record import told_of
from incidents.store.engine import Work
from incidents.store.kept_records import find_told, unpacked
from incidents.store.records import read_record
from incidents.store.reviews import Draft
from incidents.store.timeline import entries
from incidents.store.versions import Version
from incidents.words import own_templates

MOST_SINCE = 500
"""Entries behind a version that are looked at, to say whether the record has moved on."""


@dataclass(frozen=True)
class Proof:
    """What became of holding a version against a record."""

    findings: tuple[Finding, ...]
    """What the record does not bear out."""
    figures: tuple[Chart, ...]
    of_now: bool
    """It was held against the record as it is now, and not as it was when the version was written."""


def prove(work: Work, draft: Draft, *, now: bool = False) -> Proof:
    """Hold a version against the record that it was made of, or against that of `now`.

    One that was written before records were kept is held against that of now.
    """
    told = find_told(work, draft)
    if told is None or now:
        record = read_record(work, draft.incident_id)
        found = _borne_out(check(draft.markdown, record, generator=GENERATOR))
        return Proof(found, tuple(charts(unpacked(told) if told else record)), of_now=True)
    found = _checked(draft.markdown, told, own_templates())
    return Proof(found, tuple(charts(unpacked(told))), of_now=False)


def figures_of(work: Work, draft: Draft) -> list[Chart]:
    """What a version shows; of one that was written before records were kept, what the record shows now."""
    told = find_told(work, draft)
    return charts(read_record(work, draft.incident_id) if told is None else unpacked(told))


def happened_since(work: Work, incident: str, version: Version) -> int:
    """How many entries that a retrospective tells came behind a version, as far as `MOST_SINCE` go."""
    return len(told_of(entries(work, incident, after=version.entry, limit=MOST_SINCE)))


@lru_cache(maxsize=32)
def _checked(markdown: str, told: bytes, _templates: str) -> tuple[Finding, ...]:
    """Depends on a site's own templates, too: the document is written out with them once more."""
    return _borne_out(check(markdown, unpacked(told), generator=GENERATOR))


def _borne_out(found: list[Finding]) -> tuple[Finding, ...]:
    """All but that record or templates have moved on, which is no fault of what a version says."""
    return tuple(each for each in found if each.fault not in OF_ANOTHER_STATE)
