"""Ask a language model for a draft of prose, at any endpoint that speaks as OpenAI's chat completions do.

Off unless a site configures one. The address is the site's own choice, so it may lie in its own network; it
is reached without proxies, redirects are not followed, and the answer has a longest time and size.
"""

import json
from contextlib import closing

import httpx

from incidents.errors import WatchfloorError
from incidents.reviews.suggesting import Question
from incidents.settings import Settings
from tasks.partners.guard import CertificateRefused, Deadline, GuardedTransport
from tasks.partners.http import retry_after
from tasks.partners.words import one_line

LARGEST = 1_000_000
"""Bytes of an answer. A page of sentences is a hundredth of it."""


class NoAnswer(WatchfloorError):
    """The language model did not answer. Nothing was changed; a person can write the section themselves."""


def ask_model(question: Question, settings: Settings) -> str:
    """What the configured model answers, as text.

    Raises NoAnswer where none is configured, and where it does not answer whole, in time, and as agreed.
    """
    if not settings.model_url or not settings.model_name:
        raise NoAnswer(
            "No language model is configured, and nothing was sent. Set WATCHFLOOR_MODEL_URL and"
            " WATCHFLOOR_MODEL_NAME where you want a draft from one."
        )
    deadline = Deadline(settings.model_timeout_seconds)
    try:
        request = _request(question, settings, settings.model_url)
        with (
            GuardedTransport(deadline, allow_private=True) as transport,
            closing(transport.handle_request(request)) as response,
        ):
            return _told(response.status_code, response.headers, _whole(response))
    except httpx.TimeoutException as error:
        raise _failed(f"it gave no whole answer within {deadline.seconds:g} s") from error
    except CertificateRefused as error:
        raise _failed("its certificate was refused") from error
    except httpx.InvalidURL as error:
        raise _failed("WATCHFLOOR_MODEL_URL is not a web address") from error
    except httpx.TransportError as error:
        raise _failed(f"the connection failed ({one_line(str(error), 200) or type(error).__name__})") from error


def _request(question: Question, settings: Settings, url: str) -> httpx.Request:
    key = settings.model_key.get_secret_value() if settings.model_key else ""
    headers = {"user-agent": "Watchfloor"} | ({"authorization": f"Bearer {key}"} if key else {})
    messages = [
        {"role": "system", "content": question.rules},
        {"role": "user", "content": question.evidence},
    ]
    body = {"model": settings.model_name, "messages": messages, "temperature": 0, "stream": False}
    return httpx.Request("POST", f"{url.rstrip('/')}/chat/completions", json=body, headers=headers)


def _whole(response: httpx.Response) -> bytes:
    """The body, as far as one can be that long."""
    body = b""
    for part in response.iter_bytes():
        body += part
        if len(body) > LARGEST:
            raise _failed(f"it answered more than {LARGEST:,} bytes")
    return body


def _told(status: int, headers: httpx.Headers, body: bytes) -> str:
    if status != httpx.codes.OK:
        wait = retry_after(headers.get("retry-after", ""))
        then = f", and asks to be left alone for {wait:.0f} s" if wait is not None else ""
        raise _failed(f"it answered {status}{then}")
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _failed("what it answered is no chat completion") from error
    if not isinstance(content, str):
        raise _failed("its answer holds no text")
    return content


def _failed(what: str) -> NoAnswer:
    return NoAnswer(f"The language model gave no draft: {what}. Nothing was changed. Try later, or write it.")
