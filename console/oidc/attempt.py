"""One attempt to sign in at the provider: what the browser keeps of it, and what is told to the provider."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

LASTS = timedelta(minutes=10)
"""How long somebody may take at the provider, with a second factor that lies in the other room."""

SECRET_BYTES = 32
LONGEST_THEN = 1_000
"""Characters of a path to go on to. A cookie has room for some 4,000 bytes."""


@dataclass(frozen=True)
class Attempt:
    """A secret that this browser alone keeps, and where it goes on to afterwards.

    `state`, `nonce` and `verifier` are made of the secret, each of its own. So none of them fits another
    browser, nothing of an attempt is kept here, and who sees one cannot tell the others.
    """

    secret: str
    begun_at: datetime
    then: str

    @classmethod
    def begin(cls, then: str, now: datetime) -> "Attempt":
        """A new one."""
        return cls(secrets.token_urlsafe(SECRET_BYTES), now, then if len(then) <= LONGEST_THEN else "/")

    @classmethod
    def read(cls, cookie: str, now: datetime) -> "Attempt | None":
        """What a browser kept; None where that is nothing, or too old."""
        secret, _, rest = cookie.partition(".")
        begun, _, then = rest.partition(".")
        try:
            begun_at = datetime.fromtimestamp(int(begun), UTC)
            path = urlsafe_b64decode(then).decode()
        except (ValueError, OverflowError, OSError):
            return None
        return cls(secret, begun_at, path) if secret and begun_at <= now < begun_at + LASTS else None

    @property
    def cookie(self) -> str:
        """What the browser keeps."""
        path = urlsafe_b64encode(self.then.encode()).decode()
        return f"{self.secret}.{int(self.begun_at.timestamp())}.{path}"

    @property
    def state(self) -> str:
        """Ties the provider's answer to this browser (RFC 6749, 10.12)."""
        return self._made_for("state")

    @property
    def nonce(self) -> str:
        """Ties the ID token to this browser (OpenID Connect Core 1.0, 15.5.2)."""
        return self._made_for("nonce")

    @property
    def verifier(self) -> str:
        """Proves that who brings the code is who asked for it (RFC 7636, 4.1)."""
        return self._made_for("verifier")

    def _made_for(self, use: str) -> str:
        made = sha256(f"{use} {self.secret}".encode()).digest()
        return urlsafe_b64encode(made).decode().rstrip("=")
