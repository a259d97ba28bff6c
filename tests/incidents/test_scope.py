"""A scope is tidy or refused, and its fingerprint tells two scopes apart."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.errors import BadInput
from incidents.sweeps.scope import MAX_LENGTH, MAX_PATTERNS, Scope, Trick, fold, read_scope

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("example.com", "example.com"),
        ("HTTPS://WWW.Example.COM:8080/path?q=1#top", "www.example.com"),
        ("//user:pw@example.com", "example.com"),
        ("*.example.com.", "example.com"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("ПРИМЕР.рф", "xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_a_domain_is_kept_as_its_host_in_ascii(written: str, kept: str) -> None:
    assert Scope(domains=(written,)).domains == (kept,)


@pytest.mark.parametrize(
    "written", ["example", "", "exa mple.com", "-a.com", "a..com", "xn--9.com", "1" * 70 + ".de"]
)
def test_what_is_no_host_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="a domain is a host"):
        Scope(domains=(written,))


def test_a_hashtag_loses_its_sign_and_case() -> None:
    assert Scope(hashtags=("#StaySafe", "staysafe", "＃StaySafe")).hashtags == ("staysafe",)


@pytest.mark.parametrize("written", ["", "#", "two words", "a#b"])
def test_what_is_no_hashtag_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="a hashtag is one word"):
        Scope(hashtags=(written,))


def test_terms_that_fold_alike_are_kept_once_as_first_written() -> None:
    assert Scope(terms=("Café  au lait", "cafe AU lait", "tea")).terms == ("Café au lait", "tea")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "an empty scope"),
        ({"languages": ("de",), "excluded_terms": ("x",), "since": NOON}, "an empty scope"),
        ({"terms": ("ok", "\u200b\u0301")}, "entry 2: a term has nothing in it that can be seen"),
        ({"terms": ("a" * (MAX_LENGTH + 1),)}, "at most 1000 are read"),
        ({"patterns": tuple(f"a{n}" for n in range(MAX_PATTERNS + 1))}, "201 entries; at most 200"),
        ({"patterns": ("(",)}, "cannot be used: unclosed group"),
        ({"patterns": ("a(?=b)",)}, "look-ahead and look-behind are not supported"),
        ({"patterns": (r"(a)\1",)}, "back-references are not supported"),
        ({"patterns": ("(?:a{1,1000}){1,1000}",)}, "it is too large"),
        ({"patterns": ("a*",)}, "matches the empty text"),
        ({"terms": ("x",), "languages": ("Deutsch!",)}, "a language is a BCP 47 tag"),
        ({"terms": ("x",), "since": NOON, "until": NOON}, "since must lie before until"),
        ({"terms": ("x",), "since": datetime(2030, 1, 1)}, "timezone"),  # noqa: DTZ001 - the case
        ({"terms": ("x",), "term": ("y",)}, "Extra inputs are not permitted"),
        ({"languages": ("de",), "regions": ("DE",), "tricks": ("leet",)}, "an empty scope"),
        ({"terms": ('"storm"~5',)}, "two to 4 words and a distance of 1 to 50"),
        ({"terms": ('"a b c d e"~5',)}, "two to 4 words"),
        ({"terms": ('"storm clinic"~51',)}, "a distance of 1 to 50"),
        ({"urls": ("example.com",)}, "a host alone is a domain"),
        ({"urls": ("nowhere/page",)}, "a domain is a host"),
        ({"accounts": ("two words",)}, "an account is one name"),
        ({"terms": ("x",), "regions": ("Germany",)}, "a region is an ISO 3166 code"),
        ({"media": ("pdq:abc",)}, "a media hash is pdq: and 64"),
        ({"media": ("pdq:" + "0" * 64,)}, "a picture without features"),
        ({"examples": ("too short",)}, "at least 20 letters"),
        ({"terms": ("x",), "tricks": ("rot13",)}, "tricks.0"),
    ],
)
def test_a_scope_that_cannot_be_used_says_why(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_scope(fields)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(BadInput, match=r"(?s)patterns: entry 1.*domains: entry 2"):
        read_scope({"patterns": ["("], "domains": ["example.com", "nowhere"]})


def test_a_scope_reads_back_from_its_own_json() -> None:
    scope = Scope(terms=("flood",), patterns=(r"\bdam\b",), languages=("pt_BR",), since=NOON)
    assert read_scope(scope.model_dump(mode="json")) == scope
    assert scope.languages == ("pt-br",)


def test_the_fingerprint_ignores_order_and_zone_but_no_content() -> None:
    rome = timezone(timedelta(hours=1))
    one = Scope(terms=("a", "b"), since=NOON)
    same = Scope(terms=("b", "a"), since=NOON.astimezone(rome))
    assert one.fingerprint() == same.fingerprint()
    assert one.fingerprint() != Scope(terms=("a",), excluded_terms=("b",), since=NOON).fingerprint()
    assert len(one.fingerprint()) == 64


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_entries_of_every_kind_are_kept_in_one_form() -> None:
    scope = Scope(
        terms=(' "Storm  Clinic" ~ 05',),
        urls=("HTTPS://www.Example.com/Page/#top", "example.com/page"),
        accounts=("@Ada", "ada"),
        regions=("de", "DE"),
        media=("MD5:" + "AB" * 16,),
        tricks=(Trick.joined, Trick.leet, Trick.joined),
    )
    assert scope.terms == ('"Storm Clinic"~5',)
    assert scope.urls == ("example.com/Page",)
    assert (scope.accounts, scope.regions) == (("ada",), ("DE",))
    assert scope.media == ("md5:" + "ab" * 16,)
    assert scope.tricks == (Trick.leet, Trick.joined)
    assert read_scope(scope.model_dump(mode="json")) == scope


def test_all_tricks_are_undone_unless_said_otherwise() -> None:
    assert Scope(terms=("a",)).tricks == tuple(Trick)
    assert Scope(terms=("a",), tricks=()).fingerprint() != Scope(terms=("a",)).fingerprint()


@pytest.mark.parametrize(
    "fields",
    [
        {"urls": ["a.example/b"]},
        {"accounts": ["ada"]},
        {"media": ["md5:" + "ab" * 16]},
        {"examples": ["x" * 20]},
    ],
)
def test_any_entry_that_brings_posts_in_makes_a_scope(fields: dict[str, Any]) -> None:
    assert read_scope(fields).tricks == tuple(Trick)
