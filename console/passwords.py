"""Hash passwords with Argon2id (RFC 9106, the second recommended choice, which is argon2-cffi's default)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """A salted hash with its parameters. It takes tens of milliseconds and 64 MiB, by intent."""
    return _HASHER.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether the password is the hashed one. None takes as long as any, and is none."""
    try:
        return _HASHER.verify(hashed or _nobodys(), password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Whether today's parameters are others than those of the hash."""
    return _HASHER.check_needs_rehash(hashed)


@cache
def _nobodys() -> str:
    return hash_password("no account has this one")
