"""What did a sweep prove, in a form that anybody can check again without the ranker and without us?

A certificate holds the facts of one sweep at one moment: the universe by hash and by stratum, the plan,
every post of the certify sample with its key and its readings, and the bounds that follow. It is signed
with Ed25519 over canonical JSON. `verify` computes everything again from the posts' ids and decisions.
docs/reference/certificate.md says what each field means, and what a certificate does not say.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, Literal

import polars as pl
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from incidents.errors import BadInput
from incidents.sweeps.fingerprint import fingerprint
from incidents.sweeps.samples import KEY, prefix
from incidents.sweeps.stopping import (
    Golden,
    Kind,
    Plan,
    SampleRow,
    Standing,
    StratumCount,
    agreed,
    judge,
    plan_for,
)

FORMAT: Final = "watchfloor.certificate/1"

EVIDENCE: Final = pl.Schema(
    {
        "item": pl.String(),  # unique
        "language": pl.String(),
        "form": pl.String(),  # text, link, media
        "window": pl.Int64(),
        "content_hash": pl.String(),  # of the post as it was when the universe was frozen
        "verdict": pl.String(),  # the standing decision of the main reading, null where there is none
    }
)
"""What is needed beside a certificate to check it: the whole universe, one row a post."""

_SHOWN: Final = 10


class Waiver(BaseModel):
    """Who ended the sweep although its target was not proven, and why."""

    model_config = ConfigDict(frozen=True)

    person: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class Claim(StrEnum):
    """What a certificate claims."""

    reached = "reached"
    complete = "complete"
    waived = "waived"


class Certificate(BaseModel):
    """One sweep at one moment. Everything but the signature is signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["watchfloor.certificate/1"] = FORMAT
    sweep: str
    incident: str
    issued_at: AwareDatetime
    claim: Claim
    waiver: Waiver | None = None
    scope_hash: str
    universe_hash: str
    windows: tuple[int, ...] = Field(description="Posts in the first window, the second, and so on.")
    strata: tuple[StratumCount, ...]
    steer_seed: int
    certify_seed: int
    key_definition: str = KEY
    plan: Plan
    golden: Golden
    standing: Standing
    sample: tuple[SampleRow, ...]
    public_key: str = Field("", description="Base64 of the 32 bytes of the Ed25519 key.")
    signature: str = Field("", description="Base64 of 64 bytes, over `signed_bytes`.")


class Facts(BaseModel):
    """What a certificate says that does not follow from the posts and the decisions."""

    model_config = ConfigDict(frozen=True)

    sweep: str
    incident: str
    issued_at: AwareDatetime
    scope_hash: str
    steer_seed: int
    certify_seed: int
    plan: Plan
    golden: Golden = Golden()
    waiver: Waiver | None = None


class Check(BaseModel):
    """The outcome of checking a certificate."""

    model_config = ConfigDict(frozen=True)

    differences: tuple[str, ...] = Field(description="What does not hold, one sentence each.")
    signer: Literal["trusted", "embedded", "nobody"] = Field(
        description="Whose key the signature fits: the one handed in, or only the one that came along."
    )

    @property
    def holds(self) -> bool:
        """Whether nothing differs. With an embedded key it says nothing about who signed."""
        return not self.differences


def strata_of(evidence: pl.DataFrame) -> tuple[StratumCount, ...]:
    """Language and form, with how many posts each has, how many are decided, how many violate."""
    counted = evidence.group_by("language", "form").agg(
        posts=pl.len(),
        read=pl.col("verdict").is_not_null().sum(),
        found=(pl.col("verdict") == "violates").sum(),
    )
    return tuple(StratumCount.model_validate(row) for row in counted.sort("language", "form").to_dicts())


def windows_of(evidence: pl.DataFrame) -> tuple[int, ...]:
    """How many posts each window has, from the first on."""
    counted = dict(evidence.group_by("window").len().rows())
    return tuple(counted.get(window, 0) for window in range(1, max(counted, default=0) + 1))


def certificate_of(facts: Facts, sample: Sequence[SampleRow], evidence: pl.DataFrame) -> Certificate:
    """The certificate, unsigned. `sample` is what was read of the certify sample, in the order of keys.

    Raises BadInput where the target is neither proven nor waived while posts are unread, or the evidence
    is not such a frame.
    """
    evidence = _evidence(evidence)
    strata = strata_of(evidence)
    standing = judge(facts.plan, sample, strata, facts.golden)
    return Certificate(
        **facts.model_dump(),
        claim=_claim(standing, facts.waiver),
        universe_hash=fingerprint(evidence["item"], evidence["content_hash"]),
        windows=windows_of(evidence),
        strata=strata,
        standing=standing,
        sample=tuple(sample),
    )


def signed_bytes(certificate: Certificate) -> bytes:
    """What is signed: all but the signature, as JSON with sorted keys, without spaces, in UTF-8."""
    content = certificate.model_dump(mode="json", exclude={"signature"})
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(certificate: Certificate, key: Ed25519PrivateKey) -> Certificate:
    """The certificate with this key's signature, and its public half in it."""
    public = b64encode(key.public_key().public_bytes_raw()).decode()
    unsigned = certificate.model_copy(update={"public_key": public, "signature": ""})
    return unsigned.model_copy(update={"signature": b64encode(key.sign(signed_bytes(unsigned))).decode()})


