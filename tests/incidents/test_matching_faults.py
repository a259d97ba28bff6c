"""What must not stop a sweep: endless texts, broken characters, scopes of thousands of entries."""

from pathlib import Path

import polars as pl
import pytest

from incidents.errors import BadInput
from incidents.sweeps.folding import fold, fold_all
from incidents.sweeps.matching import match
from incidents.sweeps.posts import read_posts
from incidents.sweeps.scope import Scope, read_scope
from tests.incidents.test_matching import found, pile

FIVE_MB = 5_000_000


PIECES = ["a ", "kiiin ", "k i n l ", "k1n3 ", "a\u0301\u0302", "кіn", "ด้้", "한\u1112", "skills"]


@pytest.mark.parametrize("piece", PIECES)
def test_a_post_of_half_a_megabyte_is_read_to_its_end(piece: str) -> None:
    text = piece * (FIVE_MB // 10 // len(piece.encode()))
    scope = Scope(terms=("kill",), patterns=("k[0-9]+z",), examples=("an example of some length, to be like",))
    assert found(scope, f"{text} k1ll", text) == [True, False]


def test_a_post_of_five_megabytes_with_every_trick_in_it_is_read_to_its_end() -> None:
    text = " ".join(PIECES) * (FIVE_MB // len(" ".join(PIECES).encode()))
    assert found(Scope(terms=("kill",)), f"{text} k1ll", text) == [True, False]


def test_a_post_that_is_nothing_but_hits_is_found_once() -> None:
    matched = match(pile(["kill " * 200_000]), Scope(terms=("kill", "kill kill")))
    assert matched["matched"].to_list() == [["term:kill", "term:kill kill"]]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*x.*y$", "(?:a?){50}a{50}"])
def test_a_pattern_that_would_take_for_ever_elsewhere_ends_or_is_refused(pattern: str) -> None:
    try:
        scope = read_scope({"patterns": [pattern]})
    except BadInput:
        return
    assert match(pile(["a" * 50_000 + "b"]), scope).height <= 1


def test_half_a_character_in_a_scope_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="terms: entry 1: it holds half a character"):
        read_scope({"terms": ["ki\ud800ll"]})


def test_half_a_character_in_a_file_is_read_as_unknown(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "kill \\ud800 them"}\n')
    assert match(read_posts(path), Scope(terms=("kill",))).height == 1


def test_five_thousand_terms_with_every_trick_are_searched() -> None:
    terms = tuple(f"wort{chr(97 + n // 676)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}" for n in range(5_000))
    texts = ("w0rthjh", "w o r t h j h", "woooorthjh", "wоrthjh", "wortzzz", "worthjh")
    assert terms[4_999] == "worthkh"
    assert found(Scope(terms=terms), *texts) == [True, True, True, True, False, True]


def test_a_text_with_nul_and_line_ends_keeps_its_place() -> None:
    texts = ["é\0b", "ß\n\nß", "", " é ", "…", "kill\x1cé"]
    assert fold_all(pl.Series(texts)).to_list() == [fold(text) for text in texts]
    assert found(Scope(terms=("kill",)), *texts) == [False] * 5 + [True]
