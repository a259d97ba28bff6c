"""Real servers on loopback that answer as told: the partners whom the channels are tested against."""

import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from incidents.message import Message

AT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


def ask(**changes: object) -> Message:
    """The message that Cleo of Legal is to receive."""
    told: dict[str, object] = {
        "key": "ask:INC-12:legal:1",
        "event": "incident.ask.sent",
        "subject": "INC-12 asks Legal for a preservation notice",
        "text": "Please send the notice.\n\nThe sweep starts at 03:00 UTC.",
        "facts": {"incident": "INC-12", "drill": False, "number": 1},
        "at": AT,
    }
    return Message.model_validate(told | changes)


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Partner:
    """A running HTTP server, and what it has received so far."""

    url: str
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


class Call(BaseHTTPRequestHandler):
    """One request being answered. `partner` is the server it came to."""

    protocol_version = "HTTP/1.1"
    partner: Partner
    behaviour: "Behaviour"

    def do_POST(self) -> None:
        """Note the request, then behave."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        told = {name.lower(): value for name, value in self.headers.items()}
        self.partner.requests.append(Request(self.path, told, body))
        self.close_connection = True
        with suppress(OSError):  # the client hung up, as it should on most of what follows
            self.behaviour(self)

    def do_GET(self) -> None:
        """The dead-man address is called without a body."""
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def answer(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"ok") -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


Behaviour = Callable[[Call], None]


def answers(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"ok") -> Behaviour:
    """Answer at once."""
    return lambda call: call.answer(status, headers, body)


def redirects(to: str, status: int = 308) -> Behaviour:
    """Send the caller elsewhere; `{path}` in the address is replaced by the path asked for."""
    return lambda call: call.answer(status, {"location": to.format(path=call.path)})


def is_silent(call: Call) -> None:
    """Take the request and never answer."""
    call.partner.closing.wait(30)


def hangs_up(call: Call) -> None:
    """Take the request and close the connection."""
    call.connection.close()


def drips(head: bytes) -> Behaviour:
    """Send the head at once, then a byte every tenth of a second, for ever."""

    def drip(call: Call) -> None:
        call.wfile.write(head)
        for _ in range(600):
            call.wfile.write(b"x")
            if call.partner.closing.wait(0.05):
                return

    return drip


def talks_for_ever(call: Call) -> None:
    """Announce an answer again and again, without a pause in which a read could time out."""
    while not call.partner.closing.is_set():
        call.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)


def floods(megabytes: int, status: int = 200) -> Behaviour:
    """An answer of that many megabytes."""
    return answers(status, body=b"y" * megabytes * 1_000_000)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for the last answer, and no socket outlives its test

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that refuse our certificate or hang up are what these tests are about."""


@contextmanager
def http_partner(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Partner]:
    """A server on a free port of 127.0.0.1 until the block ends."""
    partner = Partner("")
    call = type("BoundCall", (Call,), {"partner": partner, "behaviour": staticmethod(behaviour)})
    with _Server(("127.0.0.1", 0), call) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        partner.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield partner
        finally:
            partner.closing.set()
            server.shutdown()
            thread.join()


def certificate(folder: Path) -> Path:
    """A self-signed certificate for localhost and 127.0.0.1 with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "partner on loopback")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "partner.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def tls_from(pem: Path) -> ssl.SSLContext:
    """The server's side of TLS with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context