def verify(certificate: Certificate, evidence: pl.DataFrame, trusted: Ed25519PublicKey | None = None) -> Check:
    """Compute the certificate again, and say everything that differs.

    `evidence` is the whole universe with its standing decisions (`EVIDENCE`). Without a trusted key the
    signature is checked with the key in the certificate, which shows only that nothing was changed since
    somebody signed it. Raises BadInput where the evidence is not such a frame.
    """
    evidence = _evidence(evidence)
    signer = _signer(certificate, trusted)
    return Check(
        differences=(
            *_signature_differences(signer, trusted),
            *_universe_differences(certificate, evidence),
            *_sample_differences(certificate, evidence),
            *_standing_differences(certificate, evidence),
        ),
        signer=signer,
    )


def _claim(standing: Standing, waiver: Waiver | None) -> Claim:
    if waiver is not None:
        return Claim.waived
    if standing.kind is Kind.open:
        raise BadInput(
            "The target is not proven and posts are unread: read on, or have somebody waive the certificate."
        )
    return Claim(standing.kind)


def _evidence(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in EVIDENCE if name not in frame.columns]
    if missing:
        raise BadInput(f"The evidence lacks {', '.join(missing)}: one row a post, with {', '.join(EVIDENCE)}.")
    frame = frame.select(pl.col(name).cast(kind) for name, kind in EVIDENCE.items())
    if frame["item"].n_unique() != frame.height:
        raise BadInput("The evidence has the same post twice: one row a post.")
    return frame


def _signer(
    certificate: Certificate, trusted: Ed25519PublicKey | None
) -> Literal["trusted", "embedded", "nobody"]:
    try:
        embedded = Ed25519PublicKey.from_public_bytes(b64decode(certificate.public_key, validate=True))
        (trusted or embedded).verify(b64decode(certificate.signature, validate=True), signed_bytes(certificate))
    except (InvalidSignature, NotBase64, ValueError):
        return "nobody"
    return "trusted" if trusted else "embedded"


def _signature_differences(signer: str, trusted: Ed25519PublicKey | None) -> Iterator[str]:
    if signer == "nobody":
        whose = "the trusted key" if trusted else "the key in it"
        yield f"signature: it is not one of {whose} over this content."


def _universe_differences(certificate: Certificate, evidence: pl.DataFrame) -> Iterator[str]:
    computed: Mapping[str, object] = {
        "universe_hash": fingerprint(evidence["item"], evidence["content_hash"]),
        "windows": windows_of(evidence),
        "strata": strata_of(evidence),
        "key_definition": KEY,
    }
    for name, value in computed.items():
        if getattr(certificate, name) != value:
            yield f"{name}: the posts and decisions give another one than the certificate."


def _sample_differences(certificate: Certificate, evidence: pl.DataFrame) -> Iterator[str]:
    """The sample is the beginning of the universe in the order of keys, as the evidence has each post."""
    drawn = prefix(evidence["item"], certificate.certify_seed, len(certificate.sample))
    expected = drawn.join(evidence, on="item", maintain_order="left").rows(named=True)
    if len(expected) != len(certificate.sample):
        yield f"sample: it has {len(certificate.sample):,} posts, the universe {len(expected):,}."
        return
    compared = enumerate(map(_row_differences, certificate.sample, expected), start=1)
    differing = [(place, wrong) for place, wrong in compared if wrong]
    for place, wrong in differing[:_SHOWN]:
        yield f"sample: post {place} differs in {', '.join(wrong)}."
    if len(differing) > _SHOWN:
        yield f"sample: {len(differing) - _SHOWN:,} more posts differ."


def _row_differences(row: SampleRow, post: Mapping[str, object]) -> list[str]:
    wrong = [name for name in ("item", "key", "language", "form", "window") if getattr(row, name) != post[name]]
    if row.found != (post["verdict"] == "violates"):
        wrong.append("found")
    if row.verdict != agreed(row.readings, alone=row.alone):
        wrong.append("verdict")
    return wrong


def _standing_differences(certificate: Certificate, evidence: pl.DataFrame) -> Iterator[str]:
    plan = certificate.plan
    if plan != plan_for(plan.target, plan.confidence, readers_miss=plan.readers_miss):
        yield "plan: its numbers do not follow from its target, its confidence and what readers miss."
    found = set(evidence.filter(pl.col("verdict") == "violates")["item"])
    rows = [row.model_copy(update={"found": row.item in found}) for row in certificate.sample]
    computed = judge(plan, rows, strata_of(evidence), certificate.golden)
    for name in Standing.model_fields:
        if getattr(computed, name) != getattr(certificate.standing, name):
            yield f"standing.{name}: {getattr(certificate.standing, name)} is stated, computed otherwise."
    if certificate.claim is Claim.waived:
        if certificate.waiver is None:
            yield "claim: it is waived, but nobody is named who waived it."
    elif certificate.claim.value != computed.kind.value or certificate.waiver is not None:
        yield f"claim: {certificate.claim} is stated, but the sweep is {computed.kind}."
