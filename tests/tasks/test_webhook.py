"""Webhooks: signed, bounded in time and size, and never led into our own network."""

import base64
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import HttpUrl, SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from incidents.catalogue.channels import WebhookChannel
from incidents.errors import PartnerUnreachable
from incidents.message import Receipt
from incidents.settings import Settings
from tasks.partners import RetryLater, guard, open_partner
from tests.tasks.servers import (
    Behaviour,
    answers,
    ask,
    certificate,
    drips,
    floods,
    hangs_up,
    http_partner,
    is_silent,
    redirects,
    talks_for_ever,
    tls_from,
)

SECRET = "whsec_" + base64.b64encode(b"for tests alone, 24 or more").decode()
OLDER = "whsec_" + base64.b64encode(b"the one before, 24 or more").decode()


def settings(**changes: Any) -> Settings:
    told = {
        "allow_private_addresses": True,
        "partner_timeout_seconds": 5,
        "secrets": {"legal": SecretStr(SECRET)},
    }
    return Settings.model_validate(told | changes)


def deliver(url: str, key: str = "ask:INC-12:legal:1", **changes: Any) -> Receipt:
    channel = WebhookChannel(id="legal-hook", kind="webhook", url=HttpUrl(url), secret="legal")
    return open_partner(channel, settings(**changes)).deliver(ask(key=key))


def failure(behaviour: Behaviour, **changes: Any) -> PartnerUnreachable:
    with http_partner(behaviour) as partner, pytest.raises(PartnerUnreachable) as caught:
        deliver(partner.url, **changes)
    return caught.value


def test_a_partner_can_verify_that_the_message_is_ours() -> None:
    with http_partner(answers(204, body=b"")) as partner:
        receipt = deliver(f"{partner.url}/hooks?team=legal")
    (request,) = partner.requests
    told = Webhook(SECRET).verify(request.body, request.headers)
    assert told["type"] == "incident.ask.sent"
    assert told["timestamp"] == "2026-03-01T02:30:00Z"
    assert told["data"]["key"] == "ask:INC-12:legal:1"
    assert told["data"]["facts"] == {"incident": "INC-12", "drill": False, "number": 1}
    assert told["data"]["text"].startswith("Please send the notice.")
    assert request.path == "/hooks?team=legal"
    assert request.headers["content-type"] == "application/json"
    assert receipt == Receipt(channel="legal-hook", reference=request.headers["webhook-id"])


def test_somebody_elses_secret_does_not_verify() -> None:
    with http_partner(answers(200)) as partner:
        deliver(partner.url)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLDER).verify(partner.requests[0].body, partner.requests[0].headers)


def test_while_a_secret_is_changed_both_verify() -> None:
    with http_partner(answers(200)) as partner:
        deliver(partner.url, secrets={"legal": SecretStr(f"{SECRET} {OLDER}")})
    for known in (SECRET, OLDER):
        Webhook(known).verify(partner.requests[0].body, partner.requests[0].headers)


def test_the_same_message_keeps_its_id_and_another_gets_its_own() -> None:
    with http_partner(answers(200)) as partner:
        again = [deliver(partner.url).reference for _ in range(2)]
        others = [
            deliver(partner.url, key=key).reference for key in ("ask-INC-12-legal-1", "ask:inc-12:legal:1")
        ]
    assert again[0] == again[1]
    assert len({*again, *others}) == 3
    # A full stop would let the id run into the timestamp in what is signed.
    assert not any("." in name for name in (*again, *others))


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (400, True), (401, True), (403, True), (404, True), (405, True), (410, True), (413, True), (422, True),
        (300, True), (301, True), (302, True), (303, True), (304, True),
        (408, False), (409, False), (425, False), (429, False),
        (500, False), (501, False), (502, False), (503, False), (504, False), (599, False),
    ],
)  # fmt: skip
def test_a_status_says_whether_trying_again_can_help(status: int, permanent: bool) -> None:
    error = failure(answers(status, body=b""))
    assert error.permanent is permanent
    assert str(error).startswith("ask:INC-12:legal:1 was not delivered through legal-hook (127.0.0.1): ")
    assert f"it answered {status}" in str(error)


def test_the_person_on_call_reads_what_the_partner_said_and_what_to_do() -> None:
    error = failure(answers(404, body=b"<p>No such\x00\n hook</p>"))
    assert "404 Not Found (<p>No such hook</p>)" in str(error)
    assert "Check the address" in str(error)


@pytest.mark.parametrize(("header", "least", "most"), [
    ("30", 30, 30), ("999999999", 86400, 86400), ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
    ("Fri, 31 Dec 2100 23:59:59 GMT", 86400, 86400),
])  # fmt: skip
def test_retry_after_is_kept_as_seconds(header: str, least: float, most: float) -> None:
    error = failure(answers(429, {"retry-after": header}))
    assert isinstance(error, RetryLater)
    assert least <= error.retry_after_seconds <= most
    assert not error.permanent


