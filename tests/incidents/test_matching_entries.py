"""Everything that a scope can name besides words: what it brings in, and what it leaves."""

import polars as pl
import pytest

from incidents.sweeps.likeness import example_label
from incidents.sweeps.matching import match, term_counts
from incidents.sweeps.scope import Scope
from tests.incidents.test_matching import found, pile

NEAR = [
    ('"storm clinic"~5', "storm the old clinic", True),
    ('"storm clinic"~5', "the Clinic, they storm it", True),
    ('"storm clinic"~5', "storm one two three four clinic", True),
    ('"storm clinic"~5', "storm one two three four five clinic", False),
    ('"storm clinic"~5', "brainstorm at the clinic", False),
    ('"storm clinic"~1', "storm clinic", True),
    ('"storm clinic"~1', "storm the clinic", False),
    ('"storm clinic"~5', "st0rm the clinic", True),
    ('"storm the clinic"~3', "the clinic, now storm", True),
    ('"暴動 東京"~4', "東京で昨日暴動", True),
    ('"暴動 東京"~4', "東京では今日もまた暴動", False),
    ('"حرب مدينة"~3', "والحرب في المدينه", True),
]


@pytest.mark.parametrize(("entry", "text", "hit"), NEAR)
def test_words_near_one_another_are_found_in_any_order(entry: str, text: str, hit: bool) -> None:
    assert found(Scope(terms=(entry,)), text) == [hit]


URLS = [
    ("see https://www.example.com/Page", True),
    ("example.com/page/", True),
    ("example.com/page?x=1#top", True),
    ("http://m.example.com/page/below", True),
    ("(example.com/page).", True),
    ("url=https%3a%2f%2fexample.com/page", True),
    ("example.com/pages", False),
    ("example.com/page.html", False),
    ("notexample.com/page", False),
    ("files.example.com/page", False),
    ("example.com", False),
]


@pytest.mark.parametrize(("text", "hit"), URLS)
def test_a_url_finds_its_page_and_what_lies_below(text: str, hit: bool) -> None:
    assert found(Scope(urls=("https://example.com/page/",)), text) == [hit]


def test_an_account_brings_in_all_its_posts() -> None:
    posts = pile(["a", "b", "c", "d"], author=["@Mirror_K7", "mirror_k7", "mirror", None])
    matched = match(posts, Scope(accounts=("@mirror_K7",)))
    assert matched.select("id", "matched").rows() == [
        ("p0", ["account:mirror_k7"]),
        ("p1", ["account:mirror_k7"]),
    ]


def test_regions_keep_the_unknown() -> None:
    posts = pile(["dam"] * 3, region=["DE", None, "FR"])
    assert list(match(posts, Scope(terms=("dam",), regions=("de",)))["id"]) == ["p0", "p1"]


PDQ = "f0" * 32
BITS = int(PDQ, 16)


def near_pdq(bits: int) -> str:
    """The hash with so many of its bits turned, in pairs, so that as many are set as before."""
    turned = BITS
    for bit in range(bits):
        turned ^= 1 << (bit * 4)
    return f"pdq:{turned:064x}"


def test_a_picture_is_found_within_31_bits_and_a_file_by_its_own_hash_alone() -> None:
    md5 = "md5:" + "ab" * 16
    media = [[near_pdq(0)], [near_pdq(31)], [near_pdq(32)], [md5, near_pdq(40)], ["md5:" + "ac" * 16], [], None]
    matched = match(pile(["x"] * 7, media=media), Scope(media=(f"PDQ:{PDQ}", md5)))
    assert matched.select("id", "matched").rows() == [
        ("p0", [f"media:pdq:{PDQ}"]),
        ("p1", [f"media:pdq:{PDQ}"]),
        ("p3", [f"media:{md5}"]),
    ]


def test_a_picture_without_features_is_like_no_other() -> None:
    flat = "pdq:" + "0" * 64
    few = f"pdq:{(1 << 20) - 1:064x}"
    assert match(pile(["x"], media=[[flat]]), Scope(media=(f"pdq:{PDQ}",))).is_empty()
    with pytest.raises(ValueError, match="without features"):
        Scope(media=(few,))


