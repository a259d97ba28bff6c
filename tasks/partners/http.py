"""How is one message posted to a partner's HTTP endpoint, and what does its answer mean?

Used by the webhook and the chat channel. A request goes straight to httpx's transport: `httpx.Client`
would write the whole address, which for chat is the secret, into its log.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import unquote

import httpx

from incidents.errors import PartnerUnreachable
from incidents.message import Message
from incidents.settings import Settings
from tasks.partners.guard import AddressRefused, CertificateRefused, Deadline, GuardedTransport
from tasks.partners.words import RETRIED, one_line, told, undelivered

ANSWER_LIMIT = 64 * 1024
MAX_REDIRECTS = 3
LONGEST_WAIT = 24 * 3600.0

# 307 and 308 say "repeat this POST there" (RFC 9110, 15.4.8 and 15.4.9). The older codes let a POST
# become a GET, and the 200 of a login page would then look like a delivery.
_REPEAT_THERE = frozenset({307, 308})
# 409 is here because a partner who is still busy with our first attempt answers so.
_WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429})
_ADVICE = {
    401: "Check with the partner that both sides hold the same secret, then send it again.",
    403: "Check with the partner that both sides hold the same secret, then send it again.",
    404: "Check the address of the channel in the catalogue or its secret, then send it again.",
    410: "The partner wants no messages there any more: ask for the new address.",
    413: "The message is longer than the partner takes: send it another way.",
}
_OTHERWISE = "Trying again will not help: show this answer to the partner's engineers."


class RetryLater(PartnerUnreachable):
    """The partner is busy and said when to come back: wait `retry_after_seconds`, then try again."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, permanent=False)


@dataclass(frozen=True)
class Letter:
    """One POST. `place` is how errors call its address; the address itself may be a secret."""

    message: Message
    channel: str
    place: str
    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def failed(self, what: str, *, do: str = RETRIED, permanent: bool = False) -> PartnerUnreachable:
        """The error of this letter."""
        return undelivered(self.message, f"{self.channel} ({self.place})", what, do=do, permanent=permanent)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    excerpt: str

    def __str__(self) -> str:
        known = self.status in HTTPStatus._value2member_map_
        phrase = f" {HTTPStatus(self.status).phrase}" if known else ""
        return f"it answered {self.status}{phrase}" + (f" ({self.excerpt})" if self.excerpt else "")


def secret(settings: Settings, name: str, *, message: Message, channel: str) -> str:
    """The secret of that name; PartnerUnreachable (permanent) that says what to set, where there is none."""
    value = settings.secrets.get(name.lower())
    if value is None or not value.get_secret_value().strip():
        what, variable = f"the secret `{name}` is not set", f"WATCHFLOOR_SECRETS__{name.upper()}"
        do = f"Set {variable} where the flows run, restart them, then send it again."
        raise undelivered(message, channel, what, do=do, permanent=True)
    return value.get_secret_value().strip()


def post(letter: Letter, settings: Settings) -> None:
    """Deliver the letter; return once the partner answered 2xx, whatever stands in that answer.

    Raises PartnerUnreachable, permanent where trying again cannot help:

    - 2xx: delivered (Standard Webhooks, "Delivery success and failure")
    - 408, 409, 425, 429, 5xx: try again, as RetryLater where Retry-After says when (RFC 9110, 10.2.3)
    - any other status, a redirect that is not followed, an invalid certificate, an address in our own
      network: permanent
    - no connection, no name, no complete answer within the time: try again
    """
    deadline = Deadline(settings.partner_timeout_seconds)
    allow_private = settings.allow_private_addresses
    with _explained(letter, deadline), GuardedTransport(deadline, allow_private=allow_private) as transport:
        answer = _follow(transport, letter, allow_http=allow_private)
    if not 200 <= answer.status <= 299:
        raise _refusal(letter, answer)


