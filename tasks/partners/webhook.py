"""How does a message reach a partner's own HTTP endpoint, so that they can tell that it is ours?

Signed as Standard Webhooks 1.0.0 specifies (standardwebhooks.com), symmetric scheme `v1`.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from incidents.catalogue.channels import WebhookChannel
from incidents.message import Message, Receipt
from incidents.settings import Settings
from tasks.partners.http import Letter, post, secret
from tasks.partners.words import stable_name, undelivered

_BASE64 = re.compile(r"(whsec_)?[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True)
class WebhookPartner:
    """One endpoint. `clock` gives the Unix time of the attempt; only tests pass another."""

    channel: WebhookChannel
    settings: Settings
    # The real time even in a drill on a fast clock: receivers refuse what is five minutes off.
    clock: Callable[[], float] = time.time

    def deliver(self, message: Message) -> Receipt:
        """Post `{type, timestamp, data}` with the three `webhook-` headers.

        `webhook-id` stays the same on every attempt, so that the partner can drop what it has already.
        Raises PartnerUnreachable; see `tasks.partners.http.post` for what is permanent.
        """
        name, body = stable_name(message), _payload(message)
        headers = {"webhook-id": name, **self._signed(message, name, body)}
        place = self.channel.url.host or "no host"
        post(
            Letter(message, self.channel.id, place, str(self.channel.url), body.encode(), headers),
            self.settings,
        )
        return Receipt(channel=self.channel.id, reference=name)

    def _signed(self, message: Message, name: str, body: str) -> dict[str, str]:
        at = datetime.fromtimestamp(int(self.clock()), UTC)
        signatures = [key.sign(name, at, body) for key in self._keys(message)]
        return {"webhook-timestamp": str(int(at.timestamp())), "webhook-signature": " ".join(signatures)}

    def _keys(self, message: Message) -> list[Webhook]:
        """One key, or two while a secret is being changed: the specification's rotation without a gap."""
        named = secret(self.settings, self.channel.secret, message=message, channel=self.channel.id)
        try:
            return [_key(value) for value in named.split()]
        except (ValueError, EmptyWebhookSecretError):
            what = f"the secret `{self.channel.secret}` is not a Standard Webhooks secret"
            do = "Set `whsec_` followed by 24 to 64 random bytes in base64, and give the partner the same."
            raise undelivered(message, self.channel.id, what, do=do, permanent=True) from None


def _key(value: str) -> Webhook:
    # The library skips characters that are not base64, and would sign with a key that nobody else has.
    if not _BASE64.fullmatch(value):
        raise ValueError("not base64")
    return Webhook(value)


def _payload(message: Message) -> str:
    said = {"key": message.key, "subject": message.subject, "text": message.text, "facts": message.facts}
    at = message.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": message.event, "timestamp": at, "data": said}, separators=(",", ":"))
