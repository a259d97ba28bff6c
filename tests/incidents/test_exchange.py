"""A batch goes out to a spreadsheet and comes back whole or not at all."""

import csv
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.formula import ArrayFormula

from incidents.catalogue.policies import RecommendedAction
from incidents.errors import BadInput
from incidents.sweeps.cells import MAX_CELL, guard, unguard
from incidents.sweeps.decisions import Judgement, Verdict
from incidents.sweeps.exchange import (
    COLUMNS,
    FILL_IN,
    NEEDED,
    BatchSheet,
    ExpectedBatch,
    FilledRow,
    SheetItem,
    read_filled,
    write_batch,
)
from incidents.sweeps.sheet_files import read_rows, write_csv
from tests.incidents.sweep_rows import POLICY

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SHEET = BatchSheet(
    batch="B-1",
    guideline_version=3,
    items=(
        SheetItem(item="p1", text="=1+1", language="de", posted_at=NOON, matched=("#a", "term:b")),
        SheetItem(item="p2", text='two\nlines; "quoted", and more'),
        SheetItem(item="305419896123456789", text="-"),
    ),
)
P1, P2, P3 = (item.item for item in SHEET.items)
EXPECTED = ExpectedBatch(
    batch="B-1", guideline_version=3, items=frozenset({P1, P2, P3}), policies={POLICY.id: POLICY}
)
REMOVE = {"verdict": "violates", "policy": POLICY.id, "clause": "call-to-act", "action": "remove"}
KEEP = {"verdict": "does_not_violate", "action": "keep"}
ENDINGS = pytest.mark.parametrize("ending", [".csv", ".xlsx"])

Cells = Mapping[str, object]
FillIn = Callable[..., Path]


@pytest.fixture
def fill_in(tmp_path: Path) -> FillIn:
    """Export the batch, change these cells of these items as a spreadsheet would, and give the file."""

    def fill(changes: Mapping[str, Cells], ending: str = ".csv", sheet: BatchSheet = SHEET) -> Path:
        path = tmp_path / f"filled{ending}"
        write_batch(sheet, path)
        return (_change_csv if ending == ".csv" else _change_xlsx)(path, changes)

    return fill


def _change_csv(path: Path, changes: Mapping[str, Cells]) -> Path:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update({name: str(value) for name, value in changes.get(row["item"].lstrip("'"), {}).items()})
    write_raw(path, [COLUMNS, *([row[name] for name in COLUMNS] for row in rows)])
    return path


def _change_xlsx(path: Path, changes: Mapping[str, Cells]) -> Path:
    book = load_workbook(path)
    sheet = book["batch"]
    for number, row in enumerate(sheet.iter_rows(min_row=2), start=2):
        for name, value in changes.get(str(row[2].value).lstrip("'"), {}).items():
            sheet.cell(number, COLUMNS.index(name) + 1).value = value  # type: ignore[assignment]
    book.save(path)
    return path


def write_raw(
    path: Path, rows: Sequence[Sequence[object]], encoding: str = "utf-8", separator: str = ","
) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)


def raw(*rows: Cells) -> list[list[object]]:
    """Rows of cells by column, as another program may write them; batch and guideline are right."""
    whole = [{"batch": "B-1", "guideline_version": "3", **row} for row in rows]
    return [list(COLUMNS), *([row.get(name, "") for name in COLUMNS] for row in whole)]


@ENDINGS
def test_what_was_filled_in_comes_back(fill_in: FillIn, ending: str) -> None:
    said = {P1: {**REMOVE, "rationale": "Names a place."}, P3: {"verdict": " Does not violate "}}
    filled = read_filled(fill_in(said, ending), expected=EXPECTED)
    assert filled.rows == [
        FilledRow.model_validate({"row": 2, "item": P1, **REMOVE, "rationale": "Names a place."}),
        FilledRow.model_validate({"row": 4, "item": P3, **KEEP}),
    ]
    # It should say which items still wait.
    assert (filled.undecided, filled.missing) == ([P2], [])


@ENDINGS
def test_a_batch_that_was_not_touched_is_all_undecided(fill_in: FillIn, ending: str) -> None:
    filled = read_filled(fill_in({}, ending), expected=EXPECTED)
    assert filled == ([], [P1, P2, P3], [])


