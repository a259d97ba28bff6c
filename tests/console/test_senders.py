"""Signals over HTTP, signed by their sender as Standard Webhooks specifies."""

import json
import stat
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks.webhooks import Webhook

from console.api_door import LARGEST_BODY
from console.sender_key import key_file
from incidents.settings import Settings
from incidents.store.access_schema import senders
from incidents.store.engine import Store
from incidents.store.schema import signals
from tests.console.browsing import Browser, welcome
from tests.console.command_line import run, told, write
from tests.console.test_api import SIGNAL, problem

PATH = "/api/v1/senders/user-reports/signals"
ROOT = ("--as", "root-a")


def made(name: str = "user-reports") -> str:
    """A new sender's secret."""
    return str(told("senders", "make", name, *ROOT)["secret"])


def send(
    visiting: Browser,
    secret: str,
    signal: dict[str, Any] | str = SIGNAL,
    *,
    id: str = "msg_1",
    late: timedelta = timedelta(),
    path: str = PATH,
    **head: str,
) -> Any:
    """Send a signal as its sender would."""
    body = signal if isinstance(signal, str) else json.dumps(signal)
    when = datetime.now(UTC) + late
    signed = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, when, body),
    }
    return visiting.post(path, content=body, headers=signed | {k.replace("_", "-"): v for k, v in head.items()})


def known(store: Store) -> int:
    with store.read() as work:
        return int(work.execute(sa.select(sa.func.count()).select_from(signals)).scalar_one())


def test_a_signed_signal_is_taken_once_however_often_it_is_sent(visiting: Browser, store: Store) -> None:
    secret = made()
    first = send(visiting, secret)
    assert first.status_code == 201, first.text
    assert first.json()["standing"] == "new"
    again = send(visiting, secret, late=timedelta(minutes=4))
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert known(store) == 1
    other = send(visiting, secret, SIGNAL | {"title": "Another one"})
    assert problem(other, 422, "NOT_ALLOWED")["reasons"][0]["code"] == "KEY_REUSED"
    assert send(visiting, secret, id="msg_2").json()["standing"] == "duplicate"
    [listed] = told("senders", "list", *ROOT)
    assert listed["seen_at"] is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"late": timedelta(minutes=-20)},
        {"late": timedelta(minutes=20)},
        {"webhook_id": "msg_9"},
        {"webhook_timestamp": "nan"},
        {"webhook_signature": "v1,bm90IHRoZSBzaWduYXR1cmU="},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v2,bm90IHRoZSBzaWduYXR1cmU="},
        {"path": "/api/v1/senders/nobody/signals"},
    ],
)
def test_what_is_not_signed_by_its_sender_now_is_refused(
    visiting: Browser, store: Store, changed: dict[str, Any]
) -> None:
    answer = send(visiting, made(), **changed)
    assert problem(answer, 401, "UNAUTHENTICATED")["reasons"][0]["code"] == "SIGNATURE_WRONG"
    assert known(store) == 0


def test_another_body_or_another_sender_s_secret_is_refused(visiting: Browser, store: Store) -> None:
    secret, others = made(), made("tip-line")
    problem(send(visiting, others), 401, "UNAUTHENTICATED")
    signature = Webhook(secret).sign("msg_1", datetime.now(UTC), "{}")
    problem(send(visiting, secret, webhook_signature=signature), 401, "UNAUTHENTICATED")
    problem(send(visiting, secret, SIGNAL | {"source": "tip-line"}), 400, "BAD_INPUT")
    problem(send(visiting, secret, "{"), 400, "BAD_INPUT")
    problem(send(visiting, secret, "x" * (LARGEST_BODY + 1)), 413, "TOO_LARGE")
    problem(visiting.post(PATH, json=SIGNAL), 422, "BAD_PARAMETER")
    assert known(store) == 0
    # What was refused gave its id back.
    assert send(visiting, secret).status_code == 201


def test_a_renewed_secret_counts_and_the_one_before_a_day_longer(visiting: Browser, store: Store) -> None:
    first = made()
    second = told("senders", "renew", "user-reports", *ROOT)["secret"]
    assert [send(visiting, each, id=each[-9:]).status_code for each in (first, second)] == [201, 201]
    with store.begin() as work:
        work.execute(sa.update(senders).values(renewed_at=datetime.now(UTC) - timedelta(hours=24)))
    problem(send(visiting, first, id="a"), 401, "UNAUTHENTICATED")
    assert send(visiting, second, id="b").status_code == 201
    run("senders", "end", "user-reports", *ROOT)
    run("senders", "end", "user-reports", *ROOT)
    problem(send(visiting, second, id="c"), 401, "UNAUTHENTICATED")
    third = told("senders", "renew", "user-reports", *ROOT)["secret"]
    problem(send(visiting, second, id="d"), 401, "UNAUTHENTICATED")
    assert send(visiting, third, id="e").status_code == 201


def test_an_administrator_makes_renews_and_ends_senders_on_a_page(visiting: Browser, store: Store) -> None:
    page = "/administration/senders"
    welcome(visiting, store, "root-a")
    csrf = visiting.csrf

    def move(name: str, sender: str = "user-reports") -> Any:
        return visiting.post(f"{page}/{name}", data=csrf | {"sender": sender})

    def shown(text: str) -> str:
        return "whsec_" + text.partition("whsec_")[2].partition("</code>")[0]

    secret = shown(move("make").text)
    assert send(visiting, secret).status_code == 201
    assert secret not in visiting.get(page).text
    for sender in ("user-reports", "No Name", ""):
        assert move("make", sender).status_code == 422
    assert shown(move("renew").text) != secret
    assert "ended, " in move("end").text
    assert "ended a sender of signals" in visiting.get("/administration/log").text
    assert move("renew", "nobody").status_code == 404


def test_the_store_holds_nothing_to_sign_with(settings: Settings, visiting: Browser, store: Store) -> None:
    secret = made()
    path = key_file(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with store.read() as work:
        assert secret.removeprefix("whsec_") not in str(work.execute(sa.select(senders)).all())
    assert "ROLE_MISSING" in run("senders", "list", code=1).stderr
    write(path, "")
    assert "is empty" in run("senders", "renew", "user-reports", *ROOT, code=1).stderr
