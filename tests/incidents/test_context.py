"""Which posts seem to quote, contradict or report, language by language, and which speak for themselves."""

import polars as pl
import pytest

from incidents.sweeps.context import hosts, is_mark, languages, read_contexts, small_words
from incidents.sweeps.letters import letters


def read(*texts: str) -> pl.DataFrame:
    posted = pl.Series(texts, dtype=pl.String)
    return read_contexts(posted, letters(posted)["words"])


def context(text: str) -> str | None:
    found: str | None = read(text)["context"].item()
    return found


CONTEXTS = [
    # language, says it itself, the same text quoted, contradicted or reported, as what
    ("en", "The bridge is closed, stay at home", "The rumour that the bridge is closed is false", "counter"),
    (
        "en",
        "Everyone meet at the old mill tonight",
        "Don't share: everyone meet at the old mill tonight",
        "counter",
    ),
    ("en", "Everyone meet at the old mill tonight", "#StopTheMill everyone meet at the old mill", "counter"),
    ("en", "The bridge is closed", "Police say the bridge is closed", "news"),
    (
        "en",
        "The bridge is closed, stay at home",
        'He wrote "the bridge is closed, stay at home" to me',
        "quote",
    ),
    ("de", "Die Brücke ist gesperrt", "Das Gerücht, die Brücke sei gesperrt, stimmt nicht", "counter"),
    (
        "de",
        "Die Brücke ist gesperrt, bleibt daheim",
        "Er schrieb „Die Brücke ist gesperrt, bleibt daheim“",
        "quote",
    ),
    ("pt", "A ponte está fechada", "É mentira que a ponte está fechada", "counter"),
    ("pl", "Most jest zamknięty", "To nieprawda, że most jest zamknięty", "counter"),
    ("ru", "Мост закрыт", "Это ложь, что мост закрыт", "counter"),
    ("ru", "Мост закрыт, все по домам", "Пишут «Мост закрыт, все по домам» опять", "quote"),
    ("it", "Il ponte è chiuso", "È una bufala che il ponte è chiuso", "counter"),
    ("es", "El puente está cerrado", "Según el alcalde el puente está cerrado", "news"),
    ("fr", "Le pont est fermé", "Ne partagez pas : le pont est fermé", "counter"),
    ("nl", "De brug is dicht", "Volgens de krant is de brug dicht", "news"),
    ("he", "הגשר סגור", "השמועה שהגשר סגור אינה נכונה", "counter"),
    ("ar", "الجسر مغلق", "الشائعة أن الجسر مغلق غير صحيحة", "counter"),
    ("fa", "پل بسته است", "این شایعه که پل بسته است نادرست است", "counter"),
    ("hi", "पुल बंद है", "पुल बंद है यह अफवाह है", "counter"),
    ("ur", "پل بند ہے", "پل بند ہے یہ افواہ ہے", "counter"),
    ("bn", "সেতু বন্ধ", "সেতু বন্ধ এটা গুজব", "counter"),
    ("te", "వంతెన మూసివేశారు", "వంతెన మూసివేశారు ఇది పుకారు", "counter"),
    ("th", "สะพานปิดแล้ว", "ข่าวลือว่าสะพานปิดแล้ว", "counter"),
    ("ja", "橋は閉鎖された", "橋が閉鎖されたというのはデマです", "counter"),
    ("ja", "今夜みんな橋に集まれ", "彼は「今夜みんな橋に集まれ」と", "quote"),
    ("zh", "大桥已经关闭", "大桥已经关闭是谣言", "counter"),
    ("zh", "大桥已经关闭", "据报道大桥已经关闭", "news"),
]


@pytest.mark.parametrize(("language", "said", "about_it", "as_what"), CONTEXTS)
def test_what_talks_about_a_text_is_told_from_what_says_it(
    language: str, said: str, about_it: str, as_what: str
) -> None:
    assert context(said) is None
    assert context(about_it) == as_what
    assert read(said)["marks"].item() != read(about_it)["marks"].item()


