"""A sweep at the command line: requested, claimed, taken out to a spreadsheet, and handed back in."""

from contextlib import closing
from pathlib import Path

import pytest

from incidents.people import Person, Role
from incidents.store.access_log import Access, read_log
from incidents.store.sweeps import find_sweep
from tests.console.command_line import at_home, declared, open_store, run, seconded, told, write
from tests.console.swept import (
    COPIED,
    HARMLESS,
    POSTS,
    SECRET,
    TERM,
    UNSURE,
    VIOLATES,
    ended,
    fill_in,
    gathered,
    read_by,
    worked,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def test_a_batch_goes_out_and_comes_back(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    claimed = told("sweep", "claim", "english", "--as", "dev-e")
    assert (claimed["size"], claimed["held_by"]) == (3, "dev-e")
    file = tmp_path / "batch.csv"
    out = run("sweep", "export", claimed["batch"], "--out", str(file), "--as", "dev-e")
    assert SECRET not in out.output
    assert SECRET in file.read_text(encoding="utf-8")
    fill_in(file, VIOLATES)
    done = run("sweep", "import", str(file), "--batch", claimed["batch"], "--as", "dev-e").stdout
    assert "3 new decisions, 0 changed, 0 as before; the batch is done." in done
    again = told("sweep", "import", str(file), "--batch", claimed["batch"], "--as", "dev-e")
    assert (again["new"], again["unchanged"]) == (0, 3)
    status = run("sweep", "status", sweep).stdout
    assert f"{sweep} is working: 3 of 3 items are decided." in status
    assert SECRET not in status


def test_what_is_wrong_in_a_row_keeps_all_out(tmp_path: Path) -> None:
    worked(tmp_path)
    batch = told("sweep", "claim", "english", "--as", "dev-e")["batch"]
    file = tmp_path / "batch.csv"
    run("sweep", "export", batch, "--out", str(file), "--as", "dev-e")
    fill_in(file, {**VIOLATES, "clause": "no-such"})
    refused = run("sweep", "import", str(file), "--batch", batch, "--as", "dev-e", code=1)
    assert "nothing was imported" in refused.stderr
    assert "\n  row 2 (item " in refused.stderr
    assert SECRET not in refused.output
    assert told("sweep", "status", "INC-1-S1")["parts"][0]["decided"] == 0
    file.write_text("verdict\nviolates\n", encoding="utf-8")
    assert "lacks batch" in run("sweep", "import", str(file), "--batch", batch, "--as", "dev-e", code=1).stderr


def test_an_export_of_a_batch_that_nobody_holds_says_so(tmp_path: Path) -> None:
    worked(tmp_path)
    batch = told("sweep", "claim", "english", "--as", "dev-e")["batch"]
    run("sweep", "return", batch, "--reason", "End of shift", "--as", "dev-e")
    file = tmp_path / "batch.xlsx"
    silent = run("sweep", "export", batch, "--out", str(file), "--as", "dev-e", code=1)
    assert "REASON_MISSING" in silent.stderr
    assert not file.exists()
    why = ("--reason", "The next shift works offline")
    told_of = run("sweep", "export", batch, "--out", str(file), *why, "--as", "dev-e")
    assert "claim it first" in told_of.stderr
    assert file.stat().st_size
    nowhere = str(tmp_path / "none" / "batch.csv")
    assert "Nothing is lost" in run("sweep", "export", batch, "--out", nowhere, *why, code=1).stderr
    wrong = str(tmp_path / "b.txt")
    assert ".csv or .xlsx" in run("sweep", "export", batch, "--out", wrong, *why, code=1).stderr


def test_who_takes_posts_into_a_spreadsheet_is_written_down(tmp_path: Path) -> None:
    worked(tmp_path)
    batch = told("sweep", "claim", "english", "--as", "dev-e")["batch"]
    run("sweep", "export", batch, "--out", str(tmp_path / "b.csv"), "--as", "dev-e")
    run("sweep", "export", batch, "--out", str(tmp_path / "c.csv"), "--reason", "A check", "--as", "fay-e")
    root = Person(id="root", roles=frozenset({Role.administrator}))
    with closing(open_store()) as store, store.read() as work:
        log = [each for each in read_log(work, by=root) if each.what is Access.posts_taken]
    assert [(each.person, each.target, each.reason) for each in log] == [
        ("fay-e", batch, "A check"),
        ("dev-e", batch, ""),
    ]


def test_a_partner_sees_their_own_team_and_no_seed(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    mine = told("sweep", "status", sweep, "--as", "dev-e")
    assert mine["parts"][0]["team"] == "english"
    assert {"steer_seed", "certify_seed", "knowledge"}.isdisjoint(mine)
    elsewhere = told("sweep", "status", sweep, "--as", "cleo-l")
    assert (elsewhere["parts"], elsewhere["batches"]) == ([], [])
    assert "Known:" not in run("sweep", "status", sweep, "--as", "dev-e").stdout
    assert "OTHER_TEAM" in run("sweep", "claim", "english", "--as", "cleo-l", code=1).stderr


def test_the_status_counts_posts_by_surface_where_they_have_one(tmp_path: Path) -> None:
    header, *lines = POSTS.splitlines()
    surfaces = ["feed", "live", "live", ""]
    rows = [f"{header},surface", *map(",".join, zip(lines, surfaces, strict=True))]
    sweep = worked(tmp_path, "\n".join(rows))
    read_by("dev-e", tmp_path, HARMLESS, **{"1": VIOLATES})
    counted = {"items": 1, "decided": 1, "violates": 0}
    assert told("sweep", "status", sweep)["surfaces"] == [
        {"surface": None, **counted},
        {"surface": "feed", **counted, "violates": 1},
        {"surface": "live", **counted},
    ]
    assert "feed\t1\t1\t1" in run("sweep", "status", sweep).stdout
    assert told("sweep", "status", sweep, "--as", "cleo-l")["surfaces"] == []


def test_nothing_to_read_is_exit_code_1(tmp_path: Path) -> None:
    declared()
    assert (
        "Nothing waits for the team english" in run("sweep", "claim", "english", "--as", "dev-e", code=1).stderr
    )
    assert "There is no team nobody" in run("sweep", "claim", "nobody", code=1).stderr


def test_the_plan_is_written_once_the_sweep_is_finished(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    plan = tmp_path / "plan.csv"
    assert "has no plan yet" in run("sweep", "plan", sweep, "--out", str(plan), code=1).stderr
    read_by("dev-e", tmp_path, VIOLATES)
    ended(sweep)
    assert told("sweep", "plan", sweep, "--out", str(plan))["actions"] == 3
    assert SECRET not in plan.read_text(encoding="utf-8")
    # The results hold item ids and decisions, and never a text.
    run("incidents", "export", "INC-1", "--out", str(tmp_path / "out"))
    decisions = (tmp_path / "out" / "decisions.csv").read_text(encoding="utf-8-sig")
    assert len(decisions.splitlines()) == 4
    assert '"violence.incitement"' in decisions
    assert not [path for path in (tmp_path / "out").iterdir() if SECRET in path.read_text(encoding="utf-8")]


def test_a_decision_that_is_undone_after_the_end_is_reversed_with_its_copies(tmp_path: Path) -> None:
    sweep = worked(tmp_path, COPIED)
    read_by("dev-e", tmp_path, VIOLATES)
    ended(sweep)
    [cluster] = told("sweep", "clusters", sweep)
    undone = run("sweep", "undo", sweep, cluster["head"], "--reason", "It is a report", "--as", "fay-e")
    assert "and with it that of 2 copies" in undone.stdout
    assert "says what is to be reversed" in undone.stdout
    plan = tmp_path / "plan.csv"
    counted = told("sweep", "plan", sweep, "--out", str(plan))
    assert (counted["actions"], counted["reversals"]) == (2, 3)
    assert plan.read_text(encoding="utf-8-sig").count('"keep","violence.incitement"') == 3
    assert f'"reversal:{sweep}:12","action:{sweep}:12"' in plan.read_text(encoding="utf-8-sig")
    assert "ITEM_UNDECIDED" in run("sweep", "undo", sweep, cluster["head"], "--reason", "again", code=1).stderr
    assert "ROLE_MISSING" in run("sweep", "undo", sweep, "2", "--reason", "no", "--as", "dev-e", code=1).stderr


def test_the_largest_clusters_are_told_without_their_texts(tmp_path: Path) -> None:
    sweep = worked(tmp_path, COPIED)
    out = run("sweep", "clusters", sweep)
    assert SECRET not in out.output
    [cluster] = told("sweep", "clusters", sweep)
    assert (cluster["posts"], cluster["covered"], cluster["reach"]) == (3, 2, 210)
    assert (cluster["languages"], cluster["verdict"]) == (["en"], None)
    assert cluster["first_seen"] == "2026-01-15T07:00:00+00:00"
    read_by("dev-e", tmp_path, VIOLATES)
    [cluster] = told("sweep", "clusters", sweep)
    assert (cluster["verdict"], cluster["violates"]) == ("violates", 3)
    assert told("sweep", "clusters", sweep, "--as", "cleo-l") == []


def test_an_item_is_left_to_somebody_else_and_another_is_urged(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    urged = run("sweep", "urge", sweep, "4", "2", "--reason", "The press has it").stdout
    assert f"2 posts of {sweep} will be read first" in urged
    assert "ITEM_UNKNOWN" in run("sweep", "urge", sweep, "nine", "--reason", "x", code=1).stderr
    batch = told("sweep", "claim", "english", "--as", "dev-e")["batch"]
    skipped = run("sweep", "skip", batch, "4", "--reason", "I know the author", "--as", "dev-e").stdout
    assert "goes to somebody else" in skipped
    run("sweep", "skip", batch, "4", "--reason", "x", "--as", "dev-e")  # again, which changes nothing
    assert "ITEM_ELSEWHERE" in run("sweep", "skip", batch, "9", "--reason", "x", "--as", "dev-e", code=1).stderr
    assert "held by dev-e" in run("sweep", "skip", batch, "2", "--reason", "x", "--as", "fay-e", code=1).stderr
    assert told("sweep", "claim", "english", "--as", "fay-e")["size"] == 1
    timeline = run("incidents", "show", "INC-1").stdout
    assert SECRET not in timeline


def test_a_sweep_is_closed_by_its_commander_with_a_reason(tmp_path: Path) -> None:
    sweep = worked(tmp_path, sampled=True)
    assert "ROLE_MISSING" in run("sweep", "close", sweep, "--reason", "x", "--as", "fay-e", code=1).stderr
    assert "REASON_MISSING" in run("sweep", "close", sweep, "--reason", " ", code=1).stderr
    assert "noor confirmed it" in seconded("sweep", "close", sweep, "--reason", "All of it is gone").stdout
    status = run("sweep", "status", sweep).stdout
    assert "Known: ada-l closed it before its target of 90.0 % was reached (“All of it is gone”);" in status
    assert "Another hour: it hands out nothing any more." in status
    assert "SWEEP_NOT_WORKED" in run("sweep", "close", sweep, "--reason", "again", code=1).stderr
    assert "SWEEP_ENDED" in run("sweep", "urge", sweep, "2", "--reason", "x", code=1).stderr
    assert "Nothing waits" in run("sweep", "claim", "english", "--as", "dev-e", code=1).stderr


def test_later_posts_are_another_window_of_the_same_sweep(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    later = write(tmp_path / "later.csv", f"id,text,language\n21,they still want to {TERM} as of noon,en\n")
    assert told("sweep", "widen", sweep, "--posts", str(later)) == {"sweep": sweep, "window": 2}
    assert "ROLE_MISSING" in run("sweep", "widen", sweep, "--posts", str(later), "--as", "fay-e", code=1).stderr
    gathered(sweep, window=2)
    assert told("sweep", "status", sweep)["parts"][0]["items"] == 4
    seconded("sweep", "close", sweep, "--reason", "Enough")
    assert "SWEEP_ENDED" in run("sweep", "widen", sweep, "--posts", str(later), code=1).stderr


def test_what_is_decided_as_unsure_waits_for_a_third_person(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    read_by("dev-e", tmp_path, HARMLESS, **{"2": UNSURE})
    [language] = told("sweep", "status", sweep)["knowledge"]["languages"]
    assert (language["disputes"], language["read"], language["to_read"]) == (1, 3, 0)
    assert told("sweep", "claim", "english", "--as", "fay-e")["size"] == 1


def test_a_scope_comes_from_a_file_and_options(tmp_path: Path) -> None:
    declared()
    posts = write(tmp_path / "posts.csv", POSTS)
    scope = write(tmp_path / "scope.yaml", "terms: [clinic]\nsince: '2026-01-15T08:00:00Z'\n")
    media = f"md5:{'0a' * 16}"
    words = [
        *("--term", "storm", "--hashtag", "#Now", "--domain", "evil.example", "--url", "a.example/b"),
        *("--pattern", "sto.m", "--account", "@bad", "--media", media, "--exclude", "drill"),
        *("--like", "bring your friends to the clinic", "--language", "en", "--region", "gb"),
        *("--until", "2026-02-01T00:00Z"),
    ]
    run("sweep", "start", "INC-1", "--scope", str(scope), *words, "--posts", str(posts))
    kept = told("sweep", "status", "INC-1-S1")["scope"]
    assert kept["terms"] == ["clinic", "storm"]
    assert (kept["hashtags"], kept["domains"], kept["urls"]) == (["now"], ["evil.example"], ["a.example/b"])
    assert (kept["patterns"], kept["accounts"], kept["regions"]) == (["sto.m"], ["bad"], ["GB"])
    assert (kept["media"], kept["languages"]) == ([media], ["en"])
    assert (kept["examples"], kept["excluded_terms"]) == (["bring your friends to the clinic"], ["drill"])
    assert (kept["since"], kept["until"]) == ("2026-01-15T08:00:00Z", "2026-02-01T00:00:00Z")


def test_a_target_is_set_before_anything_is_read(tmp_path: Path) -> None:
    declared()
    posts = write(tmp_path / "posts.csv", POSTS)
    start = ("sweep", "start", "INC-1", "--term", TERM, "--posts", str(posts))
    assert told(*start, "--target", "0.8", "--confidence", "0.9")["goal"]["target"] == 0.8
    assert told("sweep", "status", "INC-1-S1")["goal"]["confidence"] == 0.9
    run(*start, "--target", "1.5", code=2)
    requested = run("sweep", "status", "INC-1-S1").stdout
    assert "Known: it is requested, and its posts are not gathered yet." in requested
    assert "Another hour: nothing can be said before its posts are gathered." in requested


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("terms: [one\n", "scope.yaml:2: this is not YAML"),
        ("- one\n", "this is no scope"),
        ("words: [one]\n", "words: Extra inputs are not permitted"),
        ("patterns: ['(?=x)']\n", "look-ahead"),
    ],
)
def test_a_wrong_scope_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    posts, scope = write(tmp_path / "posts.csv", POSTS), write(tmp_path / "scope.yaml", text)
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
        ("--posts", "a.csv", "--platform", "https://api.example"),
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


def test_a_batch_that_is_given_back_is_free_for_the_next_person(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    batch = str(told("sweep", "claim", "english", "--sweep", sweep)["batch"])
    assert told("sweep", "return", batch, "--reason", "End of shift") == {"batch": batch, "team": "english"}
    run("sweep", "return", batch, "--reason", "End of shift", code=1)
    assert told("sweep", "claim", "english", "--sweep", sweep)["batch"] == batch


def test_sweeps_propose_what_to_do_otherwise() -> None:
    incident = declared()
    assert run("sweep", "findings", incident).stdout.startswith("No sweep proposes anything")
    assert told("sweep", "findings", "--policy", "violence.incitement") == []
    assert "ROLE_MISSING" in run("sweep", "findings", incident, "--as", "dev-e", code=1).stderr
    run("sweep", "findings", code=2)
    run("sweep", "findings", incident, "--policy", "violence.incitement", code=2)
