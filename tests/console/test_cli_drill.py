"""A drill at the command line: what is refused before anything starts, what is followed, what is left behind.

The flow itself is played here: the story of a real one is told in tests/story.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from incidents.errors import PartnerUnreachable
from incidents.settings import Settings
from incidents.store.drills import end_drill, find_drill, reach_stage
from tests.console.command_line import at_home, open_store, opened, run, told, write

Play = Callable[..., str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_args: object) -> None:
        raise AssertionError("something was started")

    monkeypatch.setattr("console.stack.is_up", start)
    monkeypatch.setattr("console.stack.running_stack", start)


def play(monkeypatch: pytest.MonkeyPatch, flow: Play) -> None:
    """Let this stand for the flow, on a stack that is up."""
    monkeypatch.setattr("console.stack.is_up", lambda _settings: True)
    monkeypatch.setattr("console.runs.start_flow", flow)


def rehearse(settings: Settings, flow: str, request: dict[str, str], key: str) -> str:
    """A drill that opens its incident and comes to its end."""
    assert (flow, key) == ("drill", request["drill"])
    incident = opened("[red]Footage[/red] \x1b[31m", drill=request["drill"])
    with closing(open_store()) as store, store.begin() as work:
        reach_stage(work, request["drill"], "review", incident=incident)
        end_drill(work, request["drill"], results={"recall": 0.975, "precision": None})
    return "run"


def break_down(settings: Settings, flow: str, request: dict[str, str], key: str) -> str:
    """A drill that fails at its sweep."""
    incident = opened(drill=request["drill"])
    with closing(open_store()) as store, store.begin() as work:
        reach_stage(work, request["drill"], "sweep", incident=incident)
        end_drill(work, request["drill"], failure="the worker is gone")
    return "run"


def test_a_drill_leaves_its_results_in_the_folder(monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    play(monkeypatch, rehearse)
    printed = run("drill", "--size", "200", "--seed", "7", "--out", str(out)).stdout
    assert "08:00:00  A candidate incident, “[red]Footage[/red] [31m”, was opened" in printed
    assert "recall: 97.5 %" in printed
    assert "severity: sev1" in printed
    assert f"results: {out}" in printed
    assert "\x1b" not in printed
    assert json.loads((out / "incident.json").read_text())["incident"]["drill"] == "DRILL-1"
    with closing(open_store()) as store, store.read() as work:
        asked = find_drill(work, "DRILL-1")
    assert (asked.request["seed"], asked.request["posts"]) == (7, 200)
    # A fast drill always begins at the same moment of its own clock.
    assert asked.stands_at is not None
    assert asked.stands_at.isoformat() == "2026-01-15T08:00:00+00:00"


def test_with_json_the_answer_alone_goes_to_stdout(monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    play(monkeypatch, rehearse)
    answer = told("drill", "--out", str(out))
    assert (answer["incident"], answer["recall"]) == ("INC-1", 0.975)
    assert str(out / "timeline.jsonl") in answer["results"]


def test_a_live_drill_tells_the_real_time(monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    play(monkeypatch, rehearse)
    run("drill", "--live", "--out", str(out))
    with closing(open_store()) as store, store.read() as work:
        asked = find_drill(work, "DRILL-1")
    assert asked.stands_at is None


def test_a_failed_stage_is_exit_code_1_and_leaves_what_there_is(
    monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    play(monkeypatch, break_down)
    failed = run("drill", "--out", str(out), code=1)
    assert "failed at the stage “sweep”: the worker is gone" in failed.stderr
    assert (out / "timeline.jsonl").exists()


def test_a_drill_that_does_not_end_in_time_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    play(monkeypatch, lambda *_args, **_kwargs: "run")
    times = iter([0.0, 1.0, 61.0])
    monkeypatch.setattr("console.cli.following.time.monotonic", lambda: next(times))
    monkeypatch.setattr("console.cli.following.time.sleep", lambda _seconds: None)
    late = run("drill", "--deadline", "1", "--out", str(out), code=1)
    assert "did not end in time" in late.stderr
    assert "wall time: 1 min" in late.stdout


def test_a_drill_that_cannot_be_started_is_recorded_as_failed(
    monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> str:
        raise PartnerUnreachable("Prefect does not answer.")

    play(monkeypatch, refuse)
    assert "Prefect does not answer." in run("drill", "--out", str(out), code=1).stderr
    with closing(open_store()) as store, store.read() as work:
        assert find_drill(work, "DRILL-1").state == "failed"


def test_without_a_stack_one_is_started_for_the_time_of_the_drill(
    monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    steps: list[str] = []

    @contextmanager
    def running_stack(_settings: Settings, _say: object) -> Iterator[None]:
        steps.append("started")
        yield
        steps.append("stopped")

    play(monkeypatch, rehearse)
    monkeypatch.setattr("console.stack.is_up", lambda _settings: False)
    monkeypatch.setattr("console.stack.running_stack", running_stack)
    assert "started for the time of the drill" in run("drill", "--out", str(out)).stderr
    assert steps == ["started", "stopped"]


def test_a_full_disk_says_that_the_results_stay_in_the_store(
    monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    play(monkeypatch, rehearse)
    out.mkdir()
    (out / ".incident.json.part").symlink_to("/dev/full")  # every write to it answers as a full disk does
    full = run("drill", "--out", str(out), code=1).stderr
    assert "No space left on device" in full
    assert "They stay in the store" in full
    assert "The drill itself finished" in full
    run("incidents", "export", "INC-1", "--out", str(out))
    assert (out / "incident.json").exists()


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("posts.csv", "id,body\n1,x\n", "there is no column `text`"),
        ("posts.jsonl", "{\n", "line 1 is not JSON"),
        ("posts.parquet", "no parquet", "this is not Parquet"),
        ("posts.docx", "text", "the name does not say what is in it"),
        ("posts.csv.gz", "text", "this is not gzip"),
    ],
)
def test_a_posts_file_that_cannot_be_read_starts_nothing(
    tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    file = write(tmp_path / name, content)
    refused = run("drill", "--posts", str(file), "--out", str(tmp_path / "out"), code=1)
    assert complaint in refused.stderr
    assert refused.stdout == ""


@pytest.mark.usefixtures("nothing_starts")
def test_what_cannot_work_starts_nothing(tmp_path: Path) -> None:
    assert "There is no scenario flood" in run("drill", "--scenario", "flood", code=1).stderr
    file = write(tmp_path / "file", "")
    refused = run("drill", "--out", str(file), code=1).stderr
    assert f"Nothing can be written to {file}" in refused
    assert "there is no such file" in run("drill", "--posts", str(tmp_path / "none.csv"), code=1).stderr


@pytest.mark.parametrize(
    "words", [("--size", "99"), ("--size", "many"), ("--error-rate", "2"), ("--seed", "-1"), ("--no-such",)]
)
def test_a_mistake_in_typing_is_exit_code_2(words: tuple[str, ...]) -> None:
    run("drill", *words, code=2)
