"""What a ranking learns from decisions, in which scripts, and what cannot mislead it."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import BadInput
from incidents.sweeps.features import MAX_CHARACTERS, Features, Matrix, features_of, load
from incidents.sweeps.ranking import cold_start, refit
from incidents.sweeps.teaching import Example, due

VOCABULARY = {
    # language: what a threat says, what nobody minds
    "de": (
        ("zündet", "das Rathaus", "heute Nacht", "an"),
        ("der Markt", "öffnet", "morgen", "wieder", "für alle"),
    ),
    "ru": (("сожгите", "ратушу", "сегодня", "ночью"), ("рынок", "откроется", "завтра", "снова", "для всех")),
    "ar": (("أحرقوا", "البلدية", "الليلة", "كلها"), ("السوق", "يفتح", "غدا", "من جديد", "للجميع")),
    "he": (("שרפו", "את העירייה", "הלילה", "כולה"), ("השוק", "נפתח", "מחר", "שוב", "לכולם")),
    "hi": (("जला दो", "नगर भवन", "आज रात", "पूरा"), ("बाज़ार", "खुलेगा", "कल", "फिर से", "सबके लिए")),
    "zh": (("烧掉", "市政厅", "今晚", "全部"), ("市场", "明天", "重新", "开放", "欢迎")),
    "th": (("เผา", "ศาลากลาง", "คืนนี้", "ทั้งหมด"), ("ตลาด", "เปิด", "พรุ่งนี้", "อีกครั้ง", "สำหรับทุกคน")),
}
UNSPACED = {"zh", "th"}


def texts(language: str, *, violating: int, others: int) -> tuple[list[str], list[bool]]:
    """Shuffled words of one kind, with two of what nobody minds in each threat."""
    dice = random.Random(language)
    threat, usual = VOCABULARY[language]
    space = "" if language in UNSPACED else " "
    said = [
        *([*dice.sample(threat, 3), *dice.sample(usual, 2)] for _ in range(violating)),
        *([*dice.sample(usual, 4), str(dice.randrange(100))] for _ in range(others)),
    ]
    for words in said:
        dice.shuffle(words)
    truths = [True] * violating + [False] * others
    return [space.join(words) for words in said], truths


def pile(said: Sequence[str], matched: Sequence[Sequence[str]] | None = None) -> pl.DataFrame:
    ids = [f"p{row:04}" for row in range(len(said))]
    posts = pl.DataFrame({"id": ids, "text": said}, schema={"id": pl.String, "text": pl.String})
    return (
        posts
        if matched is None
        else posts.with_columns(pl.Series("matched", matched, dtype=pl.List(pl.String)))
    )


def same(one: Matrix, other: Matrix) -> bool:
    parts = ((one.data, other.data), (one.indices, other.indices), (one.indptr, other.indptr))
    return one.shape == other.shape and all(np.array_equal(*pair) for pair in parts)


def even(features: Features) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.full(len(features.ids), 0.5, np.float32)


@pytest.mark.parametrize("language", VOCABULARY)
def test_a_few_decisions_are_enough_in_every_script(language: str) -> None:
    said, truths = texts(language, violating=20, others=180)
    posts = pile(said)
    features = features_of(posts)
    decided = {posts["id"][row]: truths[row] for row in (0, 1, 2, *range(100, 110))}
    scores = refit(features, decided, even(features), seed=1)
    unread = [row for row in range(200) if posts["id"][row] not in decided]
    first = sorted(unread, key=lambda row: -scores[row])[:17]
    assert sum(truths[row] for row in first) >= 16


def test_several_languages_are_learned_side_by_side() -> None:
    piles = [texts(language, violating=8, others=92) for language in VOCABULARY]
    posts, truths = (
        pile([text for said, _ in piles for text in said]),
        [is_so for _, them in piles for is_so in them],
    )
    features = features_of(posts)
    read = [start + row for start in range(0, len(truths), 100) for row in (0, 1, 50, 51)]
    scores = refit(features, {posts["id"][row]: truths[row] for row in read}, even(features), seed=1)
    for start in range(0, len(truths), 100):
        unread = [row for row in range(start, start + 100) if row not in read]
        assert all(truths[row] for row in sorted(unread, key=lambda row: -scores[row])[:5])


@pytest.fixture(scope="module")
def russian() -> tuple[Features, dict[str, bool]]:
    said, truths = texts("ru", violating=30, others=170)
    posts = pile(said)
    return features_of(posts), {posts["id"][row]: truths[row] for row in range(10, 60)}


def test_the_same_decisions_give_the_same_bytes_in_whichever_order(
    russian: tuple[Features, dict[str, bool]],
) -> None:
    features, decided = russian
    scores = refit(features, decided, even(features), seed=3)
    again = refit(features, dict(reversed(decided.items())), even(features), seed=3)
    assert scores.tobytes() == again.tobytes()
    assert scores.dtype == np.float32
    assert 0 <= scores.min() < scores.max() <= 1


def test_decisions_on_posts_that_are_not_here_are_passed_over(
    russian: tuple[Features, dict[str, bool]],
) -> None:
    features, decided = russian
    more = {"elsewhere": True, **decided, "gone": False}
    expected = refit(features, decided, even(features), seed=3)
    np.testing.assert_array_equal(refit(features, more, even(features), seed=3), expected)


def test_before_the_first_decision_the_cold_start_holds(russian: tuple[Features, dict[str, bool]]) -> None:
    features, _ = russian
    prior = np.linspace(0, 1, len(features.ids), dtype=np.float32)
    np.testing.assert_array_equal(refit(features, {}, prior, seed=1), prior)


def test_while_nothing_violates_the_like_of_it_falls_behind() -> None:
    said, _ = texts("de", violating=20, others=180)
    features = features_of(pile(said))
    scores = refit(features, {f"p{row:04}": False for row in range(20, 40)}, even(features), seed=1)
    assert scores[:20].mean() > scores[40:].mean()
    assert scores[20:40].max() < scores[:20].min()


def test_where_all_that_was_read_violates_the_like_of_it_comes_first() -> None:
    said, _ = texts("ar", violating=20, others=180)
    features = features_of(pile(said))
    scores = refit(features, {f"p{row:04}": True for row in range(5)}, even(features), seed=1)
    assert scores[5:20].min() > np.median(scores[20:])


def test_a_pile_read_to_its_end_is_still_ranked() -> None:
    features = features_of(pile(["eins", "zwei"]))
    scores = refit(features, {"p0000": True, "p0001": True}, even(features), seed=1)
    assert np.isfinite(scores).all()


def test_copies_that_were_judged_both_ways_do_not_break_the_rest() -> None:
    said, truths = texts("hi", violating=20, others=180)
    torn = ["नगर भवन के बारे में एक ही पंक्ति"] * 6
    posts = pile([*said, *torn])
    features = features_of(posts)
    rows = [*range(5), *range(100, 120)]
    decided = {posts["id"][row]: truths[row] for row in rows}
    decided |= {posts["id"][200 + row]: row % 2 == 0 for row in range(4)}
    scores = refit(features, decided, even(features), seed=1)
    assert scores[5:20].min() > np.median(scores[20:100])
    assert scores[204] == scores[205]


def test_the_cold_start_weighs_less_with_each_violation() -> None:
    said, truths = texts("he", violating=20, others=180)
    posts = pile(said)
    features = features_of(posts)
    wrong = np.array([0.0 if truth else 1.0 for truth in truths], np.float32)
    decided = {f"p{row:04}": truths[row] for row in (*range(2), *range(50, 60))}
    early = refit(features, decided, wrong, seed=1)
    late = refit(features, decided | {f"p{row:04}": True for row in range(2, 12)}, wrong, seed=1)
    assert late[12:20].mean() - late[60:].mean() > early[12:20].mean() - early[60:].mean()
    assert late[12:20].mean() > late[60:].mean()


def test_a_rare_entry_tells_more_than_one_that_floods() -> None:
    matched = [["term:rare"], ["term:flood"], ["term:rare", "term:flood"], *[["term:flood"]] * 50, []]
    posts = pile(["ein Text"] * len(matched), matched)
    scores = cold_start(features_of(posts), posts, [])
    assert scores[2] == 1.0
    assert scores[2] > scores[0] > scores[1] > scores[-1] == 0.0


def test_examples_put_what_is_like_them_first() -> None:
    said, _ = texts("zh", violating=20, others=180)
    posts = pile(said)
    examples = [Example("今晚烧掉市政厅", violates=True), Example("市场明天重新开放", violates=False)]
    scores = cold_start(features_of(posts), posts, examples)
    assert scores[:20].mean() > scores[20:].mean()
    assert 0 <= scores.min() <= scores.max() <= 1


def test_without_entries_and_examples_all_posts_are_alike() -> None:
    posts = pile(["eins", "zwei"])
    assert cold_start(features_of(posts), posts, []).tolist() == [0.5, 0.5]


def test_entries_and_examples_have_one_half_each() -> None:
    posts = pile(["zündet das Rathaus an", "Gut Holz!"], [[], ["term:rathaus"]])
    scores = cold_start(features_of(posts), posts, [Example("zündet das Rathaus an", violates=True)])
    assert scores == pytest.approx([0.5, 0.75])


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_refit_is_never_due_without_a_decision_and_due_sooner_with_more(before: int, more: int) -> None:
    assert not due(before, before)
    assert due(before + more, before) <= due(before + more + 1, before)


def test_a_refit_is_due_with_each_decision_at_first_and_with_every_twentieth_later() -> None:
    assert due(1, 0)
    assert due(21, 20)
    assert not due(1_049, 1_000)
    assert due(1_050, 1_000)


def test_a_later_window_has_the_rows_that_it_would_have_had_at_once() -> None:
    early, late = (
        pile(["сожгите ратушу", "рынок откроется"]),
        pile(["сожгите рынок"]).with_columns(id=pl.lit("new")),
    )
    grown = features_of(early).append(late)
    assert grown.ids.to_list() == ["p0000", "p0001", "new"]
    assert same(grown.matrix[:2], features_of(early).matrix)
    assert same(grown.matrix[2:], features_of(early).encode(late["text"].to_list()))


def test_each_post_has_one_row(russian: tuple[Features, dict[str, bool]]) -> None:
    with pytest.raises(BadInput, match="p0000"):
        features_of(pl.concat([pile(["a"]), pile(["b"])]))
    with pytest.raises(BadInput, match="p0000"):
        features_of(pile(["a"])).append(pile(["a"]))
    features, _ = russian
    assert features.rows_of(["p0003", "no such", "p0000"]).tolist() == [3, -1, 0]


def test_features_come_back_as_they_were_kept(tmp_path: Path) -> None:
    features = features_of(pile(["ein Text", "烧掉市政厅", ""], [["term:text"], [], []]))
    features.save(tmp_path / "one")
    again = load(tmp_path / "one")
    assert again.ids.equals(features.ids)
    assert same(again.matrix, features.matrix)
    assert again.weights.tobytes() == features.weights.tobytes()
    again.save(tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_features_that_are_not_whole_are_refused(tmp_path: Path) -> None:
    features_of(pile(["ein Text"])).save(tmp_path / "features")
    (tmp_path / "features" / "matrix.npz").write_bytes(b"PK broken")
    with pytest.raises(BadInput, match="features"):
        load(tmp_path / "features")
    with pytest.raises(BadInput, match="nowhere"):
        load(tmp_path / "nowhere")


def test_a_huge_post_costs_no_more_than_its_beginning() -> None:
    beginning = ("wort " * MAX_CHARACTERS)[:MAX_CHARACTERS]
    features = features_of(pile([beginning + "anders " * 700_000, beginning]))
    assert same(features.matrix[0], features.matrix[1])


def test_an_empty_pile_has_no_rows() -> None:
    features = features_of(pile([]))
    assert features.matrix.shape[0] == 0
    assert refit(features, {"p0000": True}, even(features), seed=1).shape == (0,)
