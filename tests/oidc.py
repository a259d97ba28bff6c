"""A real provider of OpenID Connect on loopback, which can be told to lie.

It keeps to OpenID Connect Core 1.0 and RFC 7636 unless a test says otherwise: a code is good once, for the
client and the address that asked for it, and for whoever knows the verifier.
"""

import hmac
import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "watchfloor", "what-the-client-alone-knows"
Claims = dict[str, Any]


@dataclass
class Provider:
    """A running provider: who is signed in there, what it has heard, and how it lies."""

    issuer: str = ""
    claims: Claims = field(default_factory=dict)
    """What it says of whoever comes, beside what every ID token says."""
    keys: list[RSAKey] = field(default_factory=list)
    """Its keys; it signs with the last, and shows them all."""
    about: Claims = field(default_factory=dict)
    """What it says of itself, in place of the truth."""
    forge: Callable[["Provider", Claims], str] | None = None
    """How it makes ID tokens, in place of signing them."""
    returns: dict[str, str] = field(default_factory=dict)
    """What it sends back beside code and state."""
    fails: str = ""
    """A path that it answers with 500."""
    hangs: str = ""
    """A path that it does not answer."""
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and parameters of every request."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    closing: Event = field(default_factory=Event)

    def rotate(self) -> None:
        """Sign with a new key from now on, and show no other."""
        self.keys = [new_key()]

    def id_token(self, nonce: str) -> Claims:
        """What it says of whoever comes, now."""
        now = int(time())
        return {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.claims,
        }

    def sign(self, claims: Claims, **header: str) -> str:
        """An ID token of these claims, signed."""
        key = self.keys[-1]
        return jwt.encode({"alg": "RS256", "kid": key.kid, **header}, claims, key)


def new_key() -> RSAKey:
    """A key to sign with, named after what it is."""
    return RSAKey.generate_key(2048, auto_kid=True)


def unsigned(provider: Provider, claims: Claims) -> str:
    """An ID token that says it needs no signature (RFC 8725, 2.1)."""
    return _compact({"alg": "none", "kid": provider.keys[-1].kid}, claims, lambda _: b"")


def signed_with_the_public_key(provider: Provider, claims: Claims) -> str:
    """An ID token whose shared secret is the key that everybody may see (RFC 8725, 2.1)."""
    public = provider.keys[-1].as_pem(private=False)
    header = {"alg": "HS256", "kid": provider.keys[-1].kid}
    return _compact(header, claims, lambda text: hmac.digest(public, text, "sha256"))


def signed_with_an_unknown_key(_provider: Provider, claims: Claims) -> str:
    """An ID token that somebody else signed, under the name of a key of theirs."""
    key = new_key()
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def signed_by_somebody_else(provider: Provider, claims: Claims) -> str:
    """An ID token that somebody else signed, under the name of the provider's key."""
    return jwt.encode({"alg": "RS256", "kid": provider.keys[-1].kid}, claims, new_key())


def challenge(verifier: str) -> str:
    """What a verifier is known by until it is shown (RFC 7636, 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _compact(header: Claims, claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    """A token by hand, for what no library makes (RFC 7515, 3.1)."""
    parts = [json.dumps(part).encode() for part in (header, claims)]
    text = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return b".".join([text, urlsafe_b64encode(sign(text)).rstrip(b"=")]).decode()


class Call(BaseHTTPRequestHandler):
    """One request being answered. `provider` is the one it came to."""

    protocol_version = "HTTP/1.1"
    provider: Provider

    def do_GET(self) -> None:
        """A browser, or Watchfloor, asks."""
        self._answer({}, {})

    def do_POST(self) -> None:
        """Watchfloor brings a code."""
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        self._answer(dict(parse_qsl(body)), self._client())

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def _client(self) -> dict[str, str]:
        kind, _, said = self.headers.get("authorization", "").partition(" ")
        name, _, secret = b64decode(said).decode().partition(":") if kind == "Basic" else ("", "", "")
        return {"client_id": name, "client_secret": secret} if name else {}

    def _answer(self, form: dict[str, str], client: dict[str, str]) -> None:
        parts = urlsplit(self.path)
        told = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.provider.heard.append((parts.path, told | form | client))
        self.close_connection = True
        if parts.path == self.provider.hangs:
            self.provider.closing.wait(30)
        elif parts.path == self.provider.fails:
            self._say(500, {"error": "server_error"})
        elif parts.path == "/authorize":
            self._authorize(told)
        elif parts.path == "/token":
            self._redeem(form | client)
        elif parts.path == "/jwks":
            self._say(200, {"keys": [key.as_dict(private=False) for key in self.provider.keys]})
        elif parts.path == "/.well-known/openid-configuration":
            self._say(200, self._about())
        else:
            self._say(404, {})

    def _about(self) -> Claims:
        at = self.provider.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/jwks",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            **self.provider.about,
        }

    def _authorize(self, told: dict[str, str]) -> None:
        assert told["response_type"] == "code"
        assert told["client_id"] == CLIENT
        assert told["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.provider.codes[code] = told
        back = {"code": code, "state": told["state"], **self.provider.returns}
        self.send_response(302)
        self.send_header("location", f"{told['redirect_uri']}?{urlencode(back)}")
        self.send_header("content-length", "0")
        self.end_headers()

    def _redeem(self, form: dict[str, str]) -> None:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            self._say(401, {"error": "invalid_client"})
            return
        asked = self.provider.codes.pop(form.get("code", ""), None)
        good = asked is not None and (
            asked["code_challenge"] == challenge(form.get("code_verifier", ""))
            and asked["redirect_uri"] == form.get("redirect_uri")
        )
        if asked is None or not good:
            self._say(400, {"error": "invalid_grant"})
            return
        claims = self.provider.id_token(asked["nonce"])
        token = (
            self.provider.forge(self.provider, claims) if self.provider.forge else self.provider.sign(claims)
        )
        self._say(200, {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": token})

    def _say(self, status: int, said: Claims) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever waits no longer hangs up; some of these tests are about that."""


@contextmanager
def provider_on_loopback() -> Iterator[Provider]:
    """A provider on a free port of 127.0.0.1 until the block ends."""
    provider = Provider(keys=[new_key()])
    call = type("BoundCall", (Call,), {"provider": provider})
    with _Server(("127.0.0.1", 0), call) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield provider
        finally:
            provider.closing.set()
            server.shutdown()
            thread.join()
