"""How does a partner team work a batch in a spreadsheet: out as CSV or XLSX, and back in?

A file comes back whole or not at all. What is wrong is named by row (as the spreadsheet numbers it),
column and item id; never by the content of a cell, which may be the text of a post.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from incidents.catalogue.policies import Policy, RecommendedAction
from incidents.errors import BadInput
from incidents.sweeps.cells import fit
from incidents.sweeps.decisions import IMPLIED_ACTION, MAX_RATIONALE, Judgement, Verdict, refusals
from incidents.sweeps.sheet_files import Row, read_rows, write_csv, write_xlsx

FILL_IN = ("verdict", "policy", "clause", "action", "rationale")
COLUMNS = ("batch", "guideline_version", "item", "text", "language", "posted_at", "matched", *FILL_IN)
NEEDED = ("batch", "guideline_version", "item", *FILL_IN)
"""Columns that must come back; the others are there to be read."""


Choice = TypeVar("Choice", bound=StrEnum)

_COLUMN_OF = {"ACTION": "action", "RATIONALE": "rationale", "POLICY": "policy", "CLAUSE": "clause"}
"""First word of a refusal's code → the column to look at."""


class SheetItem(BaseModel):
    """One item as the partner team reads it, with what was already decided about it, if anything."""

    model_config = ConfigDict(frozen=True)

    item: str = Field(min_length=1)
    text: str
    language: str | None = None
    posted_at: AwareDatetime | None = None
    matched: tuple[str, ...] = ()
    judgement: Judgement | None = None


class BatchSheet(BaseModel):
    """A batch on its way out."""

    model_config = ConfigDict(frozen=True)

    batch: str = Field(min_length=1)
    guideline_version: int | None = None
    items: tuple[SheetItem, ...]


class ExpectedBatch(BaseModel):
    """What a file that comes back must be about, and the policies in force, by id."""

    model_config = ConfigDict(frozen=True)

    batch: str
    guideline_version: int | None = None
    items: frozenset[str]
    policies: Mapping[str, Policy]


class FilledRow(Judgement):
    """One row that somebody filled in; `row` is its number in the spreadsheet, the header being 1."""

    row: int


class Filled(NamedTuple):
    """All that a file says: rows to record, items left blank, items that the file no longer holds."""

    rows: list[FilledRow]
    undecided: list[str]
    missing: list[str]


class _Problem(NamedTuple):
    row: int
    column: str
    sentence: str
    item: str | None = None

    def __str__(self) -> str:
        item = f" (item {self.item})" if self.item else ""
        return f"  row {self.row}{item}, column {self.column}: {self.sentence}"


def write_batch(sheet: BatchSheet, path: Path) -> None:
    """Write the batch as .csv (UTF-8 with BOM) or .xlsx (text cells, lists of allowed values).

    Texts beyond `MAX_CELL` are cut and end in `…`. BadInput for another ending; the file is there whole
    or not at all.
    """
    rows = [_cells(sheet, item) for item in sheet.items]
    match path.suffix.lower():
        case ".csv":
            write_csv(path, COLUMNS, rows)
        case ".xlsx":
            write_xlsx(path, COLUMNS, rows, choices={"verdict": Verdict, "action": RecommendedAction})
        case _:
            raise BadInput(f"{path.name}: a batch is written as .csv or .xlsx.")


def _cells(sheet: BatchSheet, item: SheetItem) -> list[str]:
    version = "" if sheet.guideline_version is None else str(sheet.guideline_version)
    posted_at = item.posted_at.isoformat(timespec="seconds") if item.posted_at else ""
    said = item.judgement.model_dump(mode="json") if item.judgement else {}
    matched = fit(" | ".join(item.matched))
    about = [sheet.batch, version, item.item, fit(item.text), item.language or "", posted_at, matched]
    return about + [said.get(name) or "" for name in FILL_IN]


