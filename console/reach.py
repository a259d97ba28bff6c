"""Ask a server with the standard library alone: does it answer, and what does it say?"""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LARGEST = 4_000_000
"""Bytes of an answer that are read; ours are a few thousand."""


def answers(url: str, seconds: float = 1.0) -> bool:
    """Whether something answers there. One that wants credentials first does answer."""
    try:
        with _opener(url).open(Request(url), timeout=seconds):
            return True
    except HTTPError as error:
        error.close()
        return error.code in {401, 403}
    except (OSError, HTTPException, ValueError):
        return False


def ask(url: str, body: dict[str, Any] | None = None, seconds: float = 3.0) -> Any:  # noqa: ANN401  any JSON
    """The JSON that is answered to a GET, or with a body to a POST; None where there is no such page.

    Raises OSError where nothing answers, or where what answers refuses.
    """
    told = None if body is None else json.dumps(body).encode()
    request = Request(url, data=told, headers={"Content-Type": "application/json"})
    try:
        with _opener(url).open(request, timeout=seconds) as answer:
            return json.loads(answer.read(LARGEST))
    except HTTPError as error:
        error.close()
        if error.code == 404:
            return None
        raise OSError(f"{url} answered {error.code}") from None
    except (HTTPException, ValueError) as error:
        raise OSError(f"{url} did not answer in JSON") from error


def _opener(url: str) -> OpenerDirector:
    # A proxy of the environment cannot reach this machine's own ports.
    return build_opener(ProxyHandler({})) if urlsplit(url).hostname in LOOPBACK else build_opener()
