"""Issue the certificate in which a sweep ends, signed with the key of this site."""

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from prefect import task

from incidents.errors import WatchfloorError
from incidents.files import keep_first
from incidents.store.certificates import draft_certificate, keep_certificate
from incidents.sweeps.certificate import sign
from incidents.sweeps.certificate_files import SITE_KEY, SITE_PUBLIC_KEY
from tasks.world import settings, store


@task(persist_result=False)
def issue_certificate(sweep: str, now: datetime) -> str | None:
    """Certify an ended sweep, once; return what its certificate claims, None for one without samples."""
    with store().read() as work:
        drafted = draft_certificate(work, sweep, now=now)
    if drafted is None:
        return None
    signed = sign(drafted, _site_key(settings().home))
    with store().begin() as work:
        keep_certificate(work, signed)
    return signed.claim.value


def _site_key(home: Path) -> Ed25519PrivateKey:
    """The key of this site; it is made at the first call, readable by its owner alone."""
    path = home / SITE_KEY
    try:
        if not path.exists():
            _make(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise WatchfloorError(
            f"The key that signs certificates cannot be read from {path} ({error})."
            " Restore it from a backup; a new one signs what follows, and not what was signed before."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise WatchfloorError(f"{path} holds another kind of key. Certificates are signed with Ed25519.")
    return key


def _make(path: Path) -> None:
    """Make the key, and lay its public half beside it; where another process is quicker, its key is the one."""
    key = Ed25519PrivateKey.generate()
    if keep_first(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())):
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        path.with_name(SITE_PUBLIC_KEY).write_bytes(public)
