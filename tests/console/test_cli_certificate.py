"""A certificate is taken out with its evidence, and anybody computes it again."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from incidents.store.certificates import draft_certificate, find_certificate, keep_certificate
from incidents.sweeps.certificate import sign
from incidents.sweeps.certificate_files import SITE_PUBLIC_KEY
from tests.console.command_line import at_home, open_store, run, seconded, told, write
from tests.console.swept import SECRET, ended, worked

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(tmp_path, monkeypatch)


def pem(path: Path, key: Ed25519PrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return str(write(path, public.decode()))


def certified(folder: Path) -> str:
    """A sweep that was closed and certified as the flow does, signed with KEY; returns its id."""
    sweep = worked(folder, sampled=True)
    seconded("sweep", "close", sweep, "--reason", "All of it is gone")
    ended(sweep)
    with closing(open_store()) as store, store.begin() as work:
        drafted = draft_certificate(work, sweep, now=datetime(2026, 1, 16, tzinfo=UTC))
        assert drafted is not None
        assert keep_certificate(work, sign(drafted, KEY))
    return sweep


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """The folder with a certificate and its evidence."""
    told("certificate", "export", certified(tmp_path), "--out", str(tmp_path / "out"))
    return tmp_path / "out"


def test_it_shows_what_was_waived_and_by_whom(tmp_path: Path) -> None:
    sweep = certified(tmp_path)
    shown = run("certificate", "show", sweep).stdout
    assert "claim: waived" in shown
    assert "waived_by: ada-l" in shown
    assert "waived_because: All of it is gone" in shown
    assert told("certificate", "show", sweep)["signature"]
    assert "its certificate says “waived”" in run("sweep", "status", sweep).stdout


def test_there_is_none_before_the_end(tmp_path: Path) -> None:
    sweep = worked(tmp_path)
    assert "has no certificate yet" in run("certificate", "show", sweep, code=1).stderr
    for words in (("show", sweep), ("export", sweep, "--out", str(tmp_path))):
        assert "ROLE_MISSING" in run("certificate", *words, "--as", "dev-e", code=1).stderr


def test_the_document_is_exported_byte_for_byte_and_holds_no_text(exported: Path) -> None:
    with closing(open_store()) as store, store.read() as work:
        document = find_certificate(work, "INC-1-S1").document
    assert (exported / "certificate.json").read_bytes() == document.encode()
    evidence = pl.read_parquet(exported / "universe.parquet")
    assert evidence.columns == ["item", "language", "form", "window", "content_hash", "verdict"]
    assert not [path for path in exported.iterdir() if SECRET.encode() in path.read_bytes()]


def test_it_holds_beside_its_evidence(exported: Path, tmp_path: Path) -> None:
    file = str(exported / "certificate.json")
    embedded = run("certificate", "verify", file).stdout
    assert "It holds: INC-1-S1 is waived" in embedded
    assert "Nobody vouches for its signer" in embedded
    trusted = told("certificate", "verify", file, "--key", pem(tmp_path / "site.pem", KEY))
    assert (trusted["holds"], trusted["signer"]) == (True, "trusted")
    pem(tmp_path / "home" / SITE_PUBLIC_KEY, KEY)
    assert "the key that you trust (the key of this site)" in run("certificate", "verify", file).stdout
    pem(tmp_path / "home" / SITE_PUBLIC_KEY, OTHER)
    assert told("certificate", "verify", file)["signer"] == "embedded"


def test_another_key_is_a_difference(exported: Path, tmp_path: Path) -> None:
    key = pem(tmp_path / "other.pem", OTHER)
    refused = told("certificate", "verify", str(exported / "certificate.json"), "--key", key, code=1)
    assert (refused["signer"], len(refused["differences"])) == ("nobody", 1)


def test_evidence_as_csv_is_the_same_evidence(tmp_path: Path) -> None:
    sweep, out = certified(tmp_path), tmp_path / "csv"
    run("certificate", "export", sweep, "--out", str(out), "--evidence", "csv")
    assert told("certificate", "verify", str(out / "certificate.json"))["evidence"] == str(out / "universe.csv")
    assert told("certificate", "verify", str(out))["evidence"] == str(out / "universe.csv")


def test_every_difference_is_named(exported: Path, tmp_path: Path) -> None:
    evidence = pl.read_parquet(exported / "universe.parquet")
    changed = evidence.with_columns(verdict=pl.lit("violates"))
    changed.write_csv(tmp_path / "changed.csv")
    words = ("verify", str(exported / "certificate.json"), "--evidence", str(tmp_path / "changed.csv"))
    refused = run("certificate", *words, code=1).stdout
    assert "It does not hold" in refused
    assert "  strata: " in refused
    assert "  standing.found: 0 is stated" in refused


def test_a_changed_document_is_found_out(exported: Path) -> None:
    file = exported / "certificate.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["standing"]["recall_at_least"] = 0.99
    file.write_text(json.dumps(document), encoding="utf-8")
    refused = run("certificate", "verify", str(file), code=1).stdout
    assert "  signature: " in refused
    assert "  standing.recall_at_least: 0.99 is stated" in refused
    assert "Its signature does not fit." in refused


def test_without_evidence_the_store_is_asked(exported: Path, tmp_path: Path) -> None:
    alone = write(tmp_path / "alone" / "c.json", (exported / "certificate.json").read_text(encoding="utf-8"))
    assert told("certificate", "verify", str(alone))["evidence"] == "the store"
    assert "ROLE_MISSING" in run("certificate", "verify", str(alone), "--as", "dev-e", code=1).stderr
    # With its evidence beside it, it takes no role and no store.
    assert told("certificate", "verify", str(exported / "certificate.json"), "--as", "dev-e")["holds"]


def test_what_is_no_certificate_is_refused_in_words(exported: Path, tmp_path: Path) -> None:
    file = str(exported / "certificate.json")
    wrong = str(write(tmp_path / "wrong.json", '{"sweep": "INC-1-S1"}'))
    assert "wrong or missing: " in run("certificate", "verify", wrong, code=1).stderr
    broken = str(write(tmp_path / "broken.json", "{"))
    assert "not JSON" in run("certificate", "verify", broken, code=1).stderr
    assert "cannot be read" in run("certificate", "verify", str(tmp_path / "no.json"), code=1).stderr
    assert "no public key" in run("certificate", "verify", file, "--key", broken, code=1).stderr
    lacking = str(write(tmp_path / "lacking.csv", "item\n1\n"))
    assert "lacks language" in run("certificate", "verify", file, "--evidence", lacking, code=1).stderr
    nonsense = str(write(tmp_path / "x.parquet", "nonsense"))
    assert "this is no evidence" in run("certificate", "verify", file, "--evidence", nonsense, code=1).stderr
