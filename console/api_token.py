"""The API's bearer token: the one of the settings, or one that is made once and kept in the home folder."""

import hmac
import secrets
from pathlib import Path

from incidents.errors import WatchfloorError
from incidents.files import keep_first
from incidents.settings import Settings

NAME = "api-token"


def token_file(settings: Settings) -> Path:
    """Where the token lies that was made for this home."""
    return settings.home / NAME


def api_token(settings: Settings) -> str:
    """The token that a request must carry. It is made at the first call, readable by its owner alone."""
    if settings.api_token is not None:
        return settings.api_token.get_secret_value()
    path = token_file(settings)
    try:
        if not path.exists():
            keep_first(path, f"{secrets.token_urlsafe(32)}\n".encode())
        token = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WatchfloorError(
            f"The API's token cannot be kept in {path}: {error.strerror}. Make the home folder writable."
        ) from error
    if not token:
        raise WatchfloorError(f"{path} is empty. Remove it: the next start of the API makes a new token.")
    return token


def is_token(given: str, token: str) -> bool:
    """Whether they are the same, in a time that does not tell how far they agree."""
    return hmac.compare_digest(given.encode(), token.encode())
