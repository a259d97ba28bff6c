"""What a scope finds, language by language, each with the near miss that it must not find."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.sweeps.folding import fold_all
from incidents.sweeps.matching import match, term_counts
from incidents.sweeps.posts import POST_SCHEMA
from incidents.sweeps.scope import Scope, Trick, fold

POSTS = Path(__file__).parents[3] / "shared" / "data" / "posts"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def pile(texts: Sequence[str | None], **columns: Sequence[Any]) -> pl.DataFrame:
    """Posts p0, p1… with these texts; other columns are null unless given."""
    rows = {"id": [f"p{n}" for n in range(len(texts))], "text": texts, **columns}
    missing = {name: [None] * len(texts) for name in POST_SCHEMA if name not in rows}
    return pl.DataFrame(rows | missing, schema_overrides=dict(POST_SCHEMA)).select(POST_SCHEMA.names())


def found(scope: Scope, *texts: str) -> list[bool]:
    ids = set(match(pile(texts), scope)["id"])
    return [f"p{n}" in ids for n in range(len(texts))]


TERMS = [
    # language, term, text that must be found, near miss
    ("en", "ass", "what an ASS, he said", "the class at Scunthorpe passed"),
    ("en", "cunt", "cunt!", "a train to Scunthorpe"),
    ("en phrase", "burn it down", "Burn it\n\tdown", "burn it, down"),
    ("en phrase", "kill all", "KILL\u00a0ALL", "skill all"),
    ("en underscore", "riot", "riot_ no, riot.", "riot_control"),
    ("en symbols", "c++", "learn c++.", "learn c+"),
    ("en full width", "riot", "ｒｉｏｔ now", "ｒｉｏｔｅｒ now"),
    ("en mathematical", "riot", "𝐫𝐢𝐨𝐭 now", "𝐫𝐢𝐨𝐭𝐬 now"),
    ("en zero width", "riot", "ri\u200bo\u2060t now", "ri ot now"),
    ("en bidi", "riot", "\u202eri\u202cot", "toir"),
    ("en soft hyphen", "riot", "ri\u00adot", "ri-ot"),
    ("de", "Straße", "auf der STRASSE", "Straßenbahn"),
    ("de", "über", "U\u0308ber uns", "überall"),
    ("fr", "émeute", "une emeute", "émeutes"),
    ("es", "señal", "la sen\u0303al", "señales"),
    ("pt", "não", "NÃO", "nãos"),
    ("it", "città", "la citta'", "cittadino"),
    ("pl", "złoty", "ZLOTY 5", "złotych"),
    ("tr", "İstanbul", "istanbul, ISTANBUL", "istanbulda"),
    ("tr dotless", "ısı", "ISI", "ısın"),
    ("ru", "мой", "Мой дом", "мои дома"),
    ("ru", "ещё", "еще раз", "вещества"),
    ("uk", "їжа", "ЇЖА", "іжа"),
    ("el", "όχλος", "ΟΧΛΟΣ", "όχλοσα"),
    ("ar prefix", "حرب", "والحرب قريبة", "محراب"),
    ("ar prefix", "قتل", "وبالقتل", "مقتل رجل"),
    ("ar tashkeel", "حرب", "حَرْبٌ", "حروب"),
    ("ar tatweel", "حرب", "حـــرب", "حار ب"),
    ("ar alef", "أمل", "امل", "عامل"),
    ("ar marbuta", "مدرسة", "المدرسه", "مدرسون"),
    ("fa", "کتاب", "كتاب", "کتابخانه"),
    ("fa plural", "کتاب", "کتاب\u200cهای", "کتابدار"),
    ("ur", "ہندو", "هندو", "ہندوستان"),
    ("he prefix", "מלחמה", "והמלחמה", "שלמלחמהה"),
    ("he niqqud", "שלום", "שָׁלוֹם", "שלומית"),
    ("he", "קרב", "בקרב", "עקרב"),
    ("hi", "मार", "मार दो", "मारना"),
    ("hi vowel", "मर", "मर गया", "मार गया"),
    ("hi nukta", "ज़रा", "जरा", "जरासा"),
    ("bn", "আগুন", "আগুন!", "আগুনের"),
    ("te", "అగ్ని", "అగ్ని.", "అగ్నిపర్వతం"),
    ("th", "ไฟ", "ไปดับไฟเร็ว", "ไป"),
    ("th vowel", "น้ำ", "ใต้น้ํา", "น้า"),
    ("ja", "暴動", "昨日暴動が起きた", "暴れて動く"),
    ("ja half width", "テロ", "ﾃﾛだ", "テーロ"),
    ("ja dakuten", "がき", "ガキ? がき", "かき"),
    ("ja latin", "riot", "これはriotです", "これはrioterです"),
    ("zh", "暴乱", "发生了暴乱。", "暴风乱流"),
    ("zh latin", "iphone手机", "我的iPhone手机", "我的iPhone 手机"),
    ("ko", "폭동", "폭동이 났다", "대폭동"),
    ("emoji", "✂️", "now✂ go", "now go"),
]


@pytest.mark.parametrize(("language", "term", "hit", "near_miss"), TERMS, ids=[row[0] for row in TERMS])
def test_a_term_finds_its_word_and_not_its_neighbour(
    language: str, term: str, hit: str, near_miss: str
) -> None:
    assert found(Scope(terms=(term,)), hit, near_miss) == [True, False]


HOSTS = [
    ("example.com", True),
    ("see https://example.com/path.", True),
    ("see HTTP://WWW.EXAMPLE.COM:80", True),
    ("a.b.example.com, then", True),
    ("at the end: example.com.", True),
    ("http://user@example.com/", True),
    ("https://t.example/?u=https%3A%2F%2Fexample.com%2F", True),
    ("请看example.com吧", True),
    ("evil-example.com", False),
    ("notexample.com", False),
    ("example.community", False),
    ("example.com.evil.org", False),
    ("example.com-evil.org", False),
    ("http://example.com@evil.org/", False),
    ("example. com", False),
    ("examplexcom", False),
]


@pytest.mark.parametrize(("text", "hit"), HOSTS, ids=[text for text, _ in HOSTS])
def test_a_domain_finds_its_host_and_subdomains_only(text: str, hit: bool) -> None:
    assert found(Scope(domains=("example.com",)), text) == [hit]


def test_an_international_domain_is_found_in_both_spellings() -> None:
    scope = Scope(domains=("пример.рф",))
    assert found(scope, "http://пример.рф/", "http://xn--e1afmkfd.xn--p1ai/", "пример рф") == [
        True,
        True,
        False,
    ]
    assert match(pile(["пример.рф"]), scope)["matched"].to_list() == [["domain:xn--e1afmkfd.xn--p1ai"]]


TAGS = [
    ("#StaySafe now", True),
    ("＃staysafe", True),
    ("(#staysafe)", True),
    ("今日#staysafe", True),
    ("#staysafe-please", True),
    ("#staysafer", False),
    ("staysafe", False),
    ("a#staysafe", False),
    ("https://a.example/#staysafe", False),
    ("&#staysafe;", False),
]


@pytest.mark.parametrize(("text", "hit"), TAGS, ids=[text for text, _ in TAGS])
def test_a_hashtag_is_found_whole(text: str, hit: bool) -> None:
    assert found(Scope(hashtags=("staysafe",)), text) == [hit]


def test_a_hashtag_in_han_is_found_whole_too() -> None:
    assert found(Scope(hashtags=("東京",)), "#東京 です", "#東京五輪") == [True, False]


def test_a_pattern_in_lower_case_finds_any_case_and_one_with_capitals_only_its_own() -> None:
    texts = ("call 112 NOW", "call 112 now", "c\u200ball 112 now", "calling")
    assert found(Scope(patterns=(r"\bcall \d+ now\b",)), *texts) == [True, True, True, False]
    assert found(Scope(patterns=("NOW",)), *texts) == [True, False, False, False]


def test_a_pattern_stays_linear_in_a_long_text() -> None:
    # (a+)+$ takes a backtracking engine 2^n steps on this text.
    begun = time.monotonic()
    assert found(Scope(patterns=("(a+)+$",)), "a" * 100_000 + "b") == [False]
    assert time.monotonic() - begun < 10


def test_matched_names_every_entry_that_brought_the_post_in() -> None:
    scope = Scope(terms=("Dam", "dam broke"), hashtags=("dam",), domains=("dam.example",), patterns=("d.m",))
    matched = match(pile(["dam  broke #dam https://dam.example", "no"]), scope)
    assert matched["matched"].to_list() == [
        ["#dam", "domain:dam.example", "pattern:d.m", "term:Dam", "term:dam broke"]
    ]


def test_a_post_with_an_excluded_term_is_left_out() -> None:
    scope = Scope(terms=("dam",), excluded_terms=("Beaver dam",))
    assert found(scope, "the dam", "a beaver\ndam", "beaver damage, dam") == [True, False, True]


def test_languages_include_their_regions_and_the_unknown() -> None:
    posts = pile(["dam"] * 6, language=["pt", "PT_br", "pts", "de", None, "und"])
    assert list(match(posts, Scope(terms=("dam",), languages=("pt",)))["id"]) == ["p0", "p1", "p4", "p5"]


def test_the_window_holds_its_first_moment_not_its_last_and_keeps_the_unknown() -> None:
    hours = [NOON - timedelta(hours=1), NOON, None, NOON + timedelta(hours=1)]
    scope = Scope(terms=("dam",), since=NOON, until=NOON + timedelta(hours=1))
    assert list(match(pile(["dam"] * 4, posted_at=hours), scope)["id"]) == ["p1", "p2"]


def test_the_order_is_by_time_then_id_whatever_came_in() -> None:
    posts = pile(["dam"] * 4, posted_at=[None, NOON, NOON, NOON - timedelta(hours=1)])
    scope = Scope(terms=("dam",))
    assert list(match(posts, scope)["id"]) == ["p3", "p1", "p2", "p0"]
    assert match(posts.reverse(), scope).equals(match(posts, scope))


@pytest.mark.parametrize("texts", [[], [None], [""], ["x"]])
def test_nothing_found_keeps_the_columns(texts: list[str | None]) -> None:
    scope = Scope(terms=("dam",), patterns=("d.m",), excluded_terms=("x",))
    matched = match(pile(texts), scope)
    assert matched.is_empty()
    lists = {"matched": pl.List(pl.String), "evaded": pl.List(pl.String)}
    assert matched.schema == pl.Schema({**POST_SCHEMA, **lists})
    tricks = pl.Struct(dict.fromkeys(Trick, pl.Int64))
    counted: dict[str, Any] = {"term": pl.String, "posts": pl.Int64, "alone": pl.Int64, "evaded": tricks}
    assert term_counts(matched).schema == pl.Schema(counted)


def test_term_counts_tell_which_term_floods() -> None:
    matched = match(pile(["d4m fire", "dam", "d a m", "fire"]), Scope(terms=("fire", "dam", "never")))
    none = dict.fromkeys(Trick, 0)
    assert term_counts(matched).rows() == [
        ("term:dam", 3, 2, none | {"leet": 1, "spaced": 1}),
        ("term:fire", 2, 1, none),
    ]


def test_five_thousand_long_terms_are_searched_too() -> None:
    terms = tuple(f"term {n} with many letters in it" for n in range(5_000))
    assert found(Scope(terms=terms), "term 4999 with many letters in it", "term 5000 with") == [True, False]


@settings(deadline=None)
@given(st.text(st.sampled_from("aA \t\n\x1c_-é\u0301\u200bß漢حה"), max_size=12))
def test_a_post_that_is_the_term_is_found(text: str) -> None:
    if fold(text):
        assert found(Scope(terms=(text,)), text) == [True]


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_search(text: str) -> None:
    scope = Scope(terms=("dam",), hashtags=("dam",), domains=("dam.example",), patterns=("d.m",))
    assert found(scope, text, f"{text} dam") == [match(pile([text]), scope).height == 1, True]


def test_sixty_thousand_real_posts_take_about_a_second() -> None:
    path = POSTS / "crisis_posts.csv.gz"
    if not path.exists():
        pytest.skip("needs shared/data/posts/crisis_posts.csv.gz beside the checkout")
    texts = pl.read_csv(path, columns=["text"])["text"].to_list()
    words = sorted({word for text in texts[::50] for word in fold(text).split() if word.isalpha()})[:200]
    begun = time.monotonic()
    assert match(pile(texts), Scope(terms=tuple(words))).height > 0
    assert time.monotonic() - begun < 10  # about 0.3 s alone; other tests share the machine


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=8))
def test_a_column_is_folded_as_each_of_its_texts_is(texts: list[str]) -> None:
    assert fold_all(pl.Series(texts, dtype=pl.String)).to_list() == [fold(text) for text in texts]
