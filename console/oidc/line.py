"""The line to the provider: every answer has an end, in time and in bytes, and leads nowhere else."""

from time import monotonic
from typing import Protocol
from urllib.parse import urlencode, urlsplit

import httpx

from console.reach import LOOPBACK

LARGEST = 1_000_000
"""Bytes of an answer. Discovery documents and key sets have some thousands."""


class ClientProof(Protocol):
    """Puts into a request who the client is; Authlib's ClientAuth does."""

    def prepare(
        self, method: str, uri: str, headers: dict[str, str], body: str
    ) -> tuple[str, dict[str, str], str]:
        """The address, headers and body with it."""


class Line:
    """Asks a provider, `seconds` an answer at the most. Redirects are not followed: they are no answer here."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get(self, url: str) -> httpx.Response:
        """The answer to a GET. Raises httpx.HTTPError, also where it is not 200."""
        return self._ask("GET", url).raise_for_status()

    def post(
        self, url: str, *, data: dict[str, str], headers: dict[str, str], auth: ClientProof
    ) -> httpx.Response:
        """The answer to a form, whatever its status, as Authlib's client asks for it."""
        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return self._ask("POST", url, headers=headers, content=body)

    def _ask(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: str | None = None
    ) -> httpx.Response:
        until = monotonic() + self._seconds
        # A proxy of the environment cannot reach this machine's own ports.
        by_proxy = urlsplit(url).hostname not in LOOPBACK
        with (
            httpx.Client(timeout=self._seconds, trust_env=by_proxy) as client,
            client.stream(method, url, headers=headers, content=content) as answer,
        ):
            read = bytearray()
            for part in answer.iter_bytes():
                read += part
                if len(read) > LARGEST:
                    raise httpx.ReadError(f"The answer has more than {LARGEST:,} bytes.")
                if monotonic() > until:
                    raise httpx.ReadTimeout(f"The answer took more than {self._seconds:g} s.")
        return httpx.Response(answer.status_code, content=bytes(read), request=answer.request)
