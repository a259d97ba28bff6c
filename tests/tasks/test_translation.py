"""A translator on loopback that answers well, badly, or not at all."""

import json

import pytest
from pydantic import SecretStr

from incidents.settings import Settings
from tasks.translation import NoTranslation, translate
from tests.tasks.servers import Behaviour, answers, floods, http_partner, is_silent, redirects


def configured(url: str | None, **changes: object) -> Settings:
    return Settings.model_validate({"translate_url": url, "translate_timeout_seconds": 1.0} | changes)


def test_the_text_goes_out_as_libretranslate_takes_it_and_the_answer_comes_back() -> None:
    with http_partner(answers(200, body=json.dumps({"translatedText": "Good day"}).encode())) as server:
        settings = configured(f"{server.url}/", translate_key=SecretStr("key-secret"))
        assert translate("Guten Tag", settings, language="de-AT", into="EN") == "Good day"
        assert translate("Guten Tag", configured(server.url), language="und", into="en") == "Good day"
        known, unknown = (json.loads(request.body) for request in server.requests)
    wanted = {"q": "Guten Tag", "target": "en", "format": "text"}
    assert known == wanted | {"source": "de", "api_key": "key-secret"}
    assert unknown == wanted | {"source": "auto"}
    assert server.requests[0].path == "/translate"


def test_it_is_off_until_somebody_configures_it() -> None:
    with pytest.raises(NoTranslation, match="No translator is configured, and nothing was sent"):
        translate("Guten Tag", configured(None), language="de", into="en")


BAD: list[tuple[str, Behaviour, str]] = [
    ("it is busy", answers(429, {"retry-after": "30"}), "it answered 429, and asks to be left alone for 30 s"),
    ("it sends us elsewhere", redirects("http://127.0.0.1:9/"), "it answered 308"),
    ("it says nothing", is_silent, "no whole answer within 1 s"),
    ("it is huge", floods(2), "more than 1,000,000 bytes"),
    ("it is no JSON", answers(200, body=b"<html>"), "no translation"),
    ("it is other JSON", answers(200, body=b"[]"), "no translation"),
    ("it is no text", answers(200, body=b'{"translatedText": 7}'), "holds no text"),
]


@pytest.mark.parametrize(("behaviour", "why"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_whatever_it_does_it_says_why_and_tells_nothing_of_the_text(behaviour: Behaviour, why: str) -> None:
    with http_partner(behaviour) as server:
        settings = configured(server.url, translate_key=SecretStr("key-secret"))
        with pytest.raises(NoTranslation) as failed:
            translate("Guten Tag", settings, language="de", into="en")
    assert why in str(failed.value)
    assert "Guten Tag" not in str(failed.value)
    assert "key-secret" not in str(failed.value)
