"""A language model on loopback that answers well, lies, raves, is busy, or never ends."""

import json
import time

import pytest
from pydantic import SecretStr

from incidents.reviews.suggesting import Question
from incidents.settings import Settings
from tasks.prose import NoAnswer, ask_model
from tests.tasks.servers import (
    Behaviour,
    answers,
    drips,
    floods,
    hangs_up,
    http_partner,
    is_silent,
    redirects,
    talks_for_ever,
)

QUESTION = Question(rules="Rules.", evidence="Evidence.")


def completion(content: object) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()


def configured(url: str, **changes: object) -> Settings:
    told = {"model_url": url, "model_name": "a-model", "model_timeout_seconds": 1.0} | changes
    return Settings.model_validate(told)


def asked(behaviour: Behaviour, **changes: object) -> str:
    with http_partner(behaviour) as server:
        return ask_model(QUESTION, configured(f"{server.url}/v1/", **changes))


def test_the_question_goes_out_as_a_chat_completion_and_the_answer_comes_back() -> None:
    with http_partner(answers(200, body=completion("It says so."))) as server:
        settings = configured(f"{server.url}/v1", model_key=SecretStr("sk-secret"))
        assert ask_model(QUESTION, settings) == "It says so."
        [request] = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-secret"
    body = json.loads(request.body)
    assert (body["model"], body["temperature"], body["stream"]) == ("a-model", 0, False)
    assert [each["content"] for each in body["messages"]] == ["Rules.", "Evidence."]


def test_without_a_key_none_is_sent() -> None:
    with http_partner(answers(200, body=completion(""))) as server:
        assert ask_model(QUESTION, configured(server.url)) == ""
        assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("missing", ["model_url", "model_name"])
def test_it_is_off_until_somebody_configures_it(missing: str) -> None:
    with pytest.raises(NoAnswer, match="No language model is configured, and nothing was sent"):
        ask_model(QUESTION, configured("http://127.0.0.1:9", **{missing: None}))


BAD: list[tuple[str, Behaviour, str]] = [
    ("it is busy", answers(429, {"retry-after": "30"}), "it answered 429, and asks to be left alone for 30 s"),
    ("it is broken", answers(500), "it answered 500."),
    ("it knows no such path", answers(404), "it answered 404."),
    ("it sends us elsewhere", redirects("http://127.0.0.1:9/"), "it answered 308."),
    ("it says nothing", is_silent, "no whole answer within 1 s"),
    ("it never ends", drips(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"), "no whole answer within 1 s"),
    ("it raves before it answers", talks_for_ever, "no whole answer within 1 s"),
    ("it hangs up", hangs_up, "the connection failed"),
    ("it is huge", floods(2), "more than 1,000,000 bytes"),
    ("it is no JSON", answers(200, body=b"<html>"), "no chat completion"),
    ("it is other JSON", answers(200, body=b'{"choices": []}'), "no chat completion"),
    ("it is deep JSON", answers(200, body=b"[" * 100_000), "no chat completion"),
    ("it is no text", answers(200, body=completion(7)), "holds no text"),
]


@pytest.mark.parametrize(("behaviour", "why"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_whatever_it_does_it_ends_in_time_and_says_why(behaviour: Behaviour, why: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer) as failed:
        asked(behaviour)
    assert why in str(failed.value)
    assert "Nothing was changed" in str(failed.value)
    assert time.monotonic() - began < 10


def test_an_address_that_is_none_or_where_nobody_listens() -> None:
    with pytest.raises(NoAnswer, match="the connection failed"):
        ask_model(QUESTION, configured("http://127.0.0.1:9"))
    with pytest.raises(NoAnswer, match="WATCHFLOOR_MODEL_URL is not a web address"):
        ask_model(QUESTION, configured("http://127.0.0.1:port"))


def test_the_key_is_in_no_error() -> None:
    with pytest.raises(NoAnswer) as failed:
        asked(answers(401, body=b"sk-secret is wrong"), model_key=SecretStr("sk-secret"))
    assert "sk-secret" not in str(failed.value)
