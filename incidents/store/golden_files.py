"""Read golden items from a file: texts of which it was settled whether they violate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from incidents.catalogue.policies import Policy
from incidents.errors import BadInput
from incidents.store.golden import GoldenItem
from incidents.sweeps.post_files import read_columns

COLUMNS: Final = ("policy", "language", "text", "violates", "clause")

MOST: Final = 20_000
"""Rows of a file. A person meets each once, so that more would not be read in years."""

_SHOWN: Final = 10
_WORDS: Final = {"true": True, "yes": True, "1": True, "violates": True} | dict.fromkeys(
    ("false", "no", "0", "does_not_violate"), False
)


def read_golden(path: Path, policies: Mapping[str, Policy]) -> list[GoldenItem]:
    """The golden items of a CSV, JSONL or Parquet file, in its order.

    Columns: policy, language, text, violates (yes or no), clause (only of one that violates). BadInput names
    every row that is wrong, and never quotes a text.
    """
    frame = read_columns(path, COLUMNS)
    lacking = [name for name in COLUMNS[:4] if name not in frame.columns]
    if lacking:
        raise BadInput(f"{path.name}: it lacks {', '.join(lacking)}. It needs: {', '.join(COLUMNS)}.")
    if frame.height > MOST:
        raise BadInput(f"{path.name}: {frame.height:,} rows; at most {MOST:,} golden items are read at once.")
    found, wrong = [], []
    for row in frame.iter_rows(named=True):
        faults = _faults(row, policies)
        wrong += [f"  row {row['row']}: {fault}" for fault in faults]
        if not faults:
            found.append(_item(row))
    if wrong:
        more = [f"  and {len(wrong) - _SHOWN:,} more."] if len(wrong) > _SHOWN else []
        raise BadInput("\n".join([f"{path.name}: nothing was added.", *wrong[:_SHOWN], *more]))
    return found


def _faults(row: Mapping[str, str | None], policies: Mapping[str, Policy]) -> list[str]:
    violates = _WORDS.get(_cell(row, "violates").lower())
    policy = policies.get(_cell(row, "policy"))
    faults = [] if violates is not None else ["`violates` is yes or no."]
    if policy is None:
        faults.append(f"its policy is not in force. One of {', '.join(policies)}.")
    faults += _clause_faults(_cell(row, "clause"), policy, violates=violates)
    try:
        _item({**row, "violates": "yes"})
    except ValidationError as error:
        faults += [f"{each['loc'][0]}: {each['msg']}." for each in error.errors(include_input=False)]
    return faults


def _clause_faults(clause: str, policy: Policy | None, *, violates: bool | None) -> list[str]:
    if not clause or policy is None:
        return []
    if violates is False:
        return ["what does not violate breaks no clause."]
    known = [each.id for each in policy.clauses]
    return [] if clause in known else [f"its policy has no such clause. One of {', '.join(known)}."]


def _item(row: Mapping[str, str | None]) -> GoldenItem:
    return GoldenItem(
        policy=_cell(row, "policy"),
        language=_cell(row, "language").lower().replace("_", "-"),
        text=row["text"] or "",
        violates=_WORDS[_cell(row, "violates").lower()],
        clause=_cell(row, "clause") or None,
    )


def _cell(row: Mapping[str, str | None], name: str) -> str:
    return str(row.get(name) or "").strip()
