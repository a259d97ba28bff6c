"""E-mail: one message a key, no second header by way of data, and refusals that name the mailboxes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from incidents.catalogue.channels import EmailChannel
from incidents.errors import PartnerUnreachable
from incidents.message import Message, Receipt
from incidents.settings import Settings
from tasks.partners import open_partner
from tests.tasks.servers import ask, certificate, tls_from

CLEO, DEV = "cleo@legal.example", "dev@legal.example"


@dataclass
class Mailbox:
    """What the mail server does, and the envelopes that it took."""

    to_mailbox: dict[str, str] = field(default_factory=dict)
    to_data: str = "250 taken"
    to_quit: str = "221 bye"
    envelopes: list[Envelope] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.to_mailbox.get(address, "250 known")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_data.startswith("250"):
            self.envelopes.append(envelope)
        return self.to_data

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return self.to_quit

    @property
    def letters(self) -> list[EmailMessage]:
        parser = BytesParser(EmailMessage, policy=policy.default)
        return [
            parser.parsebytes(one.content or b"") for one in self.envelopes if isinstance(one.content, bytes)
        ]


def content(letter: EmailMessage) -> str:
    """The text of the letter with the line ends of Python instead of those of SMTP."""
    return str(letter.get_content()).replace("\r\n", "\n")


@contextmanager
def mail_server(mailbox: Mailbox | None = None, **options: Any) -> Iterator[Mailbox]:
    """A real SMTP server on a free port of 127.0.0.1 until the block ends."""
    mailbox = mailbox or Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mailbox.port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def deliver(port: int, *to: str, message: Message | None = None, **changes: Any) -> Receipt:
    told = {"smtp_host": "127.0.0.1", "smtp_port": port, "partner_timeout_seconds": 5}
    told |= {"mail_from": "Watchfloor <watch@platform.example>"}
    channel = EmailChannel(id="legal-mail", kind="email", to=to or (CLEO,))
    return open_partner(channel, Settings.model_validate(told | changes)).deliver(message or ask())


def failure(mailbox: Mailbox | None = None, *to: str, **changes: Any) -> PartnerUnreachable:
    with mail_server(mailbox) as server, pytest.raises(PartnerUnreachable) as caught:
        deliver(server.port, *to, **changes)
    assert str(caught.value).startswith("ask:INC-12:legal:1 was not delivered through legal-mail: ")
    return caught.value


def test_the_mailboxes_of_a_channel_get_the_message() -> None:
    with mail_server() as server:
        receipt = deliver(server.port, CLEO, f"Dev <{DEV}>")
    (letter,), (envelope,) = server.letters, server.envelopes
    assert envelope.rcpt_tos == [CLEO, DEV]
    assert envelope.mail_from == "watch@platform.example"
    assert letter["Subject"] == "INC-12 asks Legal for a preservation notice"
    assert content(letter) == "Please send the notice.\n\nThe sweep starts at 03:00 UTC.\n"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime == ask().at
    assert receipt == Receipt(channel="legal-mail", reference=str(letter["Message-ID"]))


def test_the_same_message_keeps_its_message_id() -> None:
    with mail_server() as server:
        first, again = deliver(server.port), deliver(server.port)
        other = deliver(server.port, message=ask(key="ask:INC-12:legal:2"))
    assert first == again
    assert first.reference != other.reference
    assert first.reference.endswith("@platform.example>")


def test_every_script_arrives() -> None:
    with mail_server() as server:
        deliver(server.port, message=ask(subject="Überschwemmung 洪水 🌊", text="наводнение\n" + "洪水" * 2000))
    (letter,) = server.letters
    assert letter["Subject"] == "Überschwemmung 洪水 🌊"
    assert content(letter) == "наводнение\n" + "洪水" * 2000 + "\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\x00", "\n "])
def test_a_subject_cannot_become_a_second_header(end: str) -> None:
    with mail_server() as server:
        deliver(server.port, message=ask(subject=f"INC-12{end}Bcc: eve@elsewhere.example"))
    (letter,), (envelope,) = server.letters, server.envelopes
    assert letter["Subject"] == "INC-12 Bcc: eve@elsewhere.example"
    assert letter["Bcc"] is None
    assert envelope.rcpt_tos == [CLEO]


def test_a_text_cannot_end_the_message_early() -> None:
    text = "one\n.\nMAIL FROM:<eve@elsewhere.example>\n..\ntwo"
    with mail_server() as server:
        deliver(server.port, message=ask(text=text))
    (letter,) = server.letters
    assert content(letter) == text + "\n"


@pytest.mark.parametrize("address", [
    f"{CLEO}\nBcc: eve@elsewhere.example", f"{CLEO}, eve@elsewhere.example", "", "Cleo", "<>", "@legal.example",
    "cleo@", "a b@legal.example",
])  # fmt: skip
def test_an_address_that_is_not_one_is_refused(address: str) -> None:
    error = failure(None, CLEO, address)
    assert error.permanent
    assert "is not an e-mail address" in str(error)
    assert failure(None, CLEO, mail_from=address).permanent


@pytest.mark.parametrize(("answer", "permanent"), [("450 later", False), ("550 no such mailbox", True)])
def test_a_refused_mailbox_is_named(answer: str, permanent: bool) -> None:
    error = failure(Mailbox(to_mailbox={CLEO: answer}))
    assert error.permanent is permanent
    assert f"1 of 1 mailboxes were refused ({CLEO}: {answer})" in str(error)


def test_some_refused_mailboxes_are_counted_and_the_others_have_the_message() -> None:
    mailbox = Mailbox(to_mailbox={DEV: "550 gone"})
    error = failure(mailbox, CLEO, DEV, "bo@legal.example")
    assert error.permanent
    assert f"1 of 3 mailboxes were refused ({DEV}: 550 gone)" in str(error)
    assert mailbox.envelopes[0].rcpt_tos == [CLEO, "bo@legal.example"]


def test_one_mailbox_that_may_take_it_later_is_worth_another_try() -> None:
    error = failure(Mailbox(to_mailbox={CLEO: "451 greylisted", DEV: "550 gone"}), CLEO, DEV)
    assert not error.permanent


@pytest.mark.parametrize(("answer", "permanent"), [("452 disk full", False), ("554 refused as spam", True)])
def test_a_refused_message_says_what_the_server_said(answer: str, permanent: bool) -> None:
    error = failure(Mailbox(to_data=answer))
    assert error.permanent is permanent
    assert f"answered {answer}" in str(error)


def test_a_rude_goodbye_is_no_failure() -> None:
    with mail_server(Mailbox(to_quit="500 what?")) as server:
        deliver(server.port)
    assert len(server.letters) == 1


def signs_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
    right = isinstance(login, LoginPassword) and (login.login, login.password) == (b"watch", b"for-tests")
    return AuthResult(success=right, handled=False)


@pytest.fixture
def pem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that our side takes for valid."""
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


