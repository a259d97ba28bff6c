"""Looking at incidents: what is printed where, and that nothing in a record acts on the terminal."""

import json
import sys
from contextlib import closing
from pathlib import Path

import pytest

from incidents.store.shift_notes import keep
from incidents.store.timeline import append
from incidents.timeline import Event
from tests.console.command_line import CRISIS, NOW, WHY, at_home, declared, open_store, opened, run, told, write

HOSTILE = "\x1b[31mred\x1b[0m [bold]bold[/bold] \u202egnp.exe\x07\n# not a heading"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def test_a_pipe_gets_plain_lines() -> None:
    declared()
    lines = run("incidents").stdout.splitlines()
    assert lines[0].split("\t") == ["id", "severity", "phase", "since", "title", "kind"]
    assert lines[1].split("\t")[0] == "INC-1"
    shown = run("incidents", "show", "INC-1", "--last", "1").stdout
    assert not set(shown) & set("\x1b│┃━─╭")
    assert "Ada-l took the role commander." in shown
    assert "opened as" not in shown


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    opened(HOSTILE)
    monkeypatch.setattr("console.cli.printing.on_terminal", lambda: True)
    table = run("incidents").stdout
    assert "┃" in table
    # Rich does not read its own markup in a title, and no escape is left of it.
    assert "[bold]" in table
    assert not set(table) & {"\x1b", "\x07", "\u202e"}
    assert "\x1b" not in run("incidents", "show", "INC-1").stdout.replace("\x1b[1m", "").replace("\x1b[0m", "")


def test_a_hostile_title_is_one_inert_line() -> None:
    opened(HOSTILE)
    for words in (("incidents",), ("incidents", "show", "INC-1")):
        printed = run(*words).stdout
        assert not set(printed) & {"\x1b", "\x07", "\u202e"}
        assert "[bold]bold[/bold]" in printed
        assert not [line for line in printed.splitlines() if line.startswith("#")]
    # JSON keeps it whole, and escapes it.
    raw = run("incidents", "--json").stdout
    assert raw.isascii()
    assert "\x1b" not in raw
    assert json.loads(raw)[0]["title"] == HOSTILE


def test_ended_incidents_and_drills_are_shown_on_demand() -> None:
    opened("real")
    opened("exercise", drill="DRILL-1")
    assert [row["id"] for row in told("incidents")] == ["INC-1"]
    assert [row["id"] for row in told("incidents", "list", "--drills")] == ["INC-2", "INC-1"]
    run("dismiss", "INC-1", *WHY)
    assert told("incidents", "list", "--severity", "sev1") == []
    assert [row["id"] for row in told("incidents", "--all", "--phase", "dismissed")] == ["INC-1"]


def test_show_says_what_is_loose() -> None:
    opened()
    run("declare", "INC-1", *WHY)
    run("ask", "INC-1", "--team", "legal", "--text", "Orders?")
    shown = told("incidents", "show", "INC-1")
    assert [ask["key"] for ask in shown["asks"]] == ["ask:INC-1:legal:1"]
    assert shown["timeline"][0]["sentence"].startswith("A candidate incident")
    assert "ask:INC-1:legal:1" in run("asks").stdout
    assert told("asks", "--as", "cleo-l")[0]["team"] == "legal"
    assert told("asks", "INC-1", "--as", "dev-e") == []


def test_verify_names_the_first_entry_that_does_not_fit() -> None:
    declared()
    assert run("verify").stdout == "Every entry fits the one before it.\n"
    with closing(open_store()) as store, store.begin() as work:
        # The trigger that refuses a change is taken away, as somebody with the file could.
        work.connection.exec_driver_sql("DROP TRIGGER timeline_no_update")
        work.connection.exec_driver_sql("UPDATE timeline SET actor = 'noor' WHERE seq = 2")
    broken = run("verify", code=1).stdout
    assert broken.startswith("INC-1#2 does not fit: its content was changed")
    assert told("verify", "INC-1", code=1)["breaks"][0]["seq"] == 2


def test_an_export_holds_the_record(tmp_path: Path) -> None:
    declared()
    out = tmp_path / "out"
    write(out / "retrospective.md", "of another incident")
    told_of = told("incidents", "export", "INC-1", "--out", str(out))
    assert sorted(path.name for path in out.iterdir()) == ["decisions.csv", "incident.json", "timeline.jsonl"]
    assert len(told_of["files"]) == 3
    assert json.loads((out / "incident.json").read_text())["incident"]["id"] == "INC-1"
    lines = (out / "timeline.jsonl").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4]


