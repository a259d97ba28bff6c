"""Certificates: show one, take it out with its evidence, and compute it again."""

from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from console.cli.door import Door
from console.cli.failures import REFUSED, note, writing_to
from console.cli.options import Out, SweepId, example
from console.cli.printing import print_facts, print_json, print_lines, print_table
from incidents.people import Act
from incidents.store.certificates import Issued, evidence_of, find_certificate
from incidents.store.sweeps import find_sweep, find_sweep_for
from incidents.sweeps.certificate import Certificate, Check, verify
from incidents.sweeps.certificate_files import (
    CERTIFICATE_FILE,
    evidence_beside,
    read_certificate,
    read_evidence,
    read_public_key,
    site_key,
    write_certificate,
)

app = typer.Typer(help="Certificates: what a sweep proved, for anybody to check again.", no_args_is_help=True)

RESIDUALS = ["language", "form", "posts", "read", "found", "drawn", "missed", "missing_at_most"]

WHOSE = {
    "trusted": "It is signed with the key that you trust{where}.",
    "embedded": "Nobody vouches for its signer: the key came along with it. Compare with --key.",
    "nobody": "Its signature does not fit.",
}


@app.command(epilog=example("watchfloor certificate show INC-12-S1"))
def show(ctx: typer.Context, sweep: SweepId) -> None:
    """Show what the certificate of a sweep says; `--json` gives the document."""
    door = Door.of(ctx)
    issued = _issued(door, sweep)
    if door.as_json:
        typer.echo(issued.document)
        return
    certificate = Certificate.model_validate_json(issued.document)
    print_facts(_facts(certificate))
    rows = [each.model_dump() for each in certificate.standing.residuals]
    print_table(rows, RESIDUALS, title="What may still be unfound, at most")


@app.command(epilog=example("watchfloor certificate export INC-12-S1 --out certificate"))
def export(
    ctx: typer.Context,
    sweep: SweepId,
    out: Out,
    evidence: Annotated[
        Literal["parquet", "csv"], typer.Option(help="How the universe is written beside it.")
    ] = "parquet",
) -> None:
    """Write a certificate and its evidence: ids, hashes and verdicts of the whole universe, and no texts.

    Whoever has both files checks them with `watchfloor certificate verify`, without us.
    """
    door = Door.of(ctx)
    issued = _issued(door, sweep)
    with door.store.read() as work:
        universe = evidence_of(work, sweep)
    file = f"universe.{evidence}"
    with writing_to(out, "export it again, elsewhere"):
        write_certificate(issued.document, universe, out, file)
    if not verify(Certificate.model_validate_json(issued.document), universe).holds:
        note(f"Decisions have changed since {sweep} was certified: `watchfloor certificate verify` says how.")
    sentence = f"The certificate of {sweep} is in {out / CERTIFICATE_FILE}, and its evidence in {out / file}."
    files = {"certificate": str(out / CERTIFICATE_FILE), "evidence": str(out / file)}
    door.say(sentence, sweep=sweep, posts=universe.height, **files)


@app.command(
    "verify",
    epilog=example(
        "watchfloor certificate verify certificate/certificate.json --key certificate-key.pub.pem",
        "watchfloor certificate verify certificate.json --evidence universe.csv",
    ),
)
def verify_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The certificate, or its folder.")],
    evidence: Annotated[
        Path | None, typer.Option(help="Its evidence, CSV or Parquet. Default: beside it, else the store.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="Public key of the site that issued it, as PEM. Default: that of this site."),
    ] = None,
) -> None:
    """Compute a certificate again from its posts and decisions, and name every difference (exit 1).

    It needs no ranking, and where the evidence is at hand, no store.
    """
    door = Door.of(ctx)
    file = file / CERTIFICATE_FILE if file.is_dir() else file
    certificate = read_certificate(file)
    found = evidence or evidence_beside(file)
    universe = read_evidence(found) if found is not None else _evidence_of(door, certificate.sweep)
    trusted, where = _trusted(door, certificate, key)
    check = verify(certificate, universe, trusted)
    source = str(found) if found is not None else "the store"
    told = {"sweep": certificate.sweep, "holds": check.holds, "evidence": source}
    if door.as_json:
        print_json(told | check.model_dump() | {"key": where})
    else:
        print_lines(_verdict(certificate, check, source, where))
    if not check.holds:
        raise typer.Exit(REFUSED)


def _issued(door: Door, sweep: str) -> Issued:
    with door.store.read() as work:
        by, _now = door.acting(work, find_sweep(work, sweep).incident_id)
        find_sweep_for(work, sweep, by, Act.verify)
        return find_certificate(work, sweep)


def _evidence_of(door: Door, sweep: str) -> pl.DataFrame:
    with door.store.read() as work:
        by, _now = door.acting(work, find_sweep(work, sweep).incident_id)
        find_sweep_for(work, sweep, by, Act.verify)
        return evidence_of(work, sweep)


def _trusted(door: Door, certificate: Certificate, key: Path | None) -> tuple[Ed25519PublicKey | None, str]:
    """The key to trust, and where it comes from: the one handed in, else that of this site where it fits."""
    if key is not None:
        return read_public_key(key), str(key)
    public = site_key(door.settings.home, certificate)
    return public, "" if public is None else "the key of this site"


def _facts(certificate: Certificate) -> dict[str, Any]:
    standing, plan, waiver = certificate.standing, certificate.plan, certificate.waiver
    told = {
        "sweep": certificate.sweep,
        "claim": certificate.claim,
        "issued_at": certificate.issued_at,
        "target": plan.target,
        "confidence": plan.confidence,
        "recall_at_least": standing.recall_at_least,
        "recall_at_least_corrected": standing.recall_at_least_corrected,
        "missing_at_most": standing.missing_at_most,
        "posts": standing.universe,
        "read": standing.read,
        "found": standing.found,
        "sampled": standing.sampled,
        "universe_hash": certificate.universe_hash,
    }
    return told if waiver is None else told | {"waived_by": waiver.person, "waived_because": waiver.reason}


def _claimed(certificate: Certificate) -> str:
    """What was proven. Where all was read and nothing sampled, no share is: people may have missed some."""
    standing = certificate.standing
    if not standing.sampled:
        return f"all of its {standing.universe:,} posts were read, and no sample beside them"
    return f"at least {100 * standing.recall_at_least:.1f} % found"


def _verdict(certificate: Certificate, check: Check, source: str, where: str) -> list[str]:
    whose = WHOSE[check.signer].format(where=f" ({where})" if where else "")
    if check.holds:
        held = f"It holds: {certificate.sweep} is {certificate.claim}, {_claimed(certificate)}"
        return [f"{held}, computed again from {source}.", whose]
    lines = [f"It does not hold, computed again from {source}:", *(f"  {each}" for each in check.differences)]
    return [*lines, whose]
