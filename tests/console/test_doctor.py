"""What the doctor finds, and that it never shows a secret."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from console.doctor import EXAMINATIONS, Finding, State, examine
from incidents.message import Message
from incidents.settings import Settings
from incidents.store import outbox
from incidents.store.outbox import mark_failed, post_message, take
from incidents.store.schema import incidents
from tests.console.command_line import NOW, at_home, open_store, opened, write


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def found(name: str, settings: Settings | None = None) -> list[Finding]:
    findings = [each for each in examine(settings or Settings()) if each.name == name]
    assert all(each.what_to_do for each in findings if each.state is not State.ok)
    return findings


def states(name: str, settings: Settings | None = None) -> list[State]:
    return [finding.state for finding in found(name, settings)]


def test_a_machine_on_which_nothing_runs_yet_gets_advice_and_no_file(home: Path) -> None:
    before = sorted(home.rglob("*"))
    assert states("database") == [State.ok]
    assert states("prefect server") == states("api") == [State.bad]
    assert sorted(home.rglob("*")) == before


def test_a_home_that_cannot_be_written_to_is_bad(home: Path) -> None:
    write(home / "a-file", "")
    assert states("home", Settings(home=home / "a-file")) == [State.bad]
    assert states("home") == [State.ok]


def test_a_mistake_in_the_catalogue_is_named_with_its_line(home: Path) -> None:
    write(home / "catalogue" / "people.yaml", "version: 1\npeople:\n  - {id: maria, roles: [boss]}\n")
    [finding] = found("catalogue")
    assert finding.state is State.bad
    assert "people.yaml:3" in finding.what


def test_one_operator_is_a_warning(home: Path) -> None:
    assert states("people") == [State.ok]
    (home / "catalogue" / "people.yaml").unlink()
    assert states("people") == [State.warn]


def test_a_person_of_the_settings_whom_nobody_knows_is_bad(home: Path) -> None:
    assert State.bad in states("people", Settings(person="eve"))


def test_a_missing_secret_is_named_and_a_given_one_never_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Path("incidents/catalogue/default/channels.yaml").read_text(encoding="utf-8")
    lines = [line for line in shipped.splitlines() if "id: legal," not in line]
    hook = '  - {id: legal, kind: webhook, url: "https://legal.example/hook", secret: legal}'
    write(home / "catalogue" / "channels.yaml", "\n".join([*lines, hook, ""]))
    [missing] = found("secrets")
    assert missing.state is State.bad
    assert "WATCHFLOOR_SECRETS__LEGAL" in missing.what_to_do
    monkeypatch.setenv("WATCHFLOOR_SECRETS__LEGAL", "whsec_hush")
    monkeypatch.setenv("WATCHFLOOR_DATABASE_URL", "postgresql://u:password_hush@127.0.0.1:1/none")
    findings = examine(Settings())
    assert [each.state for each in findings if each.name == "secrets"] == [State.ok]
    assert "hush" not in repr(findings)


def test_a_database_that_does_not_answer_does_not_stop_the_examination(home: Path) -> None:
    settings = Settings(database_url="postgresql://u@127.0.0.1:1/none")
    names = {each.name for each in examine(settings)}
    assert states("database", settings) == [State.bad]
    assert {"home", "catalogue", "api"} <= names <= set(EXAMINATIONS)


def test_a_database_without_tables_wants_an_upgrade(home: Path) -> None:
    url = f"sqlite:///{home / 'empty.db'}"
    [finding] = found("database", Settings(database_url=url))
    assert finding.state is State.bad
    assert "watchfloor db upgrade" in finding.what_to_do


def test_a_failed_delivery_is_listed_with_how_to_run_it_again(home: Path) -> None:
    incident = opened()
    now = datetime.now(UTC)
    message = Message(key="ask:1", event="partner.ask.sent", subject="s", text="t", at=NOW)
    with closing(open_store()) as store, store.begin() as work:
        post_message(work, incident, "legal", message)
        [parcel_id] = outbox.due(work, machine_now=now)
        parcel = take(work, parcel_id, machine_now=now)
        assert parcel is not None
        mark_failed(work, parcel, error="404 Not Found", permanent=True, machine_now=now, now=NOW)
    [finding] = found("deliveries")
    assert finding.state is State.bad
    assert "404 Not Found" in finding.what
    assert finding.what_to_do.endswith(f"`watchfloor outbox rerun {parcel_id}`.")


def test_a_changed_timeline_is_found(home: Path) -> None:
    incident = opened()
    assert states("timelines") == [State.ok]
    with closing(open_store()) as store, store.begin() as work:
        work.execute(sa.update(incidents).values(head="0" * 64))
    [finding] = found("timelines")
    assert finding.state is State.bad
    assert f"{incident}#" in finding.what


def test_mail_is_needed_only_where_a_channel_sends_it(home: Path) -> None:
    assert found("mail server") == []
    assert states("mail server", Settings(smtp_host="127.0.0.1", smtp_port=1)) == [State.bad]


def test_many_threads_are_a_warning(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert states("threads") == [State.warn]


def test_a_key_of_senders_that_others_can_read_is_bad(home: Path) -> None:
    assert found("sender key") == []
    path = write(home / "sender-key", "k" * 43)
    path.chmod(0o600)
    assert states("sender key") == [State.ok]
    path.chmod(0o644)
    assert states("sender key") == [State.bad]
