"""Ask a server of the site's own choice: a language model, a translator. One request, a longest time and size.

Its address may lie in the site's own network. It is reached without proxies, and redirects are not followed.
"""

from collections.abc import Callable
from contextlib import closing

import httpx

from incidents.errors import WatchfloorError
from tasks.partners.guard import CertificateRefused, Deadline, GuardedTransport
from tasks.partners.http import retry_after
from tasks.partners.words import one_line

LARGEST = 1_000_000
"""Bytes of an answer. A page of sentences is a hundredth of it."""


def ask_endpoint(
    make: Callable[[], httpx.Request], *, seconds: float, setting: str, failed: Callable[[str], WatchfloorError]
) -> bytes:
    """The body of a 200. `failed` makes the error to raise of what went wrong: no answer whole, in time, or so.

    `make` puts the request together, of the address in `setting`, which may be none at all.
    """
    deadline = Deadline(seconds)
    try:
        with (
            GuardedTransport(deadline, allow_private=True) as transport,
            closing(transport.handle_request(make())) as response,
        ):
            body = _whole(response, failed)
            _refuse_other_than_ok(response, failed)
            return body
    except httpx.TimeoutException as error:
        raise failed(f"it gave no whole answer within {deadline.seconds:g} s") from error
    except CertificateRefused as error:
        raise failed("its certificate was refused") from error
    except httpx.InvalidURL as error:
        raise failed(f"{setting} is not a web address") from error
    except httpx.TransportError as error:
        raise failed(f"the connection failed ({one_line(str(error), 200) or type(error).__name__})") from error


def _whole(response: httpx.Response, failed: Callable[[str], WatchfloorError]) -> bytes:
    """The body, as far as one can be that long."""
    body = b""
    for part in response.iter_bytes():
        body += part
        if len(body) > LARGEST:
            raise failed(f"it answered more than {LARGEST:,} bytes")
    return body


def _refuse_other_than_ok(response: httpx.Response, failed: Callable[[str], WatchfloorError]) -> None:
    if response.status_code != httpx.codes.OK:
        wait = retry_after(response.headers.get("retry-after", ""))
        then = f", and asks to be left alone for {wait:.0f} s" if wait is not None else ""
        raise failed(f"it answered {response.status_code}{then}")