def test_a_deleted_row_is_missing_not_wrong(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    write_raw(path, raw({"item": "p2", **KEEP}, {"item": ""}, {"batch": "", "guideline_version": ""}))
    with pytest.raises(BadInput, match="row 3, column item"):
        read_filled(path, expected=EXPECTED)
    write_raw(path, raw({"item": "p2", **KEEP}, {"batch": "", "guideline_version": ""}))
    assert read_filled(path, expected=EXPECTED).missing == sorted([P1, P3])


@ENDINGS
def test_what_was_already_decided_goes_out_too(fill_in: FillIn, ending: str) -> None:
    unsure = Judgement(item="p1", verdict=Verdict.unsure, action=RecommendedAction.escalate, rationale="-?")
    sheet = SHEET.model_copy(update={"items": (SheetItem(item="p1", text="", judgement=unsure),)})
    [row] = read_filled(fill_in({}, ending, sheet), expected=EXPECTED).rows
    assert Judgement(**row.model_dump(exclude={"row"})) == unsure


@ENDINGS
def test_every_wrong_row_is_named_and_nothing_is_imported(fill_in: FillIn, ending: str) -> None:
    secret = "a post about someone"
    path = fill_in(
        {
            P1: {"verdict": secret, "action": secret, "rationale": "x" * 4_001},
            P2: {**REMOVE, "clause": secret},
            P3: {"policy": POLICY.id, "verdict": "violates"},
        },
        ending,
    )
    with pytest.raises(BadInput) as raised:
        read_filled(path, expected=EXPECTED)
    assert str(raised.value).splitlines() == [
        f"filled{ending}: nothing was imported; wrong cells: 5",
        "  row 2 (item p1), column action: must be one of remove, restrict, label, escalate, keep.",
        "  row 2 (item p1), column rationale: is longer than 4000 characters.",
        "  row 2 (item p1), column verdict: must be one of violates, does_not_violate, unsure.",
        "  row 3 (item p2), column clause: The clause of violence.incitement is one of call-to-act.",
        f"  row 4 (item {P3}), column action: must be one of remove, restrict, label, escalate, keep.",
    ]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"rationale": "I think so"}, "verdict"),
        ({"verdict": "violates", "action": "remove"}, "policy"),
        ({**REMOVE, "clause": ""}, "clause"),
        ({**REMOVE, "action": "keep"}, "action"),
        ({"verdict": "unsure"}, "rationale"),
    ],
)
def test_a_rule_is_refused_at_its_column(fill_in: FillIn, cells: Cells, column: str) -> None:
    with pytest.raises(BadInput, match=rf"row 2 \(item p1\), column {column}:"):
        read_filled(fill_in({P1: cells}), expected=EXPECTED)


