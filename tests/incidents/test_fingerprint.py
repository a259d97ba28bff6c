"""The hash of a universe: the same for the same posts, another one for any other."""

from hashlib import sha256

import polars as pl

from incidents.sweeps.fingerprint import fingerprint


def hash_of(*posts: tuple[str, str]) -> str:
    ids, contents = zip(*posts, strict=True)
    return fingerprint(pl.Series(ids), pl.Series(contents))


def test_it_is_the_one_that_the_certificate_describes() -> None:
    assert hash_of(("b", "yy"), ("ä", "x")) == sha256("1:b2:yy2:ä1:x".encode()).hexdigest()


def test_the_order_of_the_posts_does_not_matter() -> None:
    assert hash_of(("a", "x"), ("b", "y")) == hash_of(("b", "y"), ("a", "x"))


def test_another_id_another_content_and_a_post_less_give_another_one() -> None:
    posts = (("a", "x"), ("b", "y"))
    others = {hash_of(("a", "x"), ("c", "y")), hash_of(("a", "x"), ("b", "z")), hash_of(("a", "x"))}
    assert len(others | {hash_of(*posts)}) == 4


def test_two_posts_do_not_run_into_one_another() -> None:
    assert hash_of(("ab", "x"), ("c", "yz")) != hash_of(("a", "bx"), ("bc", "yz"))


def test_more_posts_than_are_hashed_at_once_make_one_hash() -> None:
    ids = [f"{number:06}" for number in range(50_001)]
    told = "".join(f"6:{each}1:x" for each in ids)
    assert hash_of(*((each, "x") for each in ids)) == sha256(told.encode()).hexdigest()


def test_nothing_has_the_hash_of_nothing() -> None:
    nothing = pl.Series([], dtype=pl.String)
    assert fingerprint(nothing, nothing) == sha256(b"").hexdigest()


def test_it_stays_the_same_from_release_to_release() -> None:
    assert hash_of(("a", "x"), ("ü", "雨"))[:32] == "2a65483deffad3f5e76ab012fa998e0e"
