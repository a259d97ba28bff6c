"""Chat: JSON that Slack and Mattermost take, nobody woken by data, and an address that stays secret."""

import json
import logging
from typing import Any

import pytest
from pydantic import HttpUrl, SecretStr

from incidents.catalogue.channels import ChatChannel
from incidents.errors import PartnerUnreachable
from incidents.settings import Settings
from tasks.partners import open_partner
from tasks.partners.chat import LONGEST, chat_text
from tests.tasks.servers import Behaviour, Call, answers, ask, hangs_up, http_partner, is_silent, redirects

PATH = "/services/T0LEGAL/B0ROOM/only-for-tests"


def settings(address: str = "", **changes: Any) -> Settings:
    secrets = {"legal_chat": SecretStr(address)} if address else {}
    told = {"allow_private_addresses": True, "partner_timeout_seconds": 5, "secrets": secrets}
    return Settings.model_validate(told | changes)


BY_SECRET = ChatChannel(id="legal-room", kind="chat", secret="legal_chat")


def failure(behaviour: Behaviour, **changes: Any) -> PartnerUnreachable:
    with http_partner(behaviour) as partner, pytest.raises(PartnerUnreachable) as caught:
        open_partner(BY_SECRET, settings(partner.url + PATH, **changes)).deliver(ask())
    return caught.value


def test_a_room_gets_subject_and_text() -> None:
    with http_partner(answers(200)) as partner:
        receipt = open_partner(BY_SECRET, settings(partner.url + PATH)).deliver(ask())
    (request,) = partner.requests
    assert json.loads(request.body) == {
        "text": "INC-12 asks Legal for a preservation notice\n\n"
        "Please send the notice.\n\nThe sweep starts at 03:00 UTC."
    }
    assert request.path == PATH
    assert request.headers["content-type"] == "application/json"
    assert receipt.channel == "legal-room"


def test_the_address_may_stand_in_the_catalogue() -> None:
    with http_partner(answers(200)) as partner:
        channel = ChatChannel(id="legal-room", kind="chat", url=HttpUrl(partner.url + "/hooks/x"))
        open_partner(channel, settings()).deliver(ask())
    assert partner.requests[0].path == "/hooks/x"


@pytest.mark.parametrize(
    "data", ["<!channel>", "<!here|here>", "<@U123>", "<https://x.example|bank>", "<!everyone>"]
)
def test_slack_sees_no_markup_in_data(data: str) -> None:
    text = chat_text(ask(text=f"Tom & {data}"))
    assert "<" not in text
    assert ">" not in text
    assert "Tom &amp; &lt;" in text


@pytest.mark.parametrize(
    "data", ["@all", "@channel", "@here", "@everyone", "@Channel.", "(@ALL)", "@all_", "<!@here>"]
)
def test_nobody_is_woken_by_data(data: str) -> None:
    word = data.strip("<!@>(._)").lower()
    for message in (ask(text=data), ask(subject=data)):
        assert f"@{word}" not in chat_text(message).lower()
        assert f"@\u2060{word}" in chat_text(message).lower()


@pytest.mark.parametrize("data", ["legal@partner.example", "@ada", "@allison", "@hereford"])
def test_addresses_and_names_stay_as_they_are(data: str) -> None:
    assert data in chat_text(ask(text=data))


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "&" * 100_000, "@all " * 30_000, "&" * 3200, "a" + "<" * 30_000]
)
def test_a_long_message_is_shortened_and_says_where_the_whole_is(text: str) -> None:
    said = chat_text(ask(text=text))
    assert len(said) <= LONGEST
    if len(text) > 3200:
        assert said.endswith("under ask:INC-12:legal:1)")
    # No entity is cut in two: taking the whole ones away leaves no ampersand.
    assert "&" not in said.replace("&amp;", "").replace("&lt;", "")


@pytest.mark.parametrize(
    ("behaviour", "permanent"),
    [
        (answers(400, body=b"invalid_payload"), True), (answers(404, body=b"no_service"), True),
        (answers(403, body=b"action_prohibited"), True), (answers(429, {"retry-after": "1"}), False),
        (answers(500), False), (hangs_up, False), (redirects("ftp://x.example{path}"), True),
    ],
)  # fmt: skip
def test_the_secret_address_is_in_no_error(behaviour: Behaviour, permanent: bool) -> None:
    error = failure(behaviour)
    assert error.permanent is permanent
    assert "ask:INC-12:legal:1 was not delivered through legal-room (secret `legal_chat`)" in str(error)
    assert_silent(str(error))


def assert_silent(text: str) -> None:
    for part in PATH.split("/")[1:]:
        assert part.lower() not in text.lower()


def test_a_partner_who_echoes_the_address_does_not_bring_it_into_the_error() -> None:
    def echo(call: Call) -> None:
        call.answer(404, body=f"Cannot POST {call.path.upper()} on {call.headers['host']}".encode())

    error = failure(echo)
    assert_silent(str(error))
    assert "Cannot POST" in str(error)


def test_the_secret_address_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with http_partner(answers(200)) as partner:
        open_partner(BY_SECRET, settings(partner.url + PATH)).deliver(ask())
    assert_silent(caplog.text)


def test_slacks_own_words_reach_the_person_on_call() -> None:
    assert "404 Not Found (no_service)" in str(failure(answers(404, body=b"no_service")))


def test_a_silent_chat_is_given_up_in_time() -> None:
    error = failure(is_silent, partner_timeout_seconds=0.2)
    assert not error.permanent


def test_a_private_address_is_refused() -> None:
    error = failure(answers(200), allow_private_addresses=False)
    assert error.permanent


def test_a_channel_without_address_says_what_to_set() -> None:
    with pytest.raises(PartnerUnreachable, match="has no address") as caught:
        open_partner(ChatChannel(id="legal-room", kind="chat"), settings()).deliver(ask())
    assert caught.value.permanent
    with pytest.raises(PartnerUnreachable, match="WATCHFLOOR_SECRETS__LEGAL_CHAT") as caught:
        open_partner(BY_SECRET, settings()).deliver(ask())
    assert caught.value.permanent


@pytest.mark.parametrize(
    "address", ["only-for-tests", "https://", "file:///only-for-tests", "https://chat:only-for-tests/"]
)
def test_a_secret_that_is_no_address_is_not_shown(address: str) -> None:
    with pytest.raises(PartnerUnreachable) as caught:
        open_partner(BY_SECRET, settings(address)).deliver(ask())
    assert caught.value.permanent
    assert "only-for-tests" not in str(caught.value)
