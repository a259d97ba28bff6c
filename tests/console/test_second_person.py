"""What takes a second person, proposed and answered at the command line and on pages."""

from contextlib import closing
from pathlib import Path

import pytest

from incidents.settings import Settings
from incidents.store import timeline
from incidents.store.engine import Store
from incidents.store.schema import windows
from incidents.timeline import Event
from tests.console.browsing import Browser, browser, form_on, welcome
from tests.console.command_line import open_store, responding, run, told, write
from tests.console.swept import COPIED, VIOLATES, ended, read_by, worked

WHY = ("--reason", "I read it, too")


def events(incident: str = "INC-1") -> list[Event]:
    with closing(open_store()) as store, store.read() as work:
        return [entry.event for entry in timeline.entries(work, incident)]


@pytest.fixture
def small(home: Path) -> Path:
    """A site whose protocol asks for a second person from three posts on."""
    shipped = Path("incidents/catalogue/default/protocols.yaml").read_text(encoding="utf-8")
    write(home / "catalogue" / "protocols.yaml", shipped.replace("from_posts: 500", "from_posts: 3"))
    return home


def test_a_mass_action_is_ordered_once_a_second_person_confirms_it(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = worked(tmp_path, COPIED)
    read_by("dev-e", tmp_path, VIOLATES)
    ended(sweep)
    with closing(open_store()) as store, store.begin() as work:
        work.execute(windows.update().values(source={"kind": "http", "url": "https://platform.example"}))
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_ACTIONS", "true")
    order = ("sweep", "act", sweep, "--actions", "5", "--reason", "The plan was read")
    # What stands against it is told before anything is proposed.
    assert "PLAN_DIFFERS" in run(*order[:4], "4", *order[5:], code=1).stderr
    said = run(*order).stdout
    assert "The protocol asks for a second person: INC-1-P1 waits until" in said
    assert told("sweep", "act", sweep)["states"] == {}
    [row] = told("proposals", "list", "INC-1")
    assert (row["about"], row["state"]) == (f"sweep {sweep}, actions 5", "open")
    assert "SECOND_PERSON_SAME" in run("proposals", "confirm", "INC-1-P1", *WHY, code=1).stderr
    done = run("proposals", "confirm", "INC-1-P1", *WHY, "--as", "noor").stdout
    assert "ada-l proposed it, noor confirmed it." in done
    assert told("sweep", "act", sweep)["states"] == {"ordered": 5}
    assert "answered first" in run("proposals", "confirm", "INC-1-P1", *WHY, "--as", "root-a", code=1).stderr
    # What was done to so many is not taken back by one person either.
    undo = ("sweep", "undo", sweep, "11", "--reason", "A news report")
    assert "INC-1-P2 waits" in run(*undo).stdout
    run("proposals", "confirm", "INC-1-P2", *WHY, "--as", "noor")
    second = [Event.proposal_made, Event.proposal_confirmed]
    assert events()[-6:] == [*second, Event.actions_ordered, *second, Event.decision_undone]


def test_a_certificate_is_waived_by_two_and_refused_by_one(home: Path, tmp_path: Path) -> None:
    sweep = worked(tmp_path, sampled=True)
    responding("INC-1")
    assert "INC-1-P1 waits" in run("waive", "INC-1", "SWEEP_UNFINISHED", "--reason", "It is over").stdout
    refused = run("proposals", "refuse", "INC-1-P1", "--reason", "Half of it is unread", "--as", "noor").stdout
    assert "is refused; nothing was done" in refused
    assert "INC-1-P2 waits" in run("sweep", "close", sweep, "--reason", "All of it is gone").stdout
    assert "closed it" not in run("sweep", "status", sweep).stdout
    run("proposals", "confirm", "INC-1-P2", *WHY, "--as", "noor")
    assert "ada-l closed it before its target" in run("sweep", "status", sweep).stdout
    # Other reasons take one person.
    assert "is waived" in run("waive", "INC-1", "GUIDELINE_MISSING", "--reason", "An old one holds").stdout
    assert [row["state"] for row in told("proposals", "list")] == ["confirmed", "refused"]
    assert "ROLE_MISSING" in run("proposals", "list", "--as", "dev-e", code=1).stderr


def proposed(tmp_path: Path) -> None:
    """A waiver that Ada proposed."""
    worked(tmp_path, sampled=True)
    responding("INC-1")
    run("waive", "INC-1", "SWEEP_UNFINISHED", "--reason", "It is <b>over</b>")


def test_a_commander_sees_on_the_board_what_waits_and_confirms_it(
    visiting: Browser, store: Store, tmp_path: Path
) -> None:
    proposed(tmp_path)
    welcome(visiting, store, "noor")
    assert "ada-l proposes to waive SWEEP_UNFINISHED in INC-1" in visiting.get("/").text
    assert '<a href="/proposals/INC-1-P1">' in visiting.get("/incidents/INC-1").text
    page = visiting.get("/proposals/INC-1-P1").text
    assert "It is &lt;b&gt;over&lt;/b&gt;" in page
    empty = visiting.submit("/proposals/INC-1-P1", "/proposals/INC-1-P1/confirm", reason=" ")
    assert empty.status_code == 422
    assert "REASON_MISSING" in empty.text
    done = visiting.submit("/proposals/INC-1-P1", "/proposals/INC-1-P1/confirm", reason="I looked, too")
    assert "by noor" in done.text
    assert "/proposals/INC-1-P1" not in visiting.get("/").text
    assert "confirmed by noor" in visiting.get("/proposals").text
    assert events()[-2:] == [Event.proposal_confirmed, Event.reason_waived]


def test_whoever_proposed_it_is_offered_no_answer(settings: Settings, store: Store, tmp_path: Path) -> None:
    worked(tmp_path, sampled=True)
    responding("INC-1")
    with browser(settings) as hers:
        welcome(hers, store, "ada-l")
        csrf = form_on(hers.get("/").text, "/sign-out")
        typed = {"code": "SWEEP_UNFINISHED", "reason": "It is over"}
        assert hers.post("/incidents/INC-1/waive", data=csrf | typed).status_code == 200
        page = hers.get("/proposals/INC-1-P1").text
        assert "you proposed it" in page
        assert "/confirm" not in page
        again = hers.post("/incidents/INC-1/waive", data=csrf | typed)
        assert "INC-1-P1 of ada-l proposes the same" in again.text
        forced = hers.post("/proposals/INC-1-P1/refuse", data=csrf | {"reason": "No"})
        assert "SECOND_PERSON_SAME" in forced.text


def test_a_restricted_incident_s_proposal_is_on_no_other_board(
    visiting: Browser, store: Store, tmp_path: Path
) -> None:
    proposed(tmp_path)
    run("restrict", "INC-1", "--reason", "Names of victims")
    welcome(visiting, store, "noor")
    assert "INC-1" not in visiting.get("/").text
    assert "INC-1" not in visiting.get("/proposals").text
    assert visiting.get("/proposals/INC-1-P1").status_code == 403
