"""Which addresses may a partner's server have, and how long may it hold us?

The check stands where the connection is made: a name is resolved once, the answer is checked, and
the connection goes to the checked address. Host header, SNI and certificate keep the name. So a name
that answers differently the second time (DNS rebinding) gains nothing, nor does a redirect.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore  # what httpx itself connects with; httpx has no public place for this check
import httpx

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address really reached
_SHORTEST = 0.001  # a socket timeout of 0 would mean "do not block" instead of "give up"
_PIECE = 16 * 1024


class AddressRefused(Exception):
    """The partner's name leads to an address inside our own network. Nothing was sent there."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(address)


class CertificateRefused(Exception):
    """The partner's server could not prove that it bears its name. Nothing was sent there."""


class Deadline:
    """A point in time by which the whole delivery is over, however slowly the partner drips."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds left, always a little more than none, as sockets want it."""
        left = max(self._end - time.monotonic(), _SHORTEST)
        return left if at_most is None else min(left, at_most)

    def check(self) -> None:
        """Raise `httpcore.TimeoutException` once the time is up."""
        if time.monotonic() >= self._end:
            raise httpcore.TimeoutException(f"not finished within {self.seconds:g} s")


def is_public(address: str) -> bool:
    """Whether the address belongs to the open internet (IANA special-purpose registries, RFC 6890).

    Refused are private, shared, loopback, link-local (with the cloud's metadata at 169.254.169.254),
    multicast, reserved and unspecified addresses, the same within IPv6 (IPv4-mapped, NAT64), and the
    tunnels 6to4 and Teredo altogether.
    """
    ip = _reached(ip_address(address))
    if isinstance(ip, IPv6Address) and (ip.is_site_local or ip.sixtofour or ip.teredo):
        return False
    inward = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_unspecified
    return ip.is_global and not (inward or ip.is_multicast or ip.is_reserved)


def _reached(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv6Address) and ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return (isinstance(ip, IPv6Address) and ip.ipv4_mapped) or ip


class GuardedTransport(httpx.HTTPTransport):
    """httpx's own transport over the guarded network. One delivery each: it carries the deadline.

    Proxies of the environment are not used: behind one, nobody here could see the address reached.
    """

    def __init__(self, deadline: Deadline, *, allow_private: bool) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context)
        # HTTPTransport takes no network backend; tests/tasks/test_webhook.py fails if this stops working.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_keepalive_connections=0,  # a redirect to the same server may find the old one closed
            network_backend=_GuardedNetwork(deadline, allow_private=allow_private),
        )


class _GuardedNetwork(httpcore.SyncBackend):
    def __init__(self, deadline: Deadline, *, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolve(host, port, self._deadline)
        refused = [one for one in addresses if not (self._allow_private or is_public(one))]
        if refused:  # even if others are public: a partner's name has no business in our network
            raise AddressRefused(refused[0])
        for others, address in _countdown(addresses):
            share = self._deadline.left(timeout) / (others + 1)  # a dead address leaves time for the next
            try:
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not others:
                    raise
            else:
                return _Timed(stream, self._deadline)
        raise httpcore.ConnectError("the name has no address")


def _countdown(addresses: list[str]) -> Iterator[tuple[int, str]]:
    """Each address with the number of those after it."""
    return zip(range(len(addresses) - 1, -1, -1), addresses, strict=True)


class _Timed(httpcore.NetworkStream):
    """A connection each of whose steps ends with the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._deadline.check()
        return self._stream.read(max_bytes, timeout=self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._deadline.check()
            self._stream.write(buffer[start : start + _PIECE], timeout=self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        except httpcore.ConnectError as error:
            # Told apart here: httpcore's pool raises errors without their cause.
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise CertificateRefused(error.__cause__.verify_message) from error
            raise
        return _Timed(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own signature
        return self._stream.get_extra_info(info)


def _resolve(host: str, port: int, deadline: Deadline) -> list[str]:
    """Every address of the name, in the resolver's order, in a thread: getaddrinfo takes no timeout."""
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise httpcore.ConnectTimeout("the name was not resolved in time") from None
    if isinstance(answer, Exception):
        raise httpcore.ConnectError(str(answer)) from answer
    return answer


def _look_up(host: str, port: int, answers: "queue.SimpleQueue[list[str] | Exception]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that is empty or too long
        answers.put(error)
    else:
        answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