@pytest.mark.parametrize("header", ["soon", "-5", "", "²"])
def test_a_retry_after_that_says_nothing_is_passed_over(header: str) -> None:
    error = failure(answers(503, {"retry-after": header}))
    assert not isinstance(error, RetryLater)
    assert not error.permanent


def test_a_partner_who_is_silent_is_given_up_in_time() -> None:
    error = failure(is_silent, partner_timeout_seconds=0.3)
    assert "no complete answer within 0.3 s" in str(error)
    assert not error.permanent


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nx-drip: ", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_partner_who_drips_is_given_up_in_time(head: bytes) -> None:
    started = time.monotonic()
    error = failure(drips(head), partner_timeout_seconds=0.5)
    assert not error.permanent
    assert time.monotonic() - started < 10


def test_a_partner_who_never_comes_to_the_point_is_given_up_in_time() -> None:
    started = time.monotonic()
    error = failure(talks_for_ever, partner_timeout_seconds=0.5)
    assert "no complete answer within 0.5 s" in str(error)
    assert time.monotonic() - started < 10


def test_a_2xx_counts_even_if_its_body_never_ends() -> None:
    started = time.monotonic()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
    with http_partner(drips(head)) as partner:
        assert deliver(partner.url, partner_timeout_seconds=0.5).channel == "legal-hook"
    assert time.monotonic() - started < 10


def test_ten_megabytes_of_answer_are_not_read() -> None:
    with http_partner(floods(10)) as partner:
        assert deliver(partner.url).channel == "legal-hook"
    error = failure(floods(10, status=500))
    assert len(str(error)) < 500


def test_a_head_without_end_is_not_read_either() -> None:
    error = failure(answers(200, {"x-flood": "z" * 2_000_000}))
    assert not error.permanent


@pytest.mark.parametrize("behaviour", [hangs_up, drips(b"SSH-2.0-partner\r\n")])
def test_what_is_no_http_answer_is_tried_again(behaviour: Behaviour) -> None:
    error = failure(behaviour, partner_timeout_seconds=1)
    assert not error.permanent