RETWEETS = [
    ("RT @cleo: everyone meet at the old mill", None),
    ("RT @bo: RT @cleo: everyone meet at the old mill", None),
    ("@ada RT @cleo: everyone meet at the old mill", None),
    ("everyone meet at the old mill via @cleo", None),
    ("look at him RT @cleo: everyone meet at the old mill", "quote"),
    ("look at him QT @cleo: everyone meet at the old mill", "quote"),
    ('the so-called "mill" is open', None),
]


@pytest.mark.parametrize(("text", "expected"), RETWEETS)
def test_passing_on_is_saying_unless_a_comment_stands_before_it(text: str, expected: str | None) -> None:
    assert context(text) == expected


NEGATED = [
    ("en", "you should go there", "you shouldn't go there"),
    ("en", "you should go there", "you should never go there"),
    ("de", "geht dort hin", "geht nicht dort hin"),
    ("pt", "vão lá hoje", "não vão lá hoje"),
    ("pl", "idźcie tam dziś", "nie idźcie tam dziś"),
    ("ru", "идите туда", "не идите туда"),
    ("it", "andate là oggi", "non andate là oggi"),
    ("he", "לכו לשם היום", "אל תלכו לשם היום"),
    ("ar", "اذهبوا هناك", "لا تذهبوا هناك"),
    ("fa", "آنجا بروید", "هرگز آنجا بروید"),
    ("hi", "वहाँ जाओ", "वहाँ मत जाओ"),
    ("ur", "وہاں جاؤ", "وہاں مت جاؤ"),
    ("bn", "সেখানে যাও", "সেখানে যাও না"),
    ("te", "అక్కడికి వెళ్ళు", "అక్కడికి వెళ్ళు వద్దు"),
    ("th", "ไปที่นั่น", "อย่าไปที่นั่น"),
    ("ja", "そこへ行く", "そこへ行かない"),
    ("zh", "去那里", "别去那里"),
]


@pytest.mark.parametrize(("language", "said", "negated"), NEGATED)
def test_a_negation_is_a_mark_in_every_language(language: str, said: str, negated: str) -> None:
    assert read(said)["marks"].item() != read(negated)["marks"].item()


def test_marks_are_found_through_evasion() -> None:
    marks = read("this is FAKE", "this is f4ke", "this is fаkе", "this is fa\u200bke", "this is faaake")[
        "marks"
    ]
    assert marks.n_unique() == 1


def test_questions_and_pictures_that_say_no_are_marks() -> None:
    marks = read("the bridge is closed", "the bridge is closed?", "the bridge is closed 🚫")["marks"]
    assert marks.n_unique() == 3
    assert read("the bridge is closed 🔥")["marks"].item() == marks[0]


def test_handles_in_a_sentence_are_names_and_at_its_ends_addresses() -> None:
    named = read("@ada we met @bo at the mill @cleo", "RT @ada: we met at the mill", "we met at the mill @bo")
    assert named["named"].to_list() == [["@bo"], [], []]
    assert named["handles"].to_list() == [["@ada", "@bo", "@cleo"], ["@ada"], ["@bo"]]


def test_hosts_leave_out_those_that_tell_nothing() -> None:
    links = read("see https://www.Example.org/a?b http://t.co/x https://example.org/c")
    assert links.select(hosts(pl.col("links"))).item().to_list() == ["example.org"]


def test_small_words_turn_nothing_around() -> None:
    assert {"the", "der", "на"} <= {*small_words(), "на"}
    assert not any(map(is_mark, small_words()))
    assert is_mark("not")


def test_every_language_of_the_sweep_has_words() -> None:
    swept = {"de", "pt", "pl", "ru", "it", "he", "ar", "fa", "hi", "ur", "bn", "te", "ja", "th", "zh"}
    assert swept <= set(languages())


def test_a_post_without_text_has_no_context() -> None:
    assert read("", "👍", "…")["context"].to_list() == [None, None, None]
