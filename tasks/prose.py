"""Ask a language model for a draft of prose, at any endpoint that speaks as OpenAI's chat completions do.

Off unless a site configures one; see `ask_endpoint` for how it is reached.
"""

import json

import httpx

from incidents.errors import WatchfloorError
from incidents.reviews.suggesting import Question
from incidents.settings import Settings
from tasks.own_endpoint import ask_endpoint


class NoAnswer(WatchfloorError):
    """The language model did not answer. Nothing was changed; a person can write the section themselves."""


def ask_model(question: Question, settings: Settings) -> str:
    """What the configured model answers, as text.

    Raises NoAnswer where none is configured, and where it does not answer whole, in time, and as agreed.
    """
    url = settings.model_url
    if not url or not settings.model_name:
        raise NoAnswer(
            "No language model is configured, and nothing was sent. Set WATCHFLOOR_MODEL_URL and"
            " WATCHFLOOR_MODEL_NAME where you want a draft from one."
        )
    seconds, setting = settings.model_timeout_seconds, "WATCHFLOOR_MODEL_URL"
    return _told(
        ask_endpoint(
            lambda: _request(question, settings, url), seconds=seconds, setting=setting, failed=_failed
        )
    )


def _request(question: Question, settings: Settings, url: str) -> httpx.Request:
    key = settings.model_key.get_secret_value() if settings.model_key else ""
    headers = {"user-agent": "Watchfloor"} | ({"authorization": f"Bearer {key}"} if key else {})
    messages = [
        {"role": "system", "content": question.rules},
        {"role": "user", "content": question.evidence},
    ]
    body = {"model": settings.model_name, "messages": messages, "temperature": 0, "stream": False}
    return httpx.Request("POST", f"{url.rstrip('/')}/chat/completions", json=body, headers=headers)


def _told(body: bytes) -> str:
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _failed("what it answered is no chat completion") from error
    if not isinstance(content, str):
        raise _failed("its answer holds no text")
    return content


def _failed(what: str) -> NoAnswer:
    return NoAnswer(f"The language model gave no draft: {what}. Nothing was changed. Try later, or write it.")
