"""How does a message appear in a partner's chat room, through an incoming webhook?

The JSON that both take: Slack (api.slack.com/messaging/webhooks) and Mattermost
(developers.mattermost.com/integrate/webhooks/incoming).
"""

import json
import re
from dataclasses import dataclass

from incidents.catalogue.channels import ChatChannel
from incidents.message import Message, Receipt
from incidents.settings import Settings
from tasks.partners.http import Letter, post, secret
from tasks.partners.words import stable_name, undelivered

# Mattermost takes 16,383 characters a post and splits what is longer; Slack cuts silently at 40,000.
LONGEST = 16_000

# `@channel` written out wakes everybody in Mattermost, and in Slack where names are linked.
_EVERYBODY = re.compile(r"@(?=(?:all|channel|here|everyone|group)(?![A-Za-z0-9]))", re.IGNORECASE)
_WORD_JOINER = "\u2060"


@dataclass(frozen=True)
class ChatPartner:
    """One room."""

    channel: ChatChannel
    settings: Settings

    def deliver(self, message: Message) -> Receipt:
        """Post `{"text": …}`. Raises PartnerUnreachable; see `tasks.partners.http.post`.

        A chat system knows no idempotency key: after an attempt that broke off, a room may show the
        message twice.
        """
        url, place = self._address(message)
        body = json.dumps({"text": chat_text(message)}).encode()
        post(Letter(message, self.channel.id, place, url, body), self.settings)
        return Receipt(channel=self.channel.id, reference=stable_name(message))

    def _address(self, message: Message) -> tuple[str, str]:
        """The address, and what errors call it: whoever knows the address of a room can write there."""
        name, channel = self.channel.secret, self.channel.id
        if name is not None:
            return secret(self.settings, name, message=message, channel=channel), f"secret `{name}`"
        if self.channel.url is not None:
            return str(self.channel.url), self.channel.url.host or "no host"
        do = "Give it a `secret` that holds the address of its incoming webhook, then send it again."
        raise undelivered(message, channel, "the channel has no address", do=do, permanent=True)


def chat_text(message: Message) -> str:
    """Subject and text as the chat shows them: no link or mention made from data, at most LONGEST long."""
    text = _escaped(f"{message.subject}\n\n{message.text}")
    if len(text) <= LONGEST:
        return text
    rest = _escaped(f"\n… (shortened; the whole text is in Watchfloor under {message.key})")
    return re.sub(r"&[a-z]*$", "", text[: LONGEST - len(rest)]) + rest


def _escaped(text: str) -> str:
    """`&`, `<` and `>` as Slack asks, which also undoes `<!channel>`; `@all` and its kin taken apart."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _EVERYBODY.sub(f"@{_WORD_JOINER}", escaped)
