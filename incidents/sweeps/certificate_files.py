"""A certificate and its evidence as files: what is handed to whoever checks it elsewhere."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Final

import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from incidents.errors import BadInput
from incidents.files import read_small, whole
from incidents.sweeps.certificate import Certificate

CERTIFICATE_FILE: Final = "certificate.json"
EVIDENCE_FILES: Final = ("universe.parquet", "universe.csv")
"""Names under which the evidence is looked for beside a certificate."""

SITE_KEY: Final = "certificate-key.pem"
SITE_PUBLIC_KEY: Final = "certificate-key.pub.pem"
"""The key of a site, in its home. The public half is given to whoever checks certificates: a signature is
worth what is known of its key."""

LARGEST: Final = 200_000_000
"""Bytes of a certificate; one of a million sampled posts is smaller."""


def write_certificate(document: str, evidence: pl.DataFrame, folder: Path, evidence_file: str) -> None:
    """Write the document byte for byte, and beside it the evidence, whose suffix says how.

    Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with whole(folder / CERTIFICATE_FILE) as part:
        part.write_bytes(document.encode())
    path = folder / evidence_file
    with whole(path) as part:
        if path.suffix == ".csv":
            evidence.write_csv(part)
        else:
            evidence.write_parquet(part)


def read_certificate(path: Path) -> Certificate:
    """The certificate of a file. BadInput where it cannot be read, or is none."""
    content = read_small(path, LARGEST, kind="certificate")
    try:
        return Certificate.model_validate(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name}: this is no certificate of Watchfloor ({_why(error)}).") from None


def evidence_beside(path: Path) -> Path | None:
    """The evidence that was exported with a certificate; None where it stands alone."""
    return next((path.with_name(name) for name in EVIDENCE_FILES if path.with_name(name).is_file()), None)


def read_evidence(path: Path) -> pl.DataFrame:
    """The evidence of a CSV or Parquet file. BadInput where it cannot be read; its columns are not checked."""
    try:
        if path.suffix == ".csv":
            return pl.read_csv(path, infer_schema=False)
        return pl.read_parquet(path, glob=False)
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be read ({error.strerror or 'no such file'}).") from error
    except pl.exceptions.PolarsError as error:
        raise BadInput(
            f"{path.name}: this is no evidence as `watchfloor certificate export` writes it."
        ) from error


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The key of a PEM file. BadInput where there is none, or one of another kind."""
    try:
        key = load_pem_public_key(read_small(path, LARGEST, kind="key"))
    except ValueError as error:
        raise BadInput(f"{path.name}: this is no public key in PEM.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(f"{path.name}: a key of another kind. Certificates are signed with Ed25519.")
    return key


def site_key(home: Path, certificate: Certificate) -> Ed25519PublicKey | None:
    """The key of the site with this home, where the certificate names it as its own; None where it does not."""
    path = home / SITE_PUBLIC_KEY
    if not path.is_file():
        return None
    public = read_public_key(path)
    return public if b64encode(public.public_bytes_raw()).decode() == certificate.public_key else None


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
        return f"wrong or missing: {', '.join(places[:5])}"
    return "not JSON"
