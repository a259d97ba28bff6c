"""What the console does where Prefect's server does not answer."""

from contextlib import closing
from pathlib import Path

import pytest

from console.runs import hand_over, start_flow
from incidents.errors import PartnerUnreachable
from incidents.message import Message
from incidents.settings import Settings
from incidents.store.outbox import post_message
from tests.console.command_line import NOW, at_home, open_store, opened


def test_a_promise_waits_and_the_person_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)
    incident = opened()
    message = Message(key="ask:1", event="partner.ask.sent", subject="s", text="t", at=NOW)
    with closing(open_store()) as store:
        assert hand_over(Settings(), store, "INC-99") is None
        with store.begin() as work:
            post_message(work, incident, "legal", message)
        told = hand_over(Settings(), store, incident)
    assert told is not None
    assert "`watch` delivers it once `watchfloor up` runs" in told


def test_a_flow_is_not_started_without_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)
    with pytest.raises(PartnerUnreachable, match="Start `watchfloor up`"):
        start_flow(Settings(), "detect", {}, "detect:1")
