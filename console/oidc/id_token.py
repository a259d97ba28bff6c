"""Whether an ID token is the provider's word about this sign-in (OpenID Connect Core 1.0, 3.1.3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures that nobody but the provider can make. Neither `none` nor a shared secret is (RFC 8725, 3.1)."""

KEY_TYPES: Final = frozenset({"RSA", "EC"})

SKEW: Final = timedelta(minutes=1)
"""How far the provider's clock may be from ours."""


class WrongToken(Exception):
    """An ID token that is not believed, and why, in words that tell nothing of what is in it."""


@dataclass(frozen=True)
class Expected:
    """What the ID token of one sign-in must say."""

    issuer: str
    client_id: str
    nonce: str


def read_id_token(
    token: str, keys: Mapping[str, Any], expected: Expected, *, access_token: str | None, now: datetime
) -> dict[str, Any]:
    """The claims of an ID token. Raises WrongToken.

    `keys` is the provider's JWK set (RFC 7517) as it is at this moment; where `access_token` is given, the
    token's `at_hash` must be its, if it has one.
    """
    try:
        signed = jwt.decode(token, _key_set(keys), registry=JWSRegistry(algorithms=list(ALGORITHMS)))
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            options={
                "iss": {"essential": True, "value": expected.issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": expected.client_id},
                "exp": {"essential": True},
                "iat": {"essential": True},
            },
            params={
                "nonce": expected.nonce,
                "client_id": expected.client_id,
                "access_token": access_token,
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=int(SKEW.total_seconds()))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise WrongToken(_in_words(error)) from error
    return dict(claims)


def _key_set(keys: Mapping[str, Any]) -> KeySet:
    """The keys that sign with one of ours; others are to be passed by (RFC 7517, 5)."""
    usable = [key for key in keys["keys"] if key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"]
    return KeySet.import_key_set({"keys": usable})


def _in_words(error: Exception) -> str:
    claim = getattr(error, "claim", None)
    return f"{type(error).__name__}{f' ({claim})' if isinstance(claim, str) else ''}"
