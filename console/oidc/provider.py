"""The sign-in provider of the site: where it sends people, and whom it says came back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from pydantic import BaseModel, ValidationError

from console.oidc.attempt import Attempt
from console.oidc.id_token import Expected, WrongToken, read_id_token
from console.oidc.line import Line
from console.reach import LOOPBACK
from incidents.access.identities import Claimed
from incidents.errors import NotAuthorised, Refusal
from incidents.settings import Settings

AT_ONCE: Final = 8
"""Conversations with a provider at a time. One that hangs must not hold up the rest of the console."""

_SAFE_ERROR: Final = frozenset("abcdefghijklmnopqrstuvwxyz_")

Document = TypeVar("Document", bound=BaseModel)


class ProviderFails(NotAuthorised):
    """The provider does not answer, or not as it should: nothing that whoever signs in did wrong."""


class Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


class KeyFile(BaseModel):
    """The keys with which a provider signs (RFC 7517, 5)."""

    keys: list[dict[str, Any]]


class Tokens(BaseModel):
    """What a code is exchanged for (OpenID Connect Core 1.0, 3.1.3.3)."""

    id_token: str
    access_token: str | None = None


class Returned(BaseModel):
    """With what the provider sent a browser back (RFC 6749, 4.1.2; RFC 9207, 2)."""

    state: str = ""
    code: str = ""
    error: str = ""
    iss: str | None = None


class Provider:
    """The provider of the settings. Nothing that it says is kept: a key that it withdraws counts at once."""

    def __init__(self, settings: Settings, issuer: str) -> None:
        self.name = settings.oidc_name
        self.issuer = issuer
        self._settings = settings
        self._line = Line(settings.oidc_timeout_seconds)
        self._free = BoundedSemaphore(AT_ONCE)

    @classmethod
    def of(cls, settings: Settings) -> "Provider | None":
        """The provider of a site; None where people sign in with passwords alone."""
        return None if settings.oidc_issuer is None else cls(settings, settings.oidc_issuer)

    def begin(self, attempt: Attempt, back_to: str) -> str:
        """The address to send a browser to. Raises ProviderFails."""
        with self._conversation():
            about = self.metadata()
        client = self._client(about)
        address, _ = client.create_authorization_url(
            about.authorization_endpoint,
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
            redirect_uri=back_to,
        )
        return address

    def finish(self, attempt: Attempt, returned: Returned, back_to: str, *, now: datetime) -> Claimed:
        """Whom the provider says came back from an attempt whose state is the returned one.

        Raises ProviderFails, or NotAuthorised where the provider did not let them in.
        """
        with self._conversation():
            about = self.metadata()
            self._refuse_another(about, returned)
            if returned.error or not returned.code:
                raise _did_not_let_in(returned.error)
            tokens = self._redeem(about, attempt, returned.code, back_to)
            keys = self._document(about.jwks_uri, KeyFile)
        expected = Expected(about.issuer, str(self._settings.oidc_client_id), attempt.nonce)
        try:
            claims = read_id_token(
                tokens.id_token, keys.model_dump(), expected, access_token=tokens.access_token, now=now
            )
            return self._claimed(claims)
        except WrongToken as wrong:
            raise _not_believed(str(wrong)) from wrong
        except ValidationError as wrong:
            raise _not_believed(", ".join(str(each["loc"][0]) for each in wrong.errors())) from wrong

    def metadata(self) -> Metadata:
        """What the provider says of itself now. Raises ProviderFails, also where it says that it is another."""
        about = self._document(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration", Metadata)
        if about.issuer != self.issuer:
            raise _unusable(self.issuer, f"it calls itself {about.issuer:.100}")
        for address in (about.authorization_endpoint, about.token_endpoint, about.jwks_uri):
            if not is_safe(address):
                raise _unusable(self.issuer, "it names an address without TLS")
        return about

    @contextmanager
    def _conversation(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            todo = "Try again in some seconds. Whoever has a password can sign in with it."
            raise ProviderFails(
                "Nobody was signed in.",
                [Refusal("PROVIDER_BUSY", f"Too many are just signing in at {self.issuer}. {todo}")],
            )
        try:
            yield
        except httpx.HTTPError as error:
            raise _unusable(self.issuer, f"{type(error).__name__}") from error
        finally:
            self._free.release()

    def _document(self, url: str, kind: type[Document]) -> Document:
        try:
            return kind.model_validate_json(self._line.get(url).content)
        except httpx.HTTPError as error:
            raise _unusable(self.issuer, type(error).__name__) from error
        except ValidationError as error:
            raise _unusable(self.issuer, f"what it answers at {urlsplit(url).path} cannot be read") from error

    def _client(self, about: Metadata) -> OAuth2Client:
        secret = self._settings.oidc_client_secret
        methods = about.token_endpoint_auth_methods_supported
        by_basic = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        return OAuth2Client(
            self._line,
            client_id=self._settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            token_endpoint_auth_method=by_basic if secret else "none",
            scope=self._settings.oidc_scope,
            code_challenge_method="S256",
        )

    def _refuse_another(self, about: Metadata, returned: Returned) -> None:
        """Refuse an answer that another provider gave (RFC 9207, 2.4)."""
        expected = about.issuer if about.authorization_response_iss_parameter_supported else returned.iss
        if returned.iss != expected or returned.iss not in (None, self.issuer):
            raise _not_believed("the answer is another provider's")

    def _redeem(self, about: Metadata, attempt: Attempt, code: str, back_to: str) -> Tokens:
        try:
            told = self._client(about).fetch_token(
                about.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=attempt.verifier,
                redirect_uri=back_to,
            )
            return Tokens.model_validate(dict(told))
        except OAuth2Error as error:
            raise _did_not_let_in(str(error.error)) from error
        except (httpx.HTTPError, json.JSONDecodeError, ValueError) as error:
            raise _unusable(self.issuer, f"its tokens cannot be had: {type(error).__name__}") from error

    def _claimed(self, claims: dict[str, Any]) -> Claimed:
        groups = claims.get(self._settings.oidc_groups_claim, [])
        link = self._settings.oidc_link_claim
        return Claimed(
            issuer=claims["iss"],
            subject=claims["sub"],
            name=_printable(claims.get("name")),
            username=_printable(claims.get("preferred_username")),
            groups=frozenset([groups] if isinstance(groups, str) else groups),
            link=claims.get(link) if link else None,
        )


def is_safe(address: str) -> bool:
    """Whether nobody between us and an address can change what it answers: TLS, or this machine itself."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _printable(name: object) -> str:
    return "".join(letter for letter in name if letter.isprintable())[:200] if isinstance(name, str) else ""


def _unusable(issuer: str, why: str) -> ProviderFails:
    todo = (
        "Try again in a minute. Administrators sign in with their password, and the incident goes on without"
        " the provider. `watchfloor doctor` looks at it."
    )
    told = f"The sign-in provider {issuer} does not answer as it should ({why}). {todo}"
    return ProviderFails("Nobody was signed in.", [Refusal("PROVIDER_UNREACHABLE", told)])


def _did_not_let_in(error: str) -> NotAuthorised:
    said = f" ({error})" if error and len(error) <= 60 and set(error) <= _SAFE_ERROR else ""
    todo = "Try again; where it goes on, ask whoever runs the provider whether you may use Watchfloor."
    refusal = Refusal("PROVIDER_REFUSED", f"The sign-in provider did not let you in{said}. {todo}")
    return NotAuthorised("Nobody was signed in.", [refusal])


def _not_believed(why: str) -> NotAuthorised:
    todo = "Try again. Where it goes on, tell the operator: the clock, or WATCHFLOOR_OIDC_*, may be wrong."
    refusal = Refusal("ID_TOKEN_WRONG", f"What the sign-in provider said is not believed: {why}. {todo}")
    return NotAuthorised("Nobody was signed in.", [refusal])