def _follow(transport: GuardedTransport, letter: Letter, *, allow_http: bool) -> _Answer:
    url = _parsed(letter, letter.url)
    for _ in range(MAX_REDIRECTS + 1):
        answer = _send(transport, letter, url)
        if answer.status not in _REPEAT_THERE:
            return answer
        onward = _parsed(letter, answer.headers.get("location", ""), url)
        if onward.scheme != url.scheme or (onward.scheme == "http" and not allow_http):
            what = f"it redirects from {url.scheme} to {onward.scheme} on {onward.host}, which is not followed"
            raise letter.failed(what, do=_final_address(), permanent=True)
        url = onward
    raise letter.failed(f"it redirected more than {MAX_REDIRECTS} times", do=_final_address(), permanent=True)


def _send(transport: GuardedTransport, letter: Letter, url: httpx.URL) -> _Answer:
    headers = {"content-type": "application/json", "user-agent": "Watchfloor", **letter.headers}
    request = httpx.Request("POST", url, content=letter.body, headers=headers)
    with closing(transport.handle_request(request)) as response:
        return _Answer(response.status_code, response.headers, _excerpt(letter, _head(response)))


def _head(response: httpx.Response) -> bytes:
    """The start of the body. The status has decided already: what goes wrong from here on is ignored."""
    head = b""
    with suppress(httpx.TransportError):
        for part in response.iter_raw():
            head += part
            if len(head) >= ANSWER_LIMIT:
                break
    return head[:ANSWER_LIMIT]


def _excerpt(letter: Letter, head: bytes) -> str:
    """What a person may read of the answer: partners echo the path, and the path may be the secret."""
    text = head.decode(errors="replace")
    for part in sorted(set(re.split(r"[/?&=#]", letter.url.partition("://")[2])), key=len, reverse=True):
        if len(part) >= 4:
            text = re.sub(f"{re.escape(part)}|{re.escape(unquote(part))}", "***", text, flags=re.IGNORECASE)
    return one_line(text, 200)


def _refusal(letter: Letter, answer: _Answer) -> PartnerUnreachable:
    if answer.status < 500 and answer.status not in _WORTH_ANOTHER_TRY:
        do = _final_address() if answer.status < 400 else _ADVICE.get(answer.status, _OTHERWISE)
        return letter.failed(str(answer), do=do, permanent=True)
    wait = retry_after(answer.headers.get("retry-after", ""))
    if wait is None:
        return letter.failed(str(answer))
    what = f"{answer}, and asks to be left alone for {wait:.0f} s"
    return RetryLater(
        told(letter.message, f"{letter.channel} ({letter.place})", what, RETRIED), retry_after_seconds=wait
    )


def retry_after(value: str) -> float | None:
    """Seconds to wait, from a number or an HTTP date; at most a day. None where it says nothing usable."""
    try:
        wait = float(value) if value.isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def _parsed(letter: Letter, address: str, base: httpx.URL | None = None) -> httpx.URL:
    with suppress(httpx.InvalidURL):
        url = base.join(address) if base and address else httpx.URL(address)
        if url.scheme in ("http", "https") and url.host:
            return url
    whose = "it redirects to something that" if base else "what is configured"
    raise letter.failed(f"{whose} is not a web address", do=_final_address(), permanent=True)


def _final_address() -> str:
    return "Ask the partner for the final address and put it where the channel's address is set."


@contextmanager
def _explained(letter: Letter, deadline: Deadline) -> Iterator[None]:
    """Turn what the network raises into what the person on call reads."""
    try:
        yield
    except AddressRefused as error:
        what = f"it leads to {error.address}, an address inside a private network, and nothing was sent"
        do = (
            "If the partner is internal, set WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES=true; else correct the address."
        )
        raise letter.failed(what, do=do, permanent=True) from None
    except CertificateRefused as error:
        do = "The partner must mend it; for your own authority set SSL_CERT_FILE. Then send it again."
        raise letter.failed(f"its certificate was refused ({error})", do=do, permanent=True) from error
    except httpx.TimeoutException as error:
        raise letter.failed(f"no complete answer within {deadline.seconds:g} s") from error
    except httpx.TransportError as error:
        reason = one_line(str(error), 200) or type(error).__name__
        raise letter.failed(f"the connection failed ({reason})") from error