def test_an_item_that_is_unknown_or_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    write_raw(path, raw({"item": "3.05E+17", **KEEP}, {"item": "p1", **KEEP}, {"item": "p1"}))
    with pytest.raises(BadInput) as raised:
        read_filled(path, expected=EXPECTED)
    lines = str(raised.value).splitlines()
    assert "row 2, column item: no item of batch B-1 has this id" in lines[1]
    assert "row 3 (item p1), column item: this item is in the file more than once." in lines[2]
    assert "row 4 (item p1), column item" in lines[3]
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"batch": "B-2"}, r"the batch is not B-2\. Nothing was imported"),
        ({"guideline_version": 4}, "the guideline version is not 4"),
        ({"guideline_version": None}, "the guideline version is not empty"),
    ],
)
def test_a_file_of_another_batch_or_guideline_is_refused(
    fill_in: FillIn, other: dict[str, object], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_filled(fill_in({P1: KEEP}), expected=EXPECTED.model_copy(update=other))


def test_a_row_pasted_from_another_batch_is_named(fill_in: FillIn) -> None:
    with pytest.raises(BadInput, match=r"row 2, column batch: the batch is not B-1\.$"):
        read_filled(fill_in({P1: {"batch": "B-2"}}), expected=EXPECTED)


def test_a_batch_without_guideline_comes_back(fill_in: FillIn) -> None:
    path = fill_in({P1: KEEP}, ".xlsx", SHEET.model_copy(update={"guideline_version": None}))
    expected = EXPECTED.model_copy(update={"guideline_version": None})
    assert len(read_filled(path, expected=expected).rows) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_as_excel_writes_it(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "b.csv"
    rows = raw({"item": "p1", "text": "a,b;c\td", **KEEP, "rationale": "Grüße, 今日; ok"})
    if encoding == "utf-16-le":
        rows[0][0] = "\ufeffbatch"
    write_raw(path, rows, encoding, separator)
    [row] = read_filled(path, expected=EXPECTED).rows
    assert row.rationale == "Grüße, 今日; ok"


def test_headers_may_be_cased_moved_and_joined_by_others(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    names = ["Notes", *(name.upper() for name in reversed(COLUMNS))]
    cells = {"batch": "B-1", "guideline_version": "3", "item": "p1", **KEEP}
    write_raw(path, [names, ["mine", *(cells.get(name, "") for name in reversed(COLUMNS))]])
    assert len(read_filled(path, expected=EXPECTED).rows) == 1


@pytest.mark.parametrize(("number", "text"), [(2.5, "2.5"), (3e17, "300000000000000000"), (True, "True")])
def test_numbers_that_excel_made_of_text_are_read_as_text(tmp_path: Path, number: float, text: str) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for cells in raw({"guideline_version": 3.0, "item": "p1", **KEEP, "rationale": number}):
        sheet.append(cells)
    book.save(tmp_path / "b.xlsx")
    [row] = read_filled(tmp_path / "b.xlsx", expected=EXPECTED).rows
    assert row.rationale == text


def test_a_formula_that_was_filled_in_is_text(fill_in: FillIn, tmp_path: Path) -> None:
    formula = '=HYPERLINK("http://evil.example","x")'
    path = fill_in(
        {P1: {**KEEP, "rationale": formula}, P2: {**KEEP, "rationale": ArrayFormula("L3", "=1+1")}}, ".xlsx"
    )
    rows = read_filled(path, expected=EXPECTED).rows
    assert [row.rationale for row in rows] == [formula, "=1+1"]
    with pytest.raises(BadInput, match="column verdict: must be one of"):
        read_filled(fill_in({P1: {"verdict": '="violates"'}}, ".xlsx"), expected=EXPECTED)


def test_the_workbook_offers_lists_and_keeps_text_as_text(tmp_path: Path) -> None:
    path = tmp_path / "b.xlsx"
    write_batch(SHEET, path)
    sheet = load_workbook(path)["batch"]
    lists = {str(choice.sqref): choice.formula1 for choice in sheet.data_validations.dataValidation}
    assert lists == {
        "H2:H4": '"violates,does_not_violate,unsure"',
        "K2:K4": '"remove,restrict,label,escalate,keep"',
    }
    assert sheet.freeze_panes == "A2"
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", " =", "\ufeff=", "'="])
def test_a_cell_that_begins_a_formula_is_neutralised(sign: str) -> None:
    assert guard(f"{sign}1") == f"'{sign}1"
    assert unguard(guard(f"{sign}1")) == f"{sign}1"


@given(st.text())
def test_no_cell_begins_with_a_formula_sign_and_each_reads_back(text: str) -> None:
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguard(guard(text)) == text


TEXTS = st.text(max_size=40) | st.text("'=+-@ \t\r\n_x0007;,\"\ufeff\uffff", max_size=20)


@ENDINGS
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.tuples(TEXTS.filter(bool), TEXTS, TEXTS), min_size=1, max_size=5))
def test_any_text_survives_the_way_out_and_back(ending: str, texts: list[tuple[str, str, str]]) -> None:
    items = tuple(
        SheetItem(
            item=item,
            text=text,
            judgement=Judgement(
                item=item,
                verdict=Verdict.does_not_violate,
                action=RecommendedAction.keep,
                rationale=rationale,
            ),
        )
        for item, text, rationale in texts
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"b{ending}"
        write_batch(SHEET.model_copy(update={"items": items}), path)
        rows = read_rows(path, NEEDED)
    assert [(r.cells["item"], r.cells["text"], r.cells["rationale"]) for r in rows] == texts


@ENDINGS
@pytest.mark.parametrize("letter", ["x", "\x07", "="])
def test_a_huge_text_is_cut_to_what_a_cell_holds(fill_in: FillIn, ending: str, letter: str) -> None:
    sheet = SHEET.model_copy(update={"items": (SheetItem(item="p1", text=letter * 1_000_000),)})
    [row] = read_rows(
        fill_in({}, ending, sheet) if letter != "\x07" else _written(fill_in, ending, sheet), NEEDED
    )
    text = row.cells["text"]
    assert text.strip(letter) == "…"
    assert MAX_CELL // 9 < len(text) < MAX_CELL


def _written(fill_in: FillIn, ending: str, sheet: BatchSheet) -> Path:
    path = fill_in({}, ending)
    write_batch(sheet, path)
    return path


def test_a_failure_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    write_batch(SHEET, path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="argument"):
        write_csv(path, COLUMNS, [["too", "short"]])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"\.csv or \.xlsx"):
        write_batch(SHEET, tmp_path / "b.pdf")


HEAD = ",".join(COLUMNS).encode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the first row lacks batch"),
        (b"item,text\np1,x\n", "lacks batch, guideline_version, verdict"),
        (HEAD + b",item\n", "repeats item"),
        (HEAD + b"\nB-1,3,p1,a,,,,,,,,,too many\n", "row 2 has more cells than the header"),
        (HEAD + b"\nB-1,3,p1,caf\xe9\n", "not in UTF-8 or UTF-16"),
        (b"\xff\xfe\x00", "not in UTF-8 or UTF-16"),
        (HEAD + b'\nB-1,3,"p1', "line 2 is not well-formed CSV"),
        (HEAD + b"\n" + b"x" * 200_000, "line 2 is not well-formed CSV"),
        (HEAD + b"\n" + b"B-1\n" * 10_001, "more than 10000 rows"),
        (b"\xd0\xcf\x11\xe0rest", "old or encrypted Excel"),
        (b"PK\x03\x04rest", "not a readable .xlsx"),
        (b"x" * 20_000_001, "larger than 20,000,000 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_batch_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=sentence):
        read_filled(path, expected=EXPECTED)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_filled(tmp_path / "b.csv", expected=EXPECTED)


@pytest.mark.parametrize(
    ("name", "size", "sentence"),
    [
        ("xl/vbaProject.bin", 1, "it holds macros"),
        ("xl/media/bomb.bin", 100_000_001, "unpacks to more than 100,000,000 bytes"),
    ],
)
def test_a_dangerous_package_is_refused(fill_in: FillIn, name: str, size: int, sentence: str) -> None:
    path = fill_in({}, ".xlsx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package, package.open(name, "w") as part:
        for _ in range(size // 1_000_000):
            part.write(bytes(1_000_000))
        part.write(b"x" * (size % 1_000_000))
    with pytest.raises(BadInput, match=sentence):
        read_filled(path, expected=EXPECTED)


def test_a_package_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as package:
        package.writestr("readme.txt", "no workbook")
    with pytest.raises(BadInput, match=r"not a readable \.xlsx file"):
        read_filled(tmp_path / "b.xlsx", expected=EXPECTED)


def test_an_entity_bomb_is_refused(fill_in: FillIn, tmp_path: Path) -> None:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(10))
    bomb = f"<!DOCTYPE w [{lines}]><worksheet><sheetData><row><c><v>&e9;</v></c></row></sheetData></worksheet>"
    with zipfile.ZipFile(fill_in({}, ".xlsx")) as good, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as bad:
        for part in good.namelist():
            bad.writestr(part, bomb if "sheet1" in part else good.read(part))
    with pytest.raises(BadInput, match="not a readable"):
        read_filled(tmp_path / "b.xlsx", expected=EXPECTED)


def test_a_row_at_the_end_of_the_sheet_is_bounded(fill_in: FillIn) -> None:
    path = fill_in({}, ".xlsx")
    book = load_workbook(path)
    book["batch"].cell(1_048_576, 1, "far away")
    book.save(path)
    with pytest.raises(BadInput, match="more than 10000 rows"):
        read_filled(path, expected=EXPECTED)


def test_every_column_to_fill_in_is_exported() -> None:
    assert set(FILL_IN) <= set(Judgement.model_fields)
    assert set(FILL_IN) <= set(COLUMNS)