def read_filled(path: Path, *, expected: ExpectedBatch) -> Filled:
    """What a partner team filled in, or BadInput naming every row that is wrong.

    A row whose columns to fill in are all blank is undecided, not wrong. Where the verdict leaves no
    choice of action, a blank action is that one. A formula is read as its text and never evaluated.
    """
    rows = read_rows(path, NEEDED)
    problems = _identity_problems(path, rows, expected)
    known = [row for row in rows if row.cells["item"] in expected.items]
    problems += _item_problems(rows, known, expected)
    filled: list[FilledRow] = []
    for row in known:
        if not _is_blank(row):
            judged = _judged(row, expected.policies)
            filled += judged.rows
            problems += judged.problems
    if problems:
        lines = "\n".join(map(str, sorted(problems)))
        raise BadInput(f"{path.name}: nothing was imported; wrong cells: {len(problems)}\n{lines}")
    undecided = [row.cells["item"] for row in known if _is_blank(row)]
    return Filled(filled, undecided, sorted(expected.items - {row.cells["item"] for row in known}))


def _is_blank(row: Row) -> bool:
    return not any(row.cells[name].strip() for name in FILL_IN)


def _identity_problems(path: Path, rows: Sequence[Row], expected: ExpectedBatch) -> list[_Problem]:
    """Rows of another batch or guideline; BadInput at once where it is every row: then it is the file."""
    version = "" if expected.guideline_version is None else str(expected.guideline_version)
    wanted = {"batch": expected.batch, "guideline_version": version}
    problems = []
    for column, value in wanted.items():
        wrong = [row for row in rows if row.cells[column].strip() != value]
        what = f"the {column.replace('_', ' ')} is not {value or 'empty (there was no guideline)'}"
        if rows and len(wrong) == len(rows):
            raise BadInput(f"{path.name}: {what}. Nothing was imported: export the batch again.")
        problems += [_Problem(row.number, column, f"{what}.") for row in wrong]
    return problems


def _item_problems(rows: Sequence[Row], known: Sequence[Row], expected: ExpectedBatch) -> list[_Problem]:
    inside = {row.number for row in known}
    sentence = f"no item of batch {expected.batch} has this id (a spreadsheet may have rounded it)."
    problems = [_Problem(row.number, "item", sentence) for row in rows if row.number not in inside]
    times = Counter(row.cells["item"] for row in known)
    return problems + [
        _Problem(row.number, "item", "this item is in the file more than once.", row.cells["item"])
        for row in known
        if times[row.cells["item"]] > 1
    ]


class _Judged(NamedTuple):
    rows: list[FilledRow]
    problems: list[_Problem]


def _judged(row: Row, policies: Mapping[str, Policy]) -> _Judged:
    item, cells = row.cells["item"], row.cells
    verdict = _choice(cells["verdict"], Verdict)
    action = _choice(cells["action"], RecommendedAction)
    if not cells["action"].strip() and verdict:
        action = IMPLIED_ACTION.get(verdict)
    wrong = _cell_problems(row, verdict, action)
    if wrong or verdict is None or action is None:
        return _Judged([], wrong)
    references = {name: cells[name].strip() for name in ("policy", "clause")}
    said = {"verdict": verdict, "action": action, "rationale": cells["rationale"], **references}
    filled = FilledRow.model_validate({"row": row.number, "item": item, **said})
    found = refusals(filled, policies)
    wrong = [_Problem(row.number, _COLUMN_OF[r.code.split("_")[0]], r.sentence, item) for r in found]
    return _Judged([] if wrong else [filled], wrong)


def _cell_problems(row: Row, verdict: str | None, action: str | None) -> list[_Problem]:
    item = row.cells["item"]
    problems = []
    if verdict is None:
        problems.append(_Problem(row.number, "verdict", f"must be one of {', '.join(Verdict)}.", item))
    if action is None and (verdict or row.cells["action"].strip()):
        allowed = ", ".join(RecommendedAction)
        problems.append(_Problem(row.number, "action", f"must be one of {allowed}.", item))
    if len(row.cells["rationale"]) > MAX_RATIONALE:
        sentence = f"is longer than {MAX_RATIONALE} characters."
        problems.append(_Problem(row.number, "rationale", sentence, item))
    return problems


def _choice(cell: str, allowed: type[Choice]) -> Choice | None:
    """The allowed value that the cell means, however it is cased or spaced."""
    said = "_".join(cell.casefold().split())
    return allowed(said) if said in list(allowed) else None
