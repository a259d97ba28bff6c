"""A sweep at the command line: requested, claimed, taken out to a spreadsheet, and handed back in."""

import csv
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incidents.store.post_source import read_source
from incidents.store.sweeps import find_sweep, finish, freeze
from incidents.sweeps.batches import Assignment
from incidents.sweeps.universe import gather
from tests.console.command_line import at_home, declared, open_store, run, told, write

TERM = "storm the clinic"
SECRET = "bring your friends at nine"
POSTS = (
    f"id,text,language\n1,{TERM} {SECRET},en\n2,{TERM} now {SECRET},en\n3,{SECRET},en\n4,{TERM} {SECRET}!,en\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return write(tmp_path / "posts.csv", POSTS)


def worked(posts: Path) -> str:
    """A crisis with a frozen sweep of two batches of the team english; returns the sweep's id."""
    declared()
    sweep = str(told("sweep", "start", "INC-1", "--term", TERM, "--posts", str(posts))["sweep"])
    with closing(open_store()) as store, store.begin() as work:
        found = find_sweep(work, sweep)
        share_out = Assignment(default_team="english", default_size=2)
        universe = gather(read_source(found.source), found.scope, share_out)
        freeze(work, sweep, universe, now=datetime.now(UTC))
    return sweep


def fill_in(file: Path, **said: str) -> None:
    """Decide every row of an exported CSV alike."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.DictWriter(text, rows[0].keys(), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows({**row, **said} for row in rows)


VIOLATES = {"verdict": "violates", "policy": "violence.incitement", "clause": "call-to-act", "action": "remove"}


def test_a_batch_goes_out_and_comes_back(posts: Path, tmp_path: Path) -> None:
    sweep = worked(posts)
    claimed = told("sweep", "claim", "english", "--as", "dev-e")
    assert (claimed["size"], claimed["held_by"]) == (2, "dev-e")
    file = tmp_path / "batch.csv"
    out = run("sweep", "export", claimed["batch"], "--out", str(file), "--as", "dev-e")
    assert SECRET not in out.output
    assert SECRET in file.read_text(encoding="utf-8")
    fill_in(file, **VIOLATES)
    done = run("sweep", "import", str(file), "--batch", claimed["batch"], "--as", "dev-e").stdout
    assert "2 new decisions, 0 changed, 0 as before; the batch is done." in done
    again = told("sweep", "import", str(file), "--batch", claimed["batch"], "--as", "dev-e")
    assert (again["new"], again["unchanged"]) == (0, 2)
    status = run("sweep", "status", sweep).stdout
    assert f"{sweep} is working: 2 of 3 items are decided." in status
    assert SECRET not in status


def test_what_is_wrong_in_a_row_keeps_all_out(posts: Path, tmp_path: Path) -> None:
    worked(posts)
    batch = told("sweep", "claim", "english", "--as", "dev-e")["batch"]
    file = tmp_path / "batch.csv"
    run("sweep", "export", batch, "--out", str(file), "--as", "dev-e")
    fill_in(file, **{**VIOLATES, "clause": "no-such"})
    refused = run("sweep", "import", str(file), "--batch", batch, "--as", "dev-e", code=1)
    assert "nothing was imported" in refused.stderr
    assert "\n  row 2 (item " in refused.stderr
    assert SECRET not in refused.output
    assert told("sweep", "status", "INC-1-S1")["parts"][0]["decided"] == 0
    file.write_text("verdict\nviolates\n", encoding="utf-8")
    assert "lacks batch" in run("sweep", "import", str(file), "--batch", batch, "--as", "dev-e", code=1).stderr


def test_an_export_of_a_batch_that_nobody_holds_says_so(posts: Path, tmp_path: Path) -> None:
    worked(posts)
    file = tmp_path / "batch.xlsx"
    told_of = run("sweep", "export", "INC-1-S1-B1", "--out", str(file), "--as", "dev-e")
    assert "claim it first" in told_of.stderr
    assert file.stat().st_size
    nowhere = str(tmp_path / "none" / "batch.csv")
    assert "Nothing is lost" in run("sweep", "export", "INC-1-S1-B1", "--out", nowhere, code=1).stderr
    assert (
        ".csv or .xlsx"
        in run("sweep", "export", "INC-1-S1-B1", "--out", str(tmp_path / "b.txt"), code=1).stderr
    )


def test_a_partner_sees_their_own_team(posts: Path) -> None:
    sweep = worked(posts)
    assert told("sweep", "status", sweep, "--as", "dev-e")["parts"][0]["team"] == "english"
    assert told("sweep", "status", sweep, "--as", "cleo-l")["parts"] == []
    assert "OTHER_TEAM" in run("sweep", "claim", "english", "--as", "cleo-l", code=1).stderr


def test_no_free_batch_is_exit_code_1(posts: Path) -> None:
    declared()
    assert (
        "No batch of the team english is free"
        in run("sweep", "claim", "english", "--as", "dev-e", code=1).stderr
    )
    assert "There is no team nobody" in run("sweep", "claim", "nobody", code=1).stderr


def test_the_plan_is_written_once_the_sweep_is_finished(posts: Path, tmp_path: Path) -> None:
    sweep = worked(posts)
    plan = tmp_path / "plan.csv"
    assert "has no plan yet" in run("sweep", "plan", sweep, "--out", str(plan), code=1).stderr
    for _ in range(2):
        batch = told("sweep", "claim", "english", "--as", "dev-e")["batch"]
        file = tmp_path / "batch.csv"
        run("sweep", "export", batch, "--out", str(file), "--as", "dev-e")
        fill_in(file, **VIOLATES)
        run("sweep", "import", str(file), "--batch", batch, "--as", "dev-e")
    with closing(open_store()) as store, store.begin() as work:
        finish(work, sweep, now=datetime.now(UTC))
    assert told("sweep", "plan", sweep, "--out", str(plan))["actions"] == 3
    assert SECRET not in plan.read_text(encoding="utf-8")
    # The results hold item ids and decisions, and never a text.
    run("incidents", "export", "INC-1", "--out", str(tmp_path / "out"))
    decisions = (tmp_path / "out" / "decisions.csv").read_text(encoding="utf-8-sig")
    assert len(decisions.splitlines()) == 4
    assert '"violence.incitement"' in decisions
    assert not [path for path in (tmp_path / "out").iterdir() if SECRET in path.read_text(encoding="utf-8")]


def test_a_scope_comes_from_a_file_and_options(posts: Path, tmp_path: Path) -> None:
    declared()
    scope = write(tmp_path / "scope.yaml", "terms: [clinic]\nsince: '2026-01-15T08:00:00Z'\n")
    run("sweep", "start", "INC-1", "--scope", str(scope), "--term", "storm", "--posts", str(posts))
    assert told("sweep", "status", "INC-1-S1")["scope"]["terms"] == ["clinic", "storm"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("terms: [one\n", "scope.yaml:2: this is not YAML"),
        ("- one\n", "this is no scope"),
        ("words: [one]\n", "words: Extra inputs are not permitted"),
        ("patterns: ['(?=x)']\n", "look-ahead"),
    ],
)
def test_a_wrong_scope_is_refused(tmp_path: Path, posts: Path, text: str, complaint: str) -> None:
    scope = write(tmp_path / "scope.yaml", text)
    refused = run("sweep", "start", "INC-1", "--scope", str(scope), "--posts", str(posts), code=1)
    assert complaint in refused.stderr


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("id,body\n1,x\n", "there is no column `text`"), ("", "the file is empty"), ('text\n"x\n', "line 2")],
)
def test_a_wrong_posts_file_is_refused_before_anything_is_requested(
    tmp_path: Path, content: str, complaint: str
) -> None:
    declared()
    file = write(tmp_path / "posts.csv", content)
    start = ("sweep", "start", "INC-1", "--term", "clinic")
    assert complaint in run(*start, "--posts", str(file), code=1).stderr
    assert "there is no such file" in run(*start, "--posts", str(tmp_path / "none.csv"), code=1).stderr
    assert told("incidents", "show", "INC-1")["sweeps"] == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--posts", "a.csv", "--sql-url", "sqlite:///b.db"),
        ("--sql-url", "sqlite:///b.db"),
        ("--sql-url", "sqlite:///b.db", "--table", "posts", "--column", "text"),
    ],
)
def test_a_source_is_named_once(words: tuple[str, ...]) -> None:
    run("sweep", "start", "INC-1", "--term", "clinic", *words, code=2)


def test_a_table_is_kept_with_its_columns_and_shown_without_its_password() -> None:
    declared()
    start = ("sweep", "start", "INC-1", "--term", "clinic", "--table", "posts")
    url = "postgresql://reader:s3cret@db/posts"
    assert "a post has no words" in run(*start, "--sql-url", url, "--column", "words=body", code=1).stderr
    assert "not a database URL" in run(*start, "--sql-url", "nowhere", code=1).stderr
    printed = run(*start, "--sql-url", url, "--column", "text=body", "--json").output
    printed += run("sweep", "status", "INC-1-S1", "--json").output
    assert "s3cret" not in printed
    with closing(open_store()) as store, store.read() as work:
        assert find_sweep(work, "INC-1-S1").source.kept()["columns"] == {"text": "body"}


def test_a_batch_that_is_given_back_is_free_for_the_next_person(posts: Path) -> None:
    sweep = worked(posts)
    batch = str(told("sweep", "claim", "english", "--sweep", sweep)["batch"])
    assert told("sweep", "return", batch, "--reason", "End of shift") == {"batch": batch, "team": "english"}
    run("sweep", "return", batch, "--reason", "End of shift", code=1)
    assert told("sweep", "claim", "english", "--sweep", sweep)["batch"] == batch
