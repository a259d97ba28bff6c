"""How is one action carried out on a platform, once, and what does its answer mean?

The protocol is that of docs/reference/platform.md. The key is sent along, so that asking again after an
attempt that broke off does nothing twice.
"""

from hashlib import sha256
from http import HTTPStatus
from typing import Final

from pydantic import ValidationError

from incidents.sweeps.acting import Answer, Order
from tasks.partners.http import RetryLater, retry_after
from tasks.partners.platform_line import Answered, Passing, PlatformLine

_LONGEST_KEY: Final = 200
"""Characters; what the protocol asks a platform to take."""

_WORTH_ANOTHER_TRY: Final = frozenset({408, 425, 429})
_OF_THIS_POST: Final = {
    400: "it takes no such action",
    404: "it has no such post",
    409: "it knows the key for another action",
    410: "it has no such post any more",
    422: "it takes no such action",
}
"""Answers that are about one post: the others are asked for all the same."""

_TRIED: Final = "It is tried again by itself."
_RERUN: Final = "Check with the platform what the token may do; then `watchfloor outbox rerun` asks again."


def take_action(line: PlatformLine, order: Order) -> Answer:
    """Have the platform do it. Raises PartnerUnreachable, permanent where trying again cannot help.

    - 200: done; at which time and reach as far as the platform says so
    - 400, 404, 409, 410, 422: this post alone is refused
    - 408, 425, 429, 5xx, no or half an answer: try again, as RetryLater where Retry-After says when
    - any other status: permanent
    """
    body = {"post": order.post, "action": order.action.value, "reason": order.reason}
    try:
        key = {"idempotency-key": _header(order.key)}
        return _read(line, order, line.ask(order.key, "/v1/actions", body=body, headers=key))
    except Passing as error:
        raise _later(line, order, error) from None


def _read(line: PlatformLine, order: Order, answered: Answered) -> Answer:
    if answered.status == HTTPStatus.OK:
        return _taken(answered.told())
    if answered.status in _OF_THIS_POST:
        return Answer(error=_OF_THIS_POST[answered.status])
    what = f"it answered {answered.status}"
    if answered.status >= 500 or answered.status in _WORTH_ANOTHER_TRY:
        raise Passing(what, retry_after_seconds=retry_after(answered.headers.get("retry-after", "")))
    raise line.failed(order.key, what, _RERUN)


def _taken(told: object) -> Answer:
    """What it says of the action; a time or a reach that cannot be read is not known."""
    known = told if isinstance(told, dict) else {}
    at, reach = (_alone(name, known.get(name)) for name in ("at", "reach"))
    return Answer(at=at.at, reach=reach.reach)


def _alone(name: str, value: object) -> Answer:
    try:
        return Answer.model_validate({name: value})
    except ValidationError:
        return Answer()


def _header(key: str) -> str:
    """The key as a header can hold it: ids of posts are of any length, in any script."""
    fits = key.isascii() and key.isprintable() and len(key) <= _LONGEST_KEY
    return key if fits else "sha256:" + sha256(key.encode()).hexdigest()


def _later(line: PlatformLine, order: Order, error: Passing) -> Exception:
    failed = line.failed(order.key, error.what, _TRIED, permanent=False)
    if error.retry_after_seconds is None:
        return failed
    return RetryLater(str(failed), retry_after_seconds=error.retry_after_seconds)