def test_a_closed_port_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PartnerUnreachable, match="the connection failed") as caught:
            deliver(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert not caught.value.permanent


@pytest.mark.parametrize("host", ["partner.invalid", "nowhere.example", "a" * 70 + ".example"])
def test_a_name_that_does_not_resolve_is_tried_again(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {"nowhere.example": []})
    with pytest.raises(PartnerUnreachable, match="the connection failed") as caught:
        deliver(f"http://{host}/hook")
    assert not caught.value.permanent


def test_a_resolver_that_hangs_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_look_up", lambda *_: None)
    with pytest.raises(PartnerUnreachable, match=r"no complete answer within 0\.2 s"):
        deliver("http://partner.example/hook", partner_timeout_seconds=0.2)


def resolve(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> list[str]:
    """Make names resolve as told; the returned list notes each name asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def told(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host.replace(".", "").isdigit():
            return real(host, port, *args, **more)
        asked.append(host)
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [entry for address in names[host] for entry in real(address, port, *args, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", told)
    return asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_however_it_is_written(host: str) -> None:
    with http_partner(answers(200)) as partner, pytest.raises(PartnerUnreachable) as caught:
        deliver(partner.url.replace("127.0.0.1", host), allow_private_addresses=False)
    assert caught.value.permanent
    assert "WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES" in str(caught.value)
    assert partner.requests == []


def test_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {"partner.example": ["8.8.8.8", "10.0.0.7"]})
    with pytest.raises(PartnerUnreachable, match=r"10\.0\.0\.7") as caught:
        deliver("http://partner.example/hook", allow_private_addresses=False)
    assert caught.value.permanent


def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    # A name that answers 127.0.0.1 to the check must not be asked again for the connection.
    asked = resolve(monkeypatch, {"partner.example": ["127.0.0.1"]})
    with http_partner(answers(200)) as partner:
        deliver(partner.url.replace("127.0.0.1", "partner.example"))
    assert asked == ["partner.example"]
    assert partner.requests[0].headers["host"].startswith("partner.example:")


def test_a_dead_address_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {"partner.example": ["127.0.0.2", "127.0.0.1"]})
    with http_partner(answers(200)) as partner:  # listens on 127.0.0.1 alone
        deliver(partner.url.replace("127.0.0.1", "partner.example"))
    assert len(partner.requests) == 1


@pytest.mark.parametrize("address", [
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.8.9.1", "169.254.169.254", "0.0.0.0",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "203.0.113.5",
    "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
])  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not guard.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_are_public(address: str) -> None:
    assert guard.is_public(address)


def test_a_redirect_that_repeats_the_post_is_followed() -> None:
    with http_partner(answers(200)) as final, http_partner(redirects(final.url + "/v2")) as first:
        deliver(first.url)
    Webhook(SECRET).verify(final.requests[0].body, final.requests[0].headers)
    assert final.requests[0].path == "/v2"


def test_a_redirect_loop_ends() -> None:
    with http_partner(redirects("{path}/again")) as partner, pytest.raises(PartnerUnreachable) as caught:
        deliver(f"{partner.url}/hook")
    assert caught.value.permanent
    assert "more than 3 times" in str(caught.value)
    assert len(partner.requests) == 4


@pytest.mark.parametrize(
    "to", ["ftp://partner.example/", "http://127.0.0.1:port/", "", "https://partner.example/"]
)
def test_a_redirect_to_anything_else_is_refused(to: str) -> None:
    assert failure(redirects(to)).permanent


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that our side takes for valid."""
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    return pem


def test_a_valid_certificate_is_accepted(trusted: Path) -> None:
    with http_partner(answers(200), tls_from(trusted)) as partner:
        deliver(partner.url)
    assert len(partner.requests) == 1


def test_a_self_signed_certificate_is_refused(tmp_path: Path) -> None:
    with http_partner(answers(200), tls_from(certificate(tmp_path))) as partner:
        with pytest.raises(PartnerUnreachable, match="its certificate was refused") as caught:
            deliver(partner.url)
        assert partner.requests == []
    assert caught.value.permanent


def test_a_certificate_for_another_name_is_refused(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {"partner.example": ["127.0.0.1"]})
    elsewhere = http_partner(answers(200), tls_from(trusted))
    with elsewhere as partner, pytest.raises(PartnerUnreachable, match="its certificate was refused"):
        deliver(partner.url.replace("127.0.0.1", "partner.example"))


def test_a_server_that_speaks_no_tls_is_tried_again() -> None:
    with http_partner(answers(200)) as partner, pytest.raises(PartnerUnreachable) as caught:
        deliver(partner.url.replace("http:", "https:"))
    assert not caught.value.permanent


@pytest.fixture
def public_127_0_0_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take 127.0.0.1 for a public address, and that one alone."""
    real = guard.is_public
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.1" or real(address))


def test_a_public_partner_cannot_redirect_us_into_our_network(trusted: Path, public_127_0_0_1: None) -> None:
    with http_partner(answers(200)) as inside:
        target = inside.url.replace("http://127.0.0.1", "https://127.0.0.2")
        outside = http_partner(redirects(target), tls_from(trusted))
        with (
            outside as partner,
            pytest.raises(PartnerUnreachable, match=r"127\.0\.0\.2, an address in") as caught,
        ):
            deliver(partner.url, allow_private_addresses=False)
    assert caught.value.permanent
    assert (len(partner.requests), len(inside.requests)) == (1, 0)


@pytest.mark.parametrize("secure", [True, False])
def test_a_public_partner_cannot_redirect_us_to_plain_http(
    secure: bool, trusted: Path, public_127_0_0_1: None
) -> None:
    with http_partner(answers(200)) as plain:
        outside = http_partner(redirects(plain.url), tls_from(trusted) if secure else None)
        with outside as partner, pytest.raises(PartnerUnreachable, match="to http on 127") as caught:
            deliver(partner.url, allow_private_addresses=False)
    assert caught.value.permanent
    assert (len(partner.requests), len(plain.requests)) == (1, 0)


def test_a_missing_secret_says_what_to_set() -> None:
    for secrets in ({}, {"legal": SecretStr(" ")}):
        error = failure(answers(200), secrets=secrets)
        assert error.permanent
        assert "WATCHFLOOR_SECRETS__LEGAL" in str(error)


@pytest.mark.parametrize("written", ["whsec_not-base64", "whsec_", "hunter two!", "A"])
def test_a_secret_that_is_no_key_is_refused_and_not_shown(written: str) -> None:
    error = failure(answers(200), secrets={"legal": SecretStr(written)})
    assert error.permanent
    assert "not a Standard Webhooks secret" in str(error)
    assert "hunter" not in str(error)


def test_a_secret_in_the_environment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_SECRETS__LEGAL", SECRET)
    monkeypatch.setenv("WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES", "true")
    with http_partner(answers(200)) as partner:
        channel = WebhookChannel(id="legal-hook", kind="webhook", url=HttpUrl(partner.url), secret="legal")
        open_partner(channel, Settings()).deliver(ask())
    Webhook(SECRET).verify(partner.requests[0].body, partner.requests[0].headers)


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_partner(answers(200)) as proxy, http_partner(answers(200)) as partner:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        deliver(partner.url)
    assert (len(proxy.requests), len(partner.requests)) == (0, 1)


def test_a_long_message_in_any_script_arrives_whole() -> None:
    channel = WebhookChannel(id="legal-hook", kind="webhook", url=HttpUrl("http://x.example"), secret="legal")
    text = "наводнение 洪水 🌊 " * 20_000
    with http_partner(answers(200)) as partner:
        there = channel.model_copy(update={"url": HttpUrl(partner.url)})
        open_partner(there, settings()).deliver(ask(text=text))
    assert json.loads(partner.requests[0].body)["data"]["text"] == text
