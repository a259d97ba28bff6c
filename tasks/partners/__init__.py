"""The channels to partner teams: one contract, one module a kind.

    message ──▶ open_partner(channel, settings).deliver(message) ──▶ Receipt
                                                               └──▶ raises PartnerUnreachable

A kind is added by a shape in `incidents.catalogue.channels`, a module here, a line in `open_partner`.
"""

from typing import Protocol, assert_never

from incidents.catalogue.channels import Channel, ChatChannel, EmailChannel, FileChannel, WebhookChannel
from incidents.message import Message, Receipt
from incidents.settings import Settings
from tasks.partners.chat import ChatPartner
from tasks.partners.file import FilePartner
from tasks.partners.http import RetryLater
from tasks.partners.mail import MailPartner
from tasks.partners.webhook import WebhookPartner

__all__ = ["Partner", "RetryLater", "open_partner"]


class Partner(Protocol):
    """One channel to one partner team."""

    def deliver(self, message: Message) -> Receipt:
        """Deliver the message, or raise PartnerUnreachable.

        At least once: after an attempt that broke off, the partner may have the message already. The
        same key is the same webhook-id, Message-ID or file, so that they need not take it twice.
        """
        ...


def open_partner(channel: Channel, settings: Settings) -> Partner:
    """The partner at the end of that channel. Nothing is connected and nothing can fail until `deliver`."""
    match channel:
        case WebhookChannel():
            return WebhookPartner(channel, settings)
        case ChatChannel():
            return ChatPartner(channel, settings)
        case EmailChannel():
            return MailPartner(channel, settings)
        case FileChannel():
            return FilePartner(channel, settings)
        case _:
            assert_never(channel)