def secured(pem: Path) -> dict[str, Any]:
    return {
        "tls_context": tls_from(pem),
        "require_starttls": True,
        "auth_required": True,
        "authenticator": signs_in,
    }


def test_starttls_and_login_as_the_settings_say(pem: Path) -> None:
    with mail_server(**secured(pem)) as server:
        deliver(server.port, smtp_starttls=True, smtp_user="watch", smtp_password=SecretStr("for-tests"))
    assert len(server.letters) == 1


def test_a_wrong_password_is_permanent_and_not_shown(pem: Path) -> None:
    with (
        mail_server(**secured(pem)) as server,
        pytest.raises(PartnerUnreachable, match="answered 535") as caught,
    ):
        deliver(server.port, smtp_starttls=True, smtp_user="watch", smtp_password=SecretStr("wrong-one"))
    assert caught.value.permanent
    assert "wrong-one" not in str(caught.value)


def test_nothing_is_sent_over_a_connection_that_is_not_secure(tmp_path: Path) -> None:
    stranger = mail_server(**secured(certificate(tmp_path)))
    with stranger as server, pytest.raises(PartnerUnreachable, match="no valid certificate") as caught:
        deliver(server.port, smtp_starttls=True)
    assert caught.value.permanent
    error = failure(smtp_starttls=True)  # a server without STARTTLS
    assert error.permanent
    assert "STARTTLS" in str(error)


def test_a_login_that_the_server_does_not_offer_is_permanent() -> None:
    assert failure(smtp_user="watch", smtp_password=SecretStr("for-tests")).permanent


@pytest.mark.parametrize(("changes", "name"), [
    ({"smtp_host": None}, "WATCHFLOOR_SMTP_HOST"), ({"smtp_user": "watch"}, "WATCHFLOOR_SMTP_PASSWORD"),
])  # fmt: skip
def test_a_missing_setting_says_what_to_set(changes: dict[str, Any], name: str) -> None:
    error = failure(**changes)
    assert error.permanent
    assert f"Set {name}" in str(error)


def test_a_closed_port_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PartnerUnreachable, match="could not be reached") as caught:
            deliver(taken.getsockname()[1])
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("greeting", "permanent"), [(b"", False), (b"421 later\r\n", False), (b"554 no\r\n", True)]
)
def test_a_server_that_does_not_welcome_us(greeting: bytes, permanent: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        caller = Thread(target=greet, args=(server, greeting))
        caller.start()
        with pytest.raises(PartnerUnreachable) as caught:
            deliver(server.getsockname()[1])
        caller.join()
    assert caught.value.permanent is permanent


def greet(server: socket.socket, greeting: bytes) -> None:
    call, _ = server.accept()
    with call:
        call.sendall(greeting)


def test_a_silent_server_is_given_up_in_time() -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # takes the call and never speaks
    with silent, pytest.raises(PartnerUnreachable, match="could not be reached") as caught:
        deliver(silent.getsockname()[1], partner_timeout_seconds=0.3)
    assert not caught.value.permanent
