"""How does a message reach a partner's mailboxes, through the site's own mail server?"""

import smtplib
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime

from incidents.catalogue.channels import EmailChannel
from incidents.errors import PartnerUnreachable
from incidents.message import Message, Receipt
from incidents.settings import Settings
from tasks.partners.words import RETRIED, one_line, stable_name, undelivered

Refused = Mapping[str, tuple[int, bytes]]

_AGAIN = "Correct it, then send it again."


@dataclass(frozen=True)
class MailPartner:
    """The mailboxes of one channel."""

    channel: EmailChannel
    settings: Settings

    def deliver(self, message: Message) -> Receipt:
        """Hand the message to the mail server, by STARTTLS and with a login where the settings say so.

        The Message-ID is the same on every attempt, so that mail programs show one message.
        Raises PartnerUnreachable: permanent on 5xx (RFC 5321, 4.2.1), on an invalid certificate and on
        settings that cannot work; to be tried again on 4xx, silence and broken connections. Where only
        some mailboxes are refused it is raised as well, although the others have the message.
        """
        letter = self._letter(message)
        try:
            refused = self._send(letter, message)
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except (smtplib.SMTPException, OSError) as error:
            raise self._broken(message, error) from error
        if refused:
            raise self._refused(message, refused)
        return Receipt(channel=self.channel.id, reference=str(letter["Message-ID"]))

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage(policy=policy.SMTP)
        letter["From"] = self._address(message, self.settings.mail_from)
        letter["To"] = ", ".join(self._address(message, mailbox) for mailbox in self.channel.to)
        letter["Subject"] = one_line(message.subject, 200)
        letter["Date"] = format_datetime(message.at)
        letter["Message-ID"] = f"<{stable_name(message)}@{letter['From'].addresses[0].domain}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office notes in return
        letter.set_content(message.text)
        return letter

    def _address(self, message: Message, written: str) -> str:
        """The address as written, once it is known to be exactly one and to bear no second header."""
        probe = EmailMessage(policy=policy.SMTP)
        with suppress(ValueError, IndexError, MessageError):
            probe["To"] = written
            if len(probe["To"].addresses) == 1 and not probe["To"].defects:
                return written
        what = f"{one_line(written, 80)!r} is not an e-mail address"
        raise undelivered(message, self.channel.id, what, do=_AGAIN, permanent=True)

    def _send(self, letter: EmailMessage, message: Message) -> Refused:
        settings = self.settings
        with closing(self._connect(message)) as server:
            if settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user is not None and settings.smtp_password is not None:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            refused = server.send_message(letter)
            with suppress(smtplib.SMTPException, OSError):  # it has the message: a rude goodbye is no failure
                server.quit()
        return refused

    def _connect(self, message: Message) -> smtplib.SMTP:
        settings = self.settings
        missing = {
            "WATCHFLOOR_SMTP_HOST": settings.smtp_host is None,
            "WATCHFLOOR_SMTP_PASSWORD": settings.smtp_user is not None and settings.smtp_password is None,
        }
        for name in (name for name, absent in missing.items() if absent):
            do = f"Set {name} where the flows run, restart them, then send it again."
            raise undelivered(message, self.channel.id, f"{name} is not set", do=do, permanent=True)
        return smtplib.SMTP(
            settings.smtp_host or "", settings.smtp_port, timeout=settings.partner_timeout_seconds
        )

    def _refused(self, message: Message, refused: Refused) -> PartnerUnreachable:
        each = "; ".join(f"{who}: {code} {_said(reply)}" for who, (code, reply) in refused.items())
        what = f"{len(refused)} of {len(self.channel.to)} mailboxes were refused ({each})"
        permanent = all(code >= 500 for code, _ in refused.values())
        do = "Correct the addresses in the catalogue, then send it again." if permanent else RETRIED
        return undelivered(message, self.channel.id, what, do=do, permanent=permanent)

    def _broken(self, message: Message, error: Exception) -> PartnerUnreachable:
        server = f"the mail server {self.settings.smtp_host}:{self.settings.smtp_port}"
        what, permanent = _meaning(error)
        do = f"Check the smtp settings; {_AGAIN.lower()}" if permanent else RETRIED
        return undelivered(message, self.channel.id, f"{server} {what}", do=do, permanent=permanent)


def _meaning(error: Exception) -> tuple[str, bool]:
    """What the mail server did, and whether that will stay so."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"answered {error.smtp_code} {_said(error.smtp_error)}", error.smtp_code >= 500
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has no valid certificate ({error.verify_message})", True
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"does not offer what the settings or the addresses need ({error})", True
    return f"could not be reached ({one_line(str(error), 200) or type(error).__name__})", False


def _said(reply: bytes | str) -> str:
    return one_line(reply.decode(errors="replace") if isinstance(reply, bytes) else reply, 200)
