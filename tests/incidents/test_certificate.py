"""A certificate can be checked by anybody, and whatever was changed in it or around it is named."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incidents.errors import BadInput
from incidents.sweeps.certificate import (
    Certificate,
    Claim,
    Facts,
    Waiver,
    certificate_of,
    sign,
    verify,
    windows_of,
)
from incidents.sweeps.samples import prefix
from incidents.sweeps.stopping import Golden, Kind, Reading, SampleRow, Standing, plan_for

ISSUED = datetime(2030, 1, 2, 3, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
FACTS = Facts(
    sweep="SWEEP-1",
    incident="INC-1",
    issued_at=ISSUED,
    scope_hash="5c0be",
    steer_seed=11,
    certify_seed=12,
    plan=plan_for(),
    golden=Golden(violating=60, caught=58),
)


@cache
def universe(found: int = 100, read: int = 600) -> pl.DataFrame:
    """1,200 posts in two windows, 100 violating; the first `found` of them are found, `read` are read."""
    posts = pl.DataFrame({"n": range(1_200)}).with_columns(
        item=pl.format("p{}", "n"),
        language=pl.when(pl.col("n") % 4 == 0).then(pl.lit("de")).otherwise(pl.lit("en")),
        form=pl.when(pl.col("n") % 3 == 0).then(pl.lit("link")).otherwise(pl.lit("text")),
        window=1 + pl.col("n") // 800,
        content_hash=pl.format("c{}", "n"),
        truth=pl.col("n") % 12 == 0,
    )
    rank = pl.col("truth").cum_sum()
    return posts.with_columns(
        verdict=pl.when(pl.col("truth") & (rank <= found))
        .then(pl.lit("violates"))
        .when(pl.col("n") < read)
        .then(pl.lit("does_not_violate"))
    )


def sample(evidence: pl.DataFrame, length: int = 500) -> list[SampleRow]:
    drawn = prefix(evidence["item"], FACTS.certify_seed, length)
    posts = drawn.join(evidence, on="item", maintain_order="left").rows(named=True)
    return [row_of(post) for post in posts]


def row_of(post: dict[str, Any]) -> SampleRow:
    word = "violates" if post["truth"] else "does_not_violate"
    said = (Reading(reader=1, verdict=word), Reading(reader=2, verdict=word))
    fields = {name: post[name] for name in ("item", "key", "language", "form", "window")}
    return SampleRow(**fields, verdict=word, readings=said, found=post["verdict"] == "violates")


@cache
def certificate() -> Certificate:
    return sign(certificate_of(FACTS, sample(universe()), universe()), KEY)


def test_a_certificate_holds_against_the_posts_and_decisions_that_it_was_made_from() -> None:
    check = verify(certificate(), universe(), KEY.public_key())
    assert (check.holds, check.signer) == (True, "trusted")
    assert certificate().claim is Claim.reached
    assert certificate().windows == (800, 400)


def test_it_survives_being_written_and_read() -> None:
    read = Certificate.model_validate_json(certificate().model_dump_json())
    assert read == certificate()
    assert verify(read, universe(), KEY.public_key()).holds


def test_the_same_facts_give_the_same_bytes_whatever_the_order_of_the_posts() -> None:
    again = sign(certificate_of(FACTS, sample(universe()), universe().reverse()), KEY)
    assert again.model_dump_json() == certificate().model_dump_json()


def test_without_a_trusted_key_it_says_that_the_key_is_only_the_one_that_came_along() -> None:
    assert verify(certificate(), universe()).signer == "embedded"
    assert verify(sign(certificate(), STRANGER), universe()).signer == "embedded"


def test_a_signature_of_somebody_else_does_not_fit_the_trusted_key() -> None:
    check = verify(sign(certificate(), STRANGER), universe(), KEY.public_key())
    assert check.signer == "nobody"
    assert check.differences == ("signature: it is not one of the trusted key over this content.",)


@pytest.mark.parametrize("signature", ["", "no base64!", "QUJD"])
def test_a_broken_signature_is_named_and_does_not_stop_the_check(signature: str) -> None:
    broken = certificate().model_copy(update={"signature": signature})
    assert [difference.split(":")[0] for difference in verify(broken, universe()).differences] == ["signature"]


CHANGES: dict[str, object] = {
    "sweep": "SWEEP-2",
    "incident": "INC-2",
    "issued_at": ISSUED.replace(year=2031),
    "claim": Claim.complete,
    "waiver": Waiver(person="ada", reason="late"),
    "scope_hash": "0",
    "universe_hash": "0",
    "windows": (1_200,),
    "strata": (),
    "steer_seed": 13,
    "certify_seed": 13,
    "key_definition": "whatever",
    "plan": plan_for(0.8),
    "golden": Golden(violating=60, caught=60),
    "sample": (),
    "public_key": "QUJD",
}


@pytest.mark.parametrize("name", CHANGES)
def test_no_field_can_be_changed_without_breaking_the_signature(name: str) -> None:
    changed = certificate().model_copy(update={name: CHANGES[name]})
    assert verify(changed, universe(), KEY.public_key()).signer == "nobody"


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("claim", "claim"),
        ("waiver", "claim"),
        ("universe_hash", "universe_hash"),
        ("windows", "windows"),
        ("strata", "strata"),
        ("certify_seed", "sample"),
        ("key_definition", "key_definition"),
        ("plan", "standing.recall_at_least"),
        ("golden", "standing.sensitivity_at_least"),
        ("sample", "standing.sampled"),
    ],
)
def test_what_can_be_computed_again_is_named_even_where_a_liar_signs(name: str, named: str) -> None:
    lie = sign(certificate().model_copy(update={name: CHANGES[name]}), KEY)
    assert any(
        difference.startswith(named) for difference in verify(lie, universe(), KEY.public_key()).differences
    )


@pytest.mark.parametrize("name", Standing.model_fields)
def test_every_number_of_the_standing_is_computed_again(name: str) -> None:
    true = getattr(certificate().standing, name)
    other = {"kind": Kind.complete, "residuals": ()}.get(name, 0.5 if isinstance(true, float) else 77)
    standing = certificate().standing.model_copy(update={name: other})
    lie = sign(certificate().model_copy(update={"standing": standing}), KEY)
    differences = verify(lie, universe(), KEY.public_key()).differences
    assert [difference.split(":")[0] for difference in differences] == [f"standing.{name}"]


def test_a_laxer_rule_than_the_target_asks_for_is_named() -> None:
    plan = FACTS.plan.model_copy(update={"rule_level": 0.5})
    lax = sign(certificate_of(FACTS.model_copy(update={"plan": plan}), sample(universe()), universe()), KEY)
    assert [each.split(":")[0] for each in verify(lax, universe()).differences] == ["plan"]


def changed_row(place: int, **update: object) -> Certificate:
    rows = list(certificate().sample)
    rows[place] = rows[place].model_copy(update=update)
    return sign(certificate().model_copy(update={"sample": tuple(rows)}), KEY)


@pytest.mark.parametrize(
    ("update", "field"),
    [
        ({"item": "p5000"}, "item"),
        ({"key": 1}, "key"),
        ({"language": "fr"}, "language"),
        ({"form": "media"}, "form"),
        ({"window": 9}, "window"),
        ({"found": True}, "found"),
        ({"verdict": None}, "verdict"),
        ({"readings": ()}, "verdict"),
    ],
)
def test_a_changed_post_of_the_sample_is_named_by_its_place(update: dict[str, object], field: str) -> None:
    assert f"sample: post 3 differs in {field}." in verify(changed_row(2, **update), universe()).differences


def test_a_post_left_out_of_the_sample_is_noticed() -> None:
    rows = certificate().sample
    shorter = sign(certificate().model_copy(update={"sample": rows[:4] + rows[5:]}), KEY)
    assert any(each.startswith("sample: post 5 ") for each in verify(shorter, universe()).differences)


def test_a_sample_longer_than_the_universe_is_named() -> None:
    few = universe().head(100)
    assert "sample: it has 500 posts, the universe 100." in verify(certificate(), few).differences


def test_a_post_more_a_post_changed_and_a_decision_undone_are_noticed() -> None:
    def names(evidence: pl.DataFrame) -> set[str]:
        return {difference.split(":")[0] for difference in verify(certificate(), evidence).differences}

    other = pl.when(pl.col("n") == 500)
    assert names(universe().head(1_199)) >= {"universe_hash", "windows", "strata"}
    assert names(universe().with_columns(content_hash=other.then(pl.lit("x")).otherwise("content_hash"))) == {
        "universe_hash"
    }
    undone = universe().with_columns(verdict=pl.when(pl.col("n") < 240).then(None).otherwise("verdict"))
    assert names(undone) >= {"strata", "sample", "standing.recall_at_least", "claim"}


def test_a_target_that_is_not_proven_gives_no_certificate_unless_somebody_waives_it() -> None:
    evidence = universe(found=40)
    with pytest.raises(BadInput, match="waive"):
        certificate_of(FACTS, sample(evidence), evidence)
    waiver = Waiver(person="ada", reason="Nobody is left to read tonight.")
    waived = sign(certificate_of(FACTS.model_copy(update={"waiver": waiver}), sample(evidence), evidence), KEY)
    assert waived.claim is Claim.waived
    assert waived.standing.recall_at_least < 0.6
    assert verify(waived, evidence).holds
    nobody = sign(waived.model_copy(update={"waiver": None}), KEY)
    assert any(each.startswith("claim: ") for each in verify(nobody, evidence).differences)


def test_everything_read_is_its_own_claim() -> None:
    evidence = universe(found=60, read=1_200)
    complete = sign(certificate_of(FACTS, sample(evidence), evidence), KEY)
    assert complete.claim is Claim.complete
    assert verify(complete, evidence).holds


def test_evidence_that_lacks_a_column_or_has_a_post_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="content_hash"):
        verify(certificate(), universe().drop("content_hash"))
    with pytest.raises(BadInput, match="twice"):
        verify(certificate(), pl.concat([universe(), universe().head(1)]))


def test_an_empty_universe_has_no_windows() -> None:
    assert windows_of(universe().head(0)) == ()