def test_a_full_disk_leaves_no_half_file_and_loses_nothing(tmp_path: Path) -> None:
    declared()
    out = tmp_path / "out"
    run("incidents", "export", "INC-1", "--out", str(out))
    before = (out / "timeline.jsonl").read_bytes()
    (out / ".timeline.jsonl.part").symlink_to("/dev/full")  # every write to it answers as a full disk does
    with closing(open_store()) as store, store.begin() as work:
        append(work, "INC-1", Event.shift_noted, actor="watch", now=NOW)
    refused = run("incidents", "export", "INC-1", "--out", str(out), code=1).stderr
    assert "No space left on device" in refused
    assert f"`watchfloor incidents export INC-1 --out {out}`" in refused
    assert (out / "timeline.jsonl").read_bytes() == before
    assert not list(out.glob(".*"))
    run("incidents", "export", "INC-1", "--out", str(out))
    assert len((out / "timeline.jsonl").read_text().splitlines()) == 5


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    declared()
    file = write(tmp_path / "file", "")
    assert "could not be written" in run("incidents", "export", "INC-1", "--out", str(file), code=1).stderr


def test_a_wrong_catalogue_is_named_by_line(home: Path) -> None:
    write(home / "catalogue" / "teams.yaml", "version: 1\nteams:\n  - {id: english, tittle: English}\n")
    refused = run("incidents", code=1).stderr
    assert "teams.yaml:3" in refused
    assert "Traceback" not in refused


def test_an_old_store_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    run("incidents")
    assert "They are current." in run("db", "status").stdout
    monkeypatch.setattr("console.tables.newest_revision", lambda: "9999")
    refused = run("incidents", code=1).stderr
    assert "`watchfloor db upgrade`" in refused


def test_an_empty_store_is_made_ready_by_upgrade_too() -> None:
    assert "at revision none" in run("db", "status").stdout
    assert told("db", "upgrade")["was"] is None
    assert "nothing was changed" in run("db", "upgrade").stdout


def test_wrong_settings_are_named_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_SMTP_PORT", "secret-by-mistake")
    refused = run("incidents", code=1).stderr
    assert "WATCHFLOOR_SMTP_PORT" in refused
    assert "secret-by-mistake" not in refused


def test_a_home_that_cannot_be_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "file", "")
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path / "file" / "home"))
    assert "Set WATCHFLOOR_HOME" in run("incidents", code=1).stderr


def test_what_nobody_expected_is_short_and_its_trace_is_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the first line\na second one")

    monkeypatch.setattr("console.cli.incidents.visible_incidents", fail)
    refused = run("incidents", code=1).stderr
    assert "RuntimeError: the first line" in refused
    assert "a second one" not in refused
    log = home / "logs" / "cli.log"
    assert str(log) in refused
    assert "in _show_list" in log.read_text()


def test_the_version_is_said() -> None:
    assert run("--version").stdout.startswith("watchfloor ")


def test_help_teaches_each_command_with_an_example() -> None:
    assert "Exit codes" in run("--help").stdout
    for words in (("drill",), ("declare",), ("sweep", "start"), ("review", "sign"), ("incidents", "export")):
        assert "$ watchfloor" in run(*words, "--help").stdout


def test_main_is_what_the_script_calls(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from console.cli import main  # noqa: PLC0415  the script's own entry

    monkeypatch.setattr(sys, "argv", ["watchfloor", *CRISIS, *WHY])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "INC-1 is declared" in capsys.readouterr().out


def test_shift_notes_are_read_by_whoever_may_see_the_incident() -> None:
    incident = opened()
    assert "no shift note" in run("incidents", "notes", incident, code=1).stderr
    with closing(open_store()) as store, store.begin() as work:
        keep(work, incident, key="shift:1", markdown="# Shift note\n\n- first\n- second", now=NOW)
    assert "- first\n- second" in run("incidents", "notes", incident).stdout


def test_past_incidents_that_are_alike_are_shown_with_what_was_learned() -> None:
    first = opened("A clinic, long ago")
    item = ("--title", "Practise clinics", "--kind", "process", "--owner", "maria", "--success", "Seen")
    run("actions", "file", first, *item, "--due", "2099-01-01")
    second = declared()
    [alike] = told("incidents", "similar", second)
    assert (alike["id"], alike["reasons"][0], alike["actions"][0]["id"]) == (first, "same policy", "INC-1-A1")
    shown = run("incidents", "similar", second).stdout
    assert "same policy; same protocol" in shown
    assert "INC-1\taction item INC-1-A1, open\tPractise clinics" in shown
    run("restrict", first, *WHY)
    assert run("incidents", "similar", second, "--as", "noor").stdout == "No past incident is like it.\n"