EXAMPLE = "Meet at the river bridge on Friday at noon and bring what we talked about"
LIKE = [
    (EXAMPLE, True),
    ("RT MEET AT THE RIVER BRIDGE on Friday at noon and bring what we talked about!!! #friday", True),
    ("Meet at the river bridge on Saturday at ten and bring what we talked about", True),
    ("Meet at the river bridge on Friday at noon", True),
    ("Nice weather at the river today, who is about?", False),
    ("bring what you want on friday", False),
    ("", False),
]


@pytest.mark.parametrize(("text", "hit"), LIKE)
def test_an_example_finds_its_like(text: str, hit: bool) -> None:
    assert found(Scope(examples=(EXAMPLE,)), text) == [hit]


def test_an_example_in_a_script_without_spaces_finds_its_like() -> None:
    example = "昨日の夜に駅前の広場で集まって一緒に市役所まで歩いて行こうと思います"
    texts = (example.replace("昨日", "今日"), "今日は駅前で買い物をして家に帰ります")
    assert found(Scope(examples=(example,)), *texts) == [True, False]


def test_an_example_is_not_quoted() -> None:
    matched = match(pile([EXAMPLE]), Scope(examples=(EXAMPLE,)))
    assert matched["matched"].to_list() == [[example_label(EXAMPLE)]]
    assert example_label(EXAMPLE) == example_label(EXAMPLE.upper())
    assert "river" not in example_label(EXAMPLE)


def test_an_excluded_term_leaves_out_what_came_by_its_account_too() -> None:
    posts = pile(["beaver dam", "dam"], author=["a", "a"])
    assert list(match(posts, Scope(accounts=("a",), excluded_terms=("beaver",)))["id"]) == ["p1"]


def test_an_evaded_word_excludes_nothing() -> None:
    scope = Scope(terms=("dam",), excluded_terms=("beaver",))
    assert found(scope, "b3aver dam", "beaver dam") == [True, False]


def test_a_word_that_stands_plainly_too_is_not_evaded() -> None:
    matched = match(pile(["kill k1ll", "k1ll"]), Scope(terms=("kill",)))
    assert matched["evaded"].to_list() == [[], ["term:kill|leet"]]


def test_counts_tell_what_each_trick_alone_brings_in() -> None:
    texts = ["kill", "k1ll", "k i l l", "k i l l them", "kiiill", "kіll"]
    counts = term_counts(match(pile(texts), Scope(terms=("kill", "them"))))
    evaded = {"homoglyph": 1, "spaced": 2, "leet": 1, "repeated": 1, "joined": 0}
    assert counts.rows()[0] == ("term:kill", 6, 5, evaded)


def test_tricks_may_be_laid_upon_one_another() -> None:
    texts = ("k 1 l l", "kіііll", "К1ll", "kk111llll", "k.i.i.i.i.l.l")
    assert found(Scope(terms=("kill",)), *texts) == [True] * 5


def test_a_hashtag_is_found_through_tricks() -> None:
    scope = Scope(hashtags=("killthem",))
    assert found(scope, "#k1llthem", "#kiiillthem", "#kіllthem", "#kill7hem now", "#k1llthemall") == [
        True,
        True,
        True,
        True,
        False,
    ]


def test_addresses_hide_no_words() -> None:
    texts = ("https://t.example/k1ll", "www.k1ll.example", "@k1ll_3r", "https://t.example/kiiill")
    assert found(Scope(terms=("kill",)), *texts) == [False] * 4


def test_the_same_posts_are_found_however_they_are_cut() -> None:
    texts = [
        f"{word} {number}"
        for number in range(50)
        for word in ("k1ll", "kill", "nothing", "k i l l", "überkill")
    ]
    posts = pile(texts)
    scope = Scope(terms=("kill",))
    parts = pl.concat([match(part, scope) for part in posts.iter_slices(7)])
    whole = match(posts, scope)
    assert whole.height == 150
    assert parts.sort("id").equals(whole.sort("id"))
