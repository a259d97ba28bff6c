"""Golden items are handed in, counted and retired, and their texts are shown to nobody."""

from pathlib import Path

import pytest

from incidents.store.golden import GoldenItem
from tests.console.command_line import at_home, run, told, write

SECRET = "a sentence that everybody agreed on"
ROWS = (
    "policy,language,text,violates,clause\n"
    f"violence.incitement,EN,{SECRET} one,yes,call-to-act\n"
    f"violence.incitement,en,{SECRET} two,no,\n"
    f"violence.incitement,de,{SECRET} three,yes,\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def test_they_are_added_once_and_counted(tmp_path: Path) -> None:
    file = str(write(tmp_path / "golden.csv", ROWS))
    assert told("golden", "import", file) == {"added": 3, "known": 0}
    again = run("golden", "import", file)
    assert "0 golden items were added; 3 were known already." in again.stdout
    counts = {row["language"]: (row["violating"], row["harmless"]) for row in told("golden", "list")}
    assert counts == {"de": (1, 0), "en": (1, 1)}
    assert SECRET not in again.output + run("golden", "list").output


def test_json_lines_are_read_as_well(tmp_path: Path) -> None:
    line = '{"policy": "violence.incitement", "language": "en", "text": "a text", "violates": true}\n'
    assert told("golden", "import", str(write(tmp_path / "golden.jsonl", line)))["added"] == 1


def test_every_wrong_row_is_named_and_nothing_is_added(tmp_path: Path) -> None:
    rows = ROWS + f"no.such,en,{SECRET},maybe,\nviolence.incitement,en,{SECRET} four,no,call-to-act\n"
    refused = run("golden", "import", str(write(tmp_path / "golden.csv", rows)), code=1)
    assert "nothing was added" in refused.stderr
    assert "  row 4: `violates` is yes or no." in refused.stderr
    assert "  row 4: its policy is not in force." in refused.stderr
    assert "  row 5: what does not violate breaks no clause." in refused.stderr
    assert SECRET not in refused.output
    assert told("golden", "list") == []
    lacking = str(write(tmp_path / "lacking.csv", "text,language\nx,en\n"))
    assert "it lacks policy, violates" in run("golden", "import", lacking, code=1).stderr


def test_only_who_writes_guidelines_touches_them(tmp_path: Path) -> None:
    file = str(write(tmp_path / "golden.csv", ROWS))
    assert "ROLE_MISSING" in run("golden", "import", file, "--as", "dev-e", code=1).stderr
    assert "ROLE_MISSING" in run("golden", "list", "--as", "dev-e", code=1).stderr
    assert "ROLE_MISSING" in run("golden", "retire", "1", "--reason", "x", "--as", "dev-e", code=1).stderr


def test_a_retired_one_is_counted_apart(tmp_path: Path) -> None:
    run("golden", "import", str(write(tmp_path / "golden.csv", ROWS)))
    item = GoldenItem(policy="violence.incitement", language="en", text=f"{SECRET} one", violates=True).id("")
    assert told("golden", "retire", item, "--reason", "The policy changed") == {"item": item, "retired": True}
    assert "was retired before" in run("golden", "retire", item, "--reason", "Again").stdout
    counts = {row["language"]: (row["violating"], row["retired"]) for row in told("golden", "list")}
    assert counts == {"de": (1, 0), "en": (0, 1)}
    assert "no golden item 17" in run("golden", "retire", "17", "--reason", "x", code=1).stderr
    assert "REASON_MISSING" in run("golden", "retire", item, "--reason", " ", code=1).stderr
