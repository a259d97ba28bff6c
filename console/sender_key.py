"""The key that the secrets of senders are derived from: of the settings, or made once and kept in the home."""

import secrets
from pathlib import Path

from incidents.access.senders import Sender, secret_of
from incidents.errors import WatchfloorError
from incidents.files import keep_first
from incidents.settings import Settings

NAME = "sender-key"


def key_file(settings: Settings) -> Path:
    """Where the key lies that was made for this home."""
    return settings.home / NAME


def sender_key(settings: Settings) -> bytes:
    """The key. It is made at the first call, readable by its owner alone."""
    if settings.sender_key is not None:
        return settings.sender_key.get_secret_value().encode()
    path = key_file(settings)
    try:
        if not path.exists():
            keep_first(path, f"{secrets.token_urlsafe(32)}\n".encode())
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WatchfloorError(
            f"The key of the senders' secrets cannot be kept in {path}: {error.strerror}. Make the home"
            " folder writable."
        ) from error
    if not key:
        raise WatchfloorError(
            f"{path} is empty. Put it back from a backup, or remove it and renew each sender's secret."
        )
    return key.encode()


def newest_secret(settings: Settings, sender: Sender) -> str:
    """What the sender is given to sign with."""
    return secret_of(sender_key(settings), sender.name, sender.generation)
