"""How is a platform asked something, no faster than it may be, and what went wrong where it did not answer?"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import httpx

from incidents.errors import PartnerUnreachable
from incidents.settings import Settings
from incidents.store.post_source import HttpSource
from tasks.partners.guard import AddressRefused, CertificateRefused, Deadline, GuardedTransport
from tasks.partners.words import one_line

LARGEST_ANSWER = 64_000_000
"""Bytes of one answer, unpacked."""

OTHERWISE = "Show this to the platform's engineers."


class Passing(Exception):
    """Something that may be over at the next attempt."""

    def __init__(self, what: str, retry_after_seconds: float | None = None) -> None:
        self.what = what
        self.retry_after_seconds = retry_after_seconds
        super().__init__(what)


@dataclass(frozen=True)
class Answered:
    """What came back. `told` reads it as JSON."""

    status: int
    headers: httpx.Headers
    body: bytes

    def told(self) -> object:
        """The body as JSON. Raises Passing where it is none: half an answer may be whole the next time."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
            raise Passing("its answer is no JSON") from None


@dataclass
class PlatformLine:
    """The line to one platform. `sleep` is how it waits for its turn."""

    source: HttpSource
    settings: Settings
    sleep: Callable[[float], None] = time.sleep
    _asked_at: float = field(default=float("-inf"), init=False)

    def ask(
        self,
        about: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send a GET, or a POST where there is a body, and return whatever was answered.

        Raises Passing for what may be over soon, and PartnerUnreachable (permanent), which begins with
        `about`, for what is not: an address in a private network, a certificate, a secret that is not set.
        """
        told = {"accept": "application/json", "user-agent": "Watchfloor", **self._token(), **(headers or {})}
        request = httpx.Request(
            "GET" if body is None else "POST",
            self.source.url + path,
            params=params,
            headers=told,
            json=body,
        )
        self._keep_pace()
        deadline = Deadline(self.settings.platform_timeout_seconds)
        allowed = self.settings.allow_private_addresses
        try:
            with GuardedTransport(deadline, allow_private=allowed) as transport:
                return _send(transport, request)
        except AddressRefused as error:
            what = f"it leads to {error.address}, inside a private network, and nothing was asked there"
            do = "If it is your own, set WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES=true; else correct the address."
            raise self.failed(about, what, do) from None
        except CertificateRefused as error:
            do = "The platform must mend it; for your own authority set SSL_CERT_FILE."
            raise self.failed(about, f"its certificate was refused ({error})", do) from None
        except httpx.TimeoutException:
            raise Passing(f"there was no complete answer within {deadline.seconds:g} s") from None
        except httpx.RequestError as error:
            raise Passing(f"the connection failed ({one_line(str(error), 200)})") from None

    def failed(self, about: str, what: str, do: str, *, permanent: bool = True) -> PartnerUnreachable:
        """The error of something that was asked."""
        return PartnerUnreachable(f"{self.source.shown}: {about}: {what}. {do}", permanent=permanent)

    def _token(self) -> dict[str, str]:
        name = self.source.secret
        if name is None:
            return {}
        value = self.settings.secrets.get(name.lower())
        if value is None or not value.get_secret_value().strip():
            do = f"Set WATCHFLOOR_SECRETS__{name.upper()} where the flows run, and restart them."
            raise PartnerUnreachable(
                f"{self.source.shown}: the secret `{name}` is not set. {do}", permanent=True
            )
        return {"authorization": f"Bearer {value.get_secret_value().strip()}"}

    def _keep_pace(self) -> None:
        wait = self._asked_at + 1 / self.settings.platform_requests_per_second - time.monotonic()
        if wait > 0:
            self.sleep(wait)
        self._asked_at = time.monotonic()


def _send(transport: GuardedTransport, request: httpx.Request) -> Answered:
    # Straight to the transport: `httpx.Client` would write the whole address into its log.
    with closing(transport.handle_request(request)) as response:
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > LARGEST_ANSWER:
                raise Passing(f"its answer is longer than {LARGEST_ANSWER:,} bytes")
        return Answered(response.status_code, response.headers, bytes(body))
