"""Which posts are copies of one, which of them inherit its decision, and what stays apart."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.drills.scenarios import generate
from incidents.errors import BadInput
from incidents.sweeps.clustering import CLUSTERED_SCHEMA, cluster, clusters

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HEAD = "Polling place Norvale is closed today, everybody votes on another day"


def pile(*texts: str, **columns: list[Any]) -> pl.DataFrame:
    """Posts p0, p1… a minute apart with these texts, and further columns."""
    posted = [NOON + timedelta(minutes=number) for number in range(len(texts))]
    ids = [f"p{number}" for number in range(len(texts))]
    return pl.DataFrame({"id": ids, "text": texts, "posted_at": posted, **columns}, strict=False)


def second(*texts: str, **columns: list[Any]) -> dict[str, Any]:
    """What is said of the second post, the first being the head."""
    found = cluster(pile(*texts, **columns))
    return found.row(1, named=True)


COPIES = [
    # trick, text, covered, how it is like the head
    ("as it is", HEAD, True, "exact"),
    ("case", HEAD.upper(), True, "normalised"),
    ("punctuation", HEAD + "!!!", True, "normalised"),
    ("pictures", HEAD + " 🔥🙏", True, "normalised"),
    ("retweet", f"RT @bo: {HEAD}", True, "normalised"),
    ("reply", f"@bo @cleo {HEAD}", True, "normalised"),
    ("link of a shortener", f"{HEAD} https://t.co/abc", True, "normalised"),
    ("link", f"{HEAD} https://norvale.example/1", True, "normalised"),
    ("tag", f"{HEAD} #norvale #today", True, "normalised"),
    ("spaced out", HEAD.replace("Norvale", "N o r v a l e"), True, "normalised"),
    ("leet", HEAD.replace("Norvale", "N0rv4le"), True, "normalised"),
    ("look-alikes", HEAD.replace("o", "о").replace("a", "а"), True, "normalised"),
    ("zero width", HEAD.replace("Norvale", "Nor\u200bvale"), True, "normalised"),
    ("repeated", HEAD.replace("closed", "clooosed"), True, "normalised"),
    ("accents", HEAD.replace("e", "é"), True, "normalised"),
    ("words after", f"{HEAD} friends look", True, "near"),
    ("word before", f"omg {HEAD}", True, "near"),
    ("cut off", HEAD[:-6] + "…", True, "near"),
    ("mistyped", HEAD.replace("everybody", "evrybody"), True, "near"),
    ("small word", HEAD.replace("on another", "another"), True, "near"),
    ("negated", HEAD.replace("is closed", "is not closed"), False, "near"),
    ("doesn't", HEAD.replace("votes", "doesn't vote"), False, "near"),
    ("number", f"{HEAD} 14", False, "near"),
    ("other word", HEAD.replace("closed", "opened"), False, "near"),
    ("other name", HEAD.replace("Norvale", "Bigtown"), False, "near"),
    ("asked", f"{HEAD}?", False, "normalised"),
    ("quoted", f"“{HEAD}”", False, "normalised"),
    ("news", f"News: {HEAD}", False, "near"),
    ("police", f"Police say: {HEAD}", False, "near"),
    ("called false", f"{HEAD} - fake", False, "near"),
    ("hidden word", f"{HEAD} f a k e", False, "near"),
    ("contrary tag", f"{HEAD} #stopthelies", False, "normalised"),
    ("harmful tag", f"{HEAD} #shootthemall", False, "normalised"),
    ("with a comment", f"look RT @bo: {HEAD}", False, "near"),
    ("no entry", f"{HEAD} 🚫", False, "normalised"),
    ("threat", f"{HEAD} or die", False, "near"),
]


@pytest.mark.parametrize(("trick", "copy", "covered", "kind"), COPIES, ids=[copy[0] for copy in COPIES])
def test_a_copy_inherits_only_where_its_text_cannot_change_the_verdict(
    trick: str, copy: str, covered: bool, kind: str
) -> None:
    # Three equal posts: the head is what most people posted.
    found = cluster(pile(HEAD, copy, HEAD, HEAD)).row(1, named=True)
    assert found["cluster"] == "p0"
    assert (found["covered"], found["kind"]) == (covered, kind)
    assert found["read_as"] == ("p0" if covered else "p1")


LANGUAGES = [
    # language, text, its copy, its negation
    (
        "de",
        "Wahllokal Norvaltal ist heute geschlossen, wählt morgen",
        "wahllokal NORVALTAL ist heute geschlossen waehlt morgen!!",
        "Wahllokal Norvaltal ist heute nicht geschlossen, wählt morgen",
    ),
    (
        "ru",
        "участок Норвале сегодня закрыт, голосуйте завтра вечером",
        "участок НОРВАЛЕ сегодня закрыт, голосуйте завтра вечером!!!",
        "участок Норвале сегодня не закрыт, голосуйте завтра вечером",
    ),
    (
        "ar",
        "مركز اقتراع نورفال مغلق اليوم صوتوا غدا في المساء",
        "مَركز اقتراع نورفــال مغلق اليوم، صوتوا غدا في المساء",
        "مركز اقتراع نورفال ليس مغلق اليوم صوتوا غدا في المساء",
    ),
    (
        "he",
        "הקלפי נורוואל סגורה היום הצביעו מחר בערב",
        "הקלפי נורוואל סגורה היום, הצביעו מחר בערב!",
        "הקלפי נורוואל לא סגורה היום הצביעו מחר בערב",
    ),
    (
        "hi",
        "नॉरवेल मतदान केंद्र आज बंद है कल वोट दें",
        "नॉरवेल मतदान केंद्र आज बंद है, कल वोट दें!!",
        "नॉरवेल मतदान केंद्र आज बंद नहीं है कल वोट दें",
    ),
    (
        "th",
        "หน่วยเลือกตั้งนอร์เวลปิดแล้วไปพรุ่งนี้นะทุกคน",
        "หน่วยเลือกตั้งนอร์เวลปิดแล้ว ไปพรุ่งนี้นะทุกคน!",
        "หน่วยเลือกตั้งนอร์เวลไม่ปิดไปพรุ่งนี้นะทุกคน",
    ),
    (
        "ja",
        "ノルベール投票所は今日閉鎖されました明日投票してください",
        "ﾉﾙﾍﾞｰﾙ投票所は今日閉鎖されました。明日投票してください",
        "ノルベール投票所は今日閉鎖されていない明日投票してください",
    ),
    (
        "zh",
        "诺维尔投票站今天已经关闭请大家明天再去投票",
        "诺维尔投票站今天已经关闭,请大家明天再去投票!",
        "诺维尔投票站今天没有关闭请大家明天再去投票",
    ),
]


@pytest.mark.parametrize(("language", "text", "copy", "negated"), LANGUAGES, ids=[of[0] for of in LANGUAGES])
def test_copies_and_negations_are_told_apart_in_every_script(
    language: str, text: str, copy: str, negated: str
) -> None:
    found = cluster(pile(text, copy, negated, text))
    assert found["covered"].to_list()[1 if language != "de" else 0] is True
    assert found["read_as"][2] == "p2"


def test_languages_that_differ_do_not_inherit_and_unknown_ones_do() -> None:
    found = cluster(pile(HEAD, HEAD, HEAD, HEAD, language=["en", "pt", "und", "en-GB"]))
    assert found["cluster"].n_unique() == 1 or found["kind"][1] == "alone"
    assert found["covered"].to_list() == [True, False, True, True]


def test_short_texts_are_copies_only_where_they_are_equal() -> None:
    found = cluster(pile("go now", "Go now!", "go home", "a", "A", "b"))
    assert found["cluster"].to_list() == ["p0", "p0", "p2", "p3", "p3", "p5"]
    assert found["kind"].to_list() == ["exact", "normalised", "alone", "exact", "normalised", "alone"]


def test_a_short_post_is_the_page_that_it_leads_to() -> None:
    found = cluster(pile("look at this https://a.example/1", "look at this https://b.example/2"))
    assert found["read_as"].to_list() == ["p0", "p1"]


def test_texts_without_letters_are_copies_only_of_themselves() -> None:
    found = cluster(pile("👍", "👎", "👍", "https://a.example", "https://b.example", "", "…"))
    assert found["cluster"].to_list() == ["p0", "p1", "p0", "p3", "p4", "p5", "p6"]


def test_who_is_named_matters_and_who_is_addressed_does_not() -> None:
    said = "we all know that {} stole the money from the town hall"
    named = second(said.format("@bo"), said.format("@cleo"))
    assert not named["covered"]
    assert second("@bo " + said.format("they"), "@cleo " + said.format("they"))["covered"]


def test_two_words_that_many_use_are_not_slips_of_each_other() -> None:
    # "bridges" and "bridge" alone look like a slip; in a pile where both are written they are two words.
    one, other = (f"tonight the great {word} over there comes down for good" for word in ("planet", "plant"))
    others = [
        f"{word} number {at} of {at * 7} {at * 11}" for word in ("planet", "plant") for at in range(12, 16)
    ]
    assert second(one, other, one)["covered"]
    assert not second(one, other, one, *others)["covered"]


def test_a_variant_that_is_not_covered_is_read_once_for_its_own_copies() -> None:
    denied = f"Police say: {HEAD}"
    found = cluster(pile(HEAD, HEAD, HEAD, denied, denied + "!", f"{denied} friends"))
    assert found["cluster"].unique().to_list() == ["p0"]
    assert found["covered"].to_list() == [True, True, True, False, False, False]
    assert found["read_as"].to_list() == ["p0", "p0", "p0", "p3", "p3", "p3"]
    assert found["context"].to_list() == [None, None, None, "news", "news", "news"]


def test_the_head_of_equal_posts_is_the_earliest_then_the_lowest_id() -> None:
    posts = pl.DataFrame(
        {
            "id": ["d", "c", "b", "a"],
            "text": [HEAD] * 4,
            "posted_at": [NOON + timedelta(1), NOON, NOON, None],
        }
    )
    assert cluster(posts)["cluster"].unique().to_list() == ["b"]
    assert cluster(posts.drop("posted_at"))["cluster"].unique().to_list() == ["a"]


def test_a_chain_of_likeness_does_not_join_its_ends() -> None:
    words = [
        f"{one}{other}" for one in ("amber", "green", "white") for other in ("bird", "lamp", "moon", "road")
    ]
    steps = [" ".join([*words[at:], *(f"{word[::-1]}" for word in words[:at])]) for at in range(len(words))]
    found = cluster(pile(*steps))
    assert found["cluster"][0] != found["cluster"][-1]
    assert found["cluster"].n_unique() < len(words)
    assert found.filter(pl.col("likeness") < 0.5).is_empty()


def picture(bits: int, seed: int = 1, first: int = 0) -> str:
    """A PDQ hash that differs from that of the seed in so many bits, from the first on."""
    value = random.Random(seed).getrandbits(256)
    return f"pdq:{value ^ (((1 << bits) - 1) << first):064x}"


def test_pictures_a_few_bits_apart_join_posts() -> None:
    media = [[picture(0)], [picture(31)], [picture(32, first=200)], [picture(0, seed=2)], None]
    found = cluster(pile("", "ha", "", "", "", media=media))
    assert found["cluster"].to_list() == ["p0", "p0", "p2", "p3", "p4"]
    assert found["kind"].to_list() == ["exact", "media", "alone", "alone", "alone"]
    assert found["covered"][1]


def test_a_picture_with_another_text_is_in_the_cluster_and_not_covered() -> None:
    media = [[picture(0)], [picture(3)], [picture(5)]]
    found = cluster(pile(HEAD, "what a lovely garden my aunt has these days", HEAD, media=media))
    assert found["cluster"].unique().to_list() == ["p0"]
    assert found["covered"].to_list() == [True, False, True]
    assert found["kind"][1] == "media"


def test_the_same_text_with_another_picture_is_not_covered() -> None:
    found = second(HEAD, HEAD, media=[[picture(0)], [picture(0, seed=2)]])
    assert not found["covered"]


def test_equal_files_are_the_same_and_upper_case_is_too() -> None:
    found = second("", "", media=[["md5:" + "ab" * 16], ["MD5:" + "AB" * 16]])
    assert (found["cluster"], found["covered"], found["likeness"]) == ("p0", True, 1.0)


def test_a_picture_without_features_is_like_no_other() -> None:
    found = cluster(pile("", "", media=[["pdq:" + "0" * 64], ["pdq:" + "0" * 63 + "1"]]))
    assert found["cluster"].to_list() == ["p0", "p1"]


def test_a_hash_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="1 media hashes cannot be read"):
        cluster(pile("x", media=[["sha1:abc"]]))


def test_an_id_that_occurs_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="1 posts have an id that another has"):
        cluster(pl.DataFrame({"id": ["a", "a"], "text": ["x", "y"]}))


def test_new_posts_join_heads_that_stand_or_form_clusters_of_their_own() -> None:
    heads = pl.DataFrame({"id": ["old"], "text": [HEAD]})
    other = "the ferry to the island leaves from another pier this evening"
    new = pile(f"RT @bo: {HEAD}", HEAD, f"{HEAD} friends", f"{HEAD} fake", other, other)
    found = cluster(new, heads)
    assert found["id"].to_list() == new["id"].to_list()
    assert found["cluster"].to_list() == ["old"] * 4 + ["p4"] * 2
    assert found["covered"].to_list() == [True, True, True, False, True, True]
    assert found["kind"][0] == "normalised"


def test_heads_stay_heads_even_where_they_are_alike() -> None:
    heads = pile(HEAD, f"{HEAD} friends")
    found = cluster(pile(HEAD, f"{HEAD} friends", HEAD + "!").with_columns(id=pl.format("n{}", "id")), heads)
    assert found["cluster"].to_list() == ["p0", "p1", "p0"]


def test_a_cluster_shows_its_size_reach_languages_and_time() -> None:
    posts = pile(
        HEAD,
        HEAD + "!",
        f"{HEAD} fake",
        "the ferry is late",
        reach=[5, 7, 11, 13],
        language=["en", "und", "en", "en"],
    )
    shown = clusters(posts, cluster(posts))
    assert shown.rows(named=True) == [
        {
            "cluster": "p0",
            "size": 3,
            "covered": 2,
            "reach": 23,
            "languages": ["en", "und"],
            "first_at": NOON,
            "last_at": NOON + timedelta(minutes=2),
        }
    ]


def test_no_posts_are_no_clusters() -> None:
    none = pile()
    found = cluster(none.cast({"id": pl.String, "text": pl.String}))
    assert found.schema == CLUSTERED_SCHEMA
    assert found.is_empty()


def test_one_huge_post_does_not_stop_a_sweep() -> None:
    huge = "the river is high tonight " * 200_000
    found = cluster(pile(huge, huge.upper(), HEAD))
    assert len(huge) > 5_000_000
    assert found["read_as"].to_list() == ["p0", "p0", "p2"]


PARTS = st.sampled_from(
    [
        HEAD,
        "everybody votes",
        "not",
        "Police say",
        "“",
        "”",
        "?",
        "#stop",
        "#tag",
        "@bo",
        "RT @bo:",
        "3",
        "x",
        "🚫",
        "的",
        "橋は",
        " ",
    ]
)
TEXTS = st.lists(st.lists(PARTS, max_size=5).map(" ".join), max_size=8)


@given(TEXTS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=25)
def test_the_order_of_the_posts_changes_nothing(texts: list[str], dice: random.Random) -> None:
    posts = pile(*texts).cast({"id": pl.String, "text": pl.String})
    shuffled = posts.sample(fraction=1, shuffle=True, seed=dice.randrange(1000))
    assert cluster(posts).sort("id").equals(cluster(shuffled).sort("id"))


@given(TEXTS)
@settings(deadline=None, max_examples=25)
def test_covered_posts_have_the_context_of_their_head_and_are_read_as_it(texts: list[str]) -> None:
    found = cluster(pile(*texts).cast({"id": pl.String, "text": pl.String}))
    heads = found.select(
        pl.col("id").alias("cluster"), pl.col("context").alias("of_head"), pl.col("cluster").alias("own")
    )
    both = found.join(heads, on="cluster", how="left")
    assert both.height == found.height
    assert both.filter(pl.col("own") != pl.col("cluster")).is_empty()
    covered = both.filter("covered")
    assert covered.filter(pl.col("context").ne_missing(pl.col("of_head"))).is_empty()
    assert covered["read_as"].equals(covered["cluster"])
    assert both.filter(~pl.col("covered") & (pl.col("read_as") == pl.col("cluster"))).is_empty()


@given(TEXTS)
@settings(deadline=None, max_examples=25)
def test_clustering_again_with_the_heads_found_changes_nothing(texts: list[str]) -> None:
    posts = pile(*texts).cast({"id": pl.String, "text": pl.String})
    found = cluster(posts)
    again = cluster(posts, posts.filter(pl.col("id").is_in(found["cluster"].implode())))
    assert again.select("id", "cluster", "covered").equals(found.select("id", "cluster", "covered"))


def test_a_generated_wave_is_found_and_hardly_anything_else_is_covered() -> None:
    wave = generate("attack", posts=4_000, start=NOON)
    found = cluster(wave.posts).join(wave.truth.select("id", pl.col("cluster").alias("true")), on="id")
    found = found.with_columns(pl.col("true").fill_null(pl.col("id")))
    copies, joined, covered = pairs(found, "true"), pairs(found, "cluster"), found.filter("covered")
    rightly, rightly_covered = pairs(found, "cluster", "true"), pairs(covered, "cluster", "true")
    assert rightly > 0.95 * joined
    assert rightly > 0.9 * copies
    assert rightly_covered > 0.98 * pairs(covered, "cluster")
    assert rightly_covered > 0.8 * copies


def pairs(found: pl.DataFrame, *columns: str) -> int:
    """How many pairs of posts are the same in these columns."""
    counts = found.group_by(columns).len()["len"].cast(pl.Int64)
    return int((counts * (counts - 1) // 2).sum())
