"""Have a text translated by a server of the site's own choice that speaks as LibreTranslate does.

Off unless a site configures one: texts of posts leave this machine for it. What comes back is a machine's word,
and is kept nowhere. The protocol: https://docs.libretranslate.com/guides/api_usage/
"""

import json

import httpx

from incidents.errors import PartnerUnreachable
from incidents.settings import Settings
from tasks.own_endpoint import ask_endpoint

UNKNOWN = "und"
"""Language tag of a text whose language nobody knows (BCP 47); the server is to find out."""


class NoTranslation(PartnerUnreachable):
    """The text was not translated. Nothing was changed."""


def translate(text: str, settings: Settings, *, language: str, into: str) -> str:
    """The text in another language. `language` is its own, `into` the one that is wanted (BCP 47).

    Raises NoTranslation where no server is configured, and where it does not answer in time and as agreed.
    """
    url = settings.translate_url
    if not url:
        raise NoTranslation(
            "No translator is configured, and nothing was sent. An administrator sets WATCHFLOOR_TRANSLATE_URL."
        )
    seconds, setting = settings.translate_timeout_seconds, "WATCHFLOOR_TRANSLATE_URL"

    def request() -> httpx.Request:
        key = settings.translate_key.get_secret_value() if settings.translate_key else ""
        source = "auto" if language == UNKNOWN else primary(language)
        body = {"q": text, "source": source, "target": primary(into), "format": "text"}
        body |= {"api_key": key} if key else {}
        return httpx.Request(
            "POST", f"{url.rstrip('/')}/translate", json=body, headers={"user-agent": "Watchfloor"}
        )

    return _told(ask_endpoint(request, seconds=seconds, setting=setting, failed=_failed))


def primary(language: str) -> str:
    """The language of a tag without its region or script, which such servers do not know."""
    return language.partition("-")[0].lower()


def _told(body: bytes) -> str:
    try:
        text = json.loads(body)["translatedText"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _failed("what it answered is no translation") from error
    if not isinstance(text, str):
        raise _failed("its answer holds no text")
    return text


def _failed(what: str) -> NoTranslation:
    return NoTranslation(f"The text was not translated: {what}. Try later, or escalate the post.")
