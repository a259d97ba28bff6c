"""Channels: whom each reaches, how it fares, and a test that takes the way of every message."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from console.channels import EVENT, connected, send_test
from incidents.catalogue.load import SHIPPED
from incidents.errors import NotAllowed
from incidents.people import Person, Role
from incidents.store import outbox as promises
from incidents.store.access_log import Access, read_log
from incidents.store.channels import Standing
from incidents.store.engine import Store
from incidents.store.schema import outbox
from tasks import outbox as deliveries
from tasks import world
from tests.console.browsing import Browser, bearer, statements_of, welcome
from tests.console.command_line import declared, run, told
from tests.console.test_api import problem
from tests.tasks.fresh_world import fresh_world
from tests.tasks.servers import Partner, answers, http_partner
from tests.tasks.test_mail import Mailbox, content, mail_server

NOW = datetime(2026, 12, 1, 9, 30, 20, tzinfo=UTC)
ROOT = Person(id="root-a", name="Root [A].", roles=frozenset({Role.administrator}))
SECRET = "whsec_" + base64.b64encode(b"for tests alone, 24 or more").decode()
PAGE, TEST = "/administration/channels", "/administration/channels/test"


@pytest.fixture
def root(visiting: Browser, store: Store) -> Browser:
    return welcome(visiting, store, "root-a")


class Connections:
    """Servers on loopback, and a home whose catalogue names them."""

    def __init__(self, partner: Partner, mailbox: Mailbox) -> None:
        self.partner, self.mailbox = partner, mailbox

    def test(self, channel: str, now: datetime = NOW) -> Standing:
        """Send a test, deliver it as the task worker does, and return how the channel fares."""
        with world.store().begin() as work:
            sent = send_test(work, world.catalogue(), channel, by=ROOT, now=now)
        deliveries.deliver.fn(sent.id, now)
        return self.standing(channel)

    def standing(self, channel: str) -> Standing:
        with world.store().read() as work:
            found = connected(work, world.catalogue(), by=ROOT)
        return next(each.standing for each in found if each.channel.id == channel)


@pytest.fixture
def connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connections]:
    monkeypatch.setenv("WATCHFLOOR_SECRETS__HOOK", SECRET)
    monkeypatch.setenv("WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES", "true")
    # Prefect's retries are a server's matter; what the outbox keeps of a failure is looked at here.
    monkeypatch.setattr(deliveries, "send", deliveries.send.fn)
    with http_partner(answers(204, body=b"")) as partner, mail_server() as mailbox:
        monkeypatch.setenv("WATCHFLOOR_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("WATCHFLOOR_SMTP_PORT", str(mailbox.port))
        own = (SHIPPED / "channels.yaml").read_text(encoding="utf-8")
        own += f"  - {{id: hook, kind: webhook, url: '{partner.url}/hooks', secret: hook}}\n"
        own += "  - {id: mail, kind: email, to: [cleo@legal.example]}\n"
        own += "  - {id: gone, kind: webhook, url: 'http://127.0.0.1:1/hooks', secret: nobody_set_it}\n"
        (tmp_path / "catalogue").mkdir()
        (tmp_path / "catalogue" / "channels.yaml").write_text(own, encoding="utf-8")
        with fresh_world(tmp_path, monkeypatch):
            yield Connections(partner, mailbox)


def test_a_test_arrives_by_http_and_by_mail_and_says_that_it_is_one(connections: Connections) -> None:
    for channel in ("hook", "mail"):
        standing = connections.test(channel)
        assert standing.test is not None
        assert (standing.test.state, standing.delivered_at) == ("delivered", NOW)
    (request,) = connections.partner.requests
    assert f'"type":"{EVENT}"' in request.body.decode().replace('": "', '":"')
    assert b'"test": true' in request.body or b'"test":true' in request.body
    (letter,) = connections.mailbox.letters
    assert letter["Subject"].startswith("TEST: ")
    assert "Nothing has happened, and nothing is to be done." in content(letter)
    assert "Root \\[A\\]." in content(letter)


def test_a_test_that_fails_says_why_and_is_run_again(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = connections.test("gone")
    assert failed.test is not None
    assert (failed.test.state, failed.failed, failed.delivered_at) == ("failed", 1, None)
    assert "secret `nobody_set_it` is not set" in (failed.last_error or "")
    monkeypatch.setenv("WATCHFLOOR_SECRETS__NOBODY_SET_IT", SECRET)
    world.settings.cache_clear()
    with world.store().begin() as work:
        promises.rerun(work, failed.test.id, by=ROOT, now=NOW)
    deliveries.deliver.fn(failed.test.id, NOW)
    again = connections.standing("gone")
    assert again.test is not None
    # Nothing listens there, which may get better: it is tried again by itself.
    assert (again.test.state, again.waiting, again.failed) == ("pending", 1, 0)
    assert connections.test("hook").last_error is None


def test_an_impatient_click_sends_no_second_test(connections: Connections) -> None:
    def refusal(channel: str, now: datetime) -> str:
        with pytest.raises(NotAllowed) as refused, world.store().begin() as work:
            send_test(work, world.catalogue(), channel, by=ROOT, now=now)
        return refused.value.reasons[0].code

    connections.test("hook")
    assert refusal("hook", NOW + timedelta(seconds=39)) == "TEST_TOO_SOON"
    connections.test("hook", NOW + timedelta(seconds=40))
    assert len(connections.partner.requests) == 2
    with world.store().begin() as work:
        send_test(work, world.catalogue(), "mail", by=ROOT, now=NOW)
    assert refusal("mail", NOW + timedelta(hours=1)) == "TEST_WAITS"
    with world.store().read() as work:
        log = read_log(work, by=ROOT)
    assert [(line.what, line.target) for line in log] == [
        *((Access.channel_tested, channel) for channel in ("mail", "hook", "hook"))
    ]


def test_the_page_shows_whom_a_channel_reaches_and_sends_a_test(root: Browser, store: Store) -> None:
    incident = declared()
    run("ask", incident, "--team", "legal", "--text", "Which orders?", "--as", "ada-l")
    with store.begin() as work:
        ask = sa.update(outbox).where(outbox.c.channel == "legal")
        work.execute(ask.values(state="failed", last_error="<b>410 Gone</b>"))
    page = root.get(PAGE).text
    row = page[page.index(">legal</span>") :].partition("</tr>")[0]
    assert "asks, reminders" in row
    assert "1 message failed" in row
    assert "&lt;b&gt;410 Gone" in row
    fields = root.csrf | {"channel": "english"}
    sent = root.post(TEST, data=fields)
    assert sent.url.path == PAGE
    assert "on its way" in sent.text
    refused = root.post(TEST, data=fields)
    assert refused.status_code == 422
    assert "TEST_WAITS" in refused.text
    assert root.post(TEST, data=root.csrf | {"channel": "no-such"}).status_code == 404
    assert "sent a test to a channel" in root.get("/administration/log").text


def test_the_page_asks_no_statement_a_channel(root: Browser) -> None:
    before = statements_of(root, PAGE)
    for channel in ("legal", "english", "escalations"):
        root.post(TEST, data=root.csrf | {"channel": channel})
    assert statements_of(root, PAGE) == before


def test_the_api_and_the_command_line_do_the_same(visiting: Browser, store: Store) -> None:
    token = bearer(store, ROOT)
    sent = visiting.post("/api/v1/channels/legal/test", headers=token)
    assert (sent.status_code, sent.json()["state"]) == (202, "pending")
    again = visiting.post("/api/v1/channels/legal/test", headers=token)
    assert problem(again, 422, "NOT_ALLOWED")["reasons"][0]["code"] == "TEST_WAITS"
    problem(visiting.post("/api/v1/channels/no-such/test", headers=token), 404, "NOT_FOUND")
    run("channels", "test", "english", "--as", "root-a")
    run("channels", "test", "english", "--as", "ada-l", code=1)
    listed = {each["id"]: each for each in told("channels", "list", "--as", "root-a")}
    shown = visiting.get("/api/v1/channels", headers=token).json()["items"]
    assert [each["id"] for each in shown] == sorted(listed)
    assert {name for name, each in listed.items() if each["test"] == "pending"} == {"legal", "english"}
    assert {each["id"] for each in shown if each["test"]} == {"legal", "english"}
    escalations = next(each for each in shown if each["id"] == "escalations")
    assert "escalations" in escalations["gets"]
