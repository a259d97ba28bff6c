"""Each trick in each language: what hides a word is seen through, and its neighbour is left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.sweeps.evasions import Undoing
from incidents.sweeps.matching import match
from incidents.sweeps.scope import Scope, Trick
from tests.incidents.test_matching import found, pile

CASES = [
    # language, trick, term, text that must be found, near miss that must not
    ("en", "leet", "kill", "K1LL them", "a 15 km run, section 1a11"),
    ("en", "leet", "hate", "I h4t3 them", "the h47 bus and h473s"),
    ("en", "leet", "bomb", "a b0mb there", "b0mber and 80 mb"),
    ("en", "leet", "nazi", "a n4z1!", "1984 and 13"),
    ("en", "leet", "ass", "what an @ss", "the cl@ss at scunthorpe"),
    ("en", "leet", "ass", "what an a$$", "ca$h"),
    ("en", "leet", "bama", "b4ma", "@obama said so"),
    ("en", "leet", "covid19", "c0vid19 again", "c0vid18 again"),
    ("en", "leet", "iss", "the 1ss", "15s, 15 s, 1st, 155"),
    ("en", "leet", "burn it down", "burn 1t d0wn", "burn 17 down"),
    ("en", "leet", "kill", "kil! ki|l", "what skill!"),
    ("en", "spaced", "kill", "k i l l", "k i l n"),
    ("en", "spaced", "kill", "k.i.l.l!", "s.k.i.l.l.s"),
    ("en", "spaced", "kill", "k-i-l-l", "plan k, i, l"),
    ("en", "spaced", "kill", "K*I*L*L", "k*i*l*n"),
    ("en", "spaced", "kill", "k  i  l  l", "a b c d"),
    ("en", "spaced", "hate", "i h a t e you", "t h e hats"),
    ("en", "spaced", "kill them", "k i l l them", "s k i l l them"),
    ("en", "spaced", "cunt", "c_u_n_t", "s c u n t h o r p e"),
    ("en", "repeated", "kill", "kiiiill", "killler whale"),
    ("en", "repeated", "hate", "I haaaaate", "hattttter"),
    ("en", "repeated", "later", "laaater", "latter soooo"),
    ("en", "repeated", "ass", "asssss", "sooo as they pass"),
    ("en", "repeated", "kill them all", "killll them allll", "kill then allll"),
    ("en", "repeated", "lol", "looool", "loooop"),
    ("en", "homoglyph", "bomb", "a bоmb", "a bоmbs"),
    ("en", "homoglyph", "attack", "аttаck", "аttаcked"),
    ("en", "homoglyph", "bomb", "ВОМВ at noon", "ВОМВа взорвалась"),
    ("en", "homoglyph", "kill", "ᴋɪʟʟ", "ꜱᴋɪʟʟ"),
    ("en", "homoglyph", "kill", "🅺🅸🅻🅻", "🅺🅸🅻🅽"),
    ("en", "homoglyph", "top", "the tοp", "το ποτ"),
    ("en", "joined", "kill them", "killthem", "skillthem"),
    ("en", "joined", "kill them", "#killthemallnow", "#skillthemes"),
    ("en", "joined", "kill", "#KillThemAll", "#SkillThemAll"),
    ("en", "joined", "women", "ihatewomenandyou", "womenswear"),
    ("en", "joined", "rapist", "youaretherapist", "a therapist, two therapists"),
    ("en", "joined", "cunt", "youareallacuntandyou", "Scunthorpe"),
    ("en", "joined", "slaughter", "slaughterthemall", "manslaughterer"),
    ("de", "leet", "Flüchtling", "ein Flücht1ing", "Flücht1inge"),
    ("de", "spaced", "Jude", "J u d e", "J u d o"),
    ("de", "repeated", "töten", "töööten", "töööter"),
    ("de", "homoglyph", "Jude", "Judе raus", "Judеn"),
    ("de", "joined", "alle töten", "alletöten", "halletöten"),
    ("de", "joined", "Ausländer", "ausländerallerausjetzt", "Ausländerbehörde"),
    ("pt", "leet", "não presta", "nã0 pr3sta", "nã0 pr3stas"),
    ("pt", "spaced", "morte", "m o r t e", "m o r t o"),
    ("pt", "repeated", "morte", "morteeee", "forteee"),
    ("pt", "homoglyph", "morte", "mоrtе", "mоrtеs"),
    ("pt", "joined", "matar todos", "#matartodos", "#rematartodosx"),
    ("pl", "leet", "zabić", "z4bić", "z4bity"),
    ("pl", "spaced", "żyd", "ż y d", "ż y t"),
    ("pl", "repeated", "śmierć", "śmieeerć", "śmieeerci"),
    ("pl", "homoglyph", "śmierć", "śmіеrć", "śmіеrci"),
    ("pl", "joined", "śmierć wrogom", "śmierćwrogom", "śmierćwrogów"),
    ("it", "leet", "uccidere", "ucc1d3r3", "ucc1s0"),
    ("it", "spaced", "morte", "m.o.r.t.e", "m.o.t.e.l"),
    ("it", "repeated", "a morte", "a morteeee", "a mortaaale"),
    ("it", "homoglyph", "città", "cіttà", "cіttаdino"),
    ("it", "joined", "brucia tutto", "bruciatutto", "bruciatuttora"),
    ("ru", "leet", "бомба", "б0мба", "б0мбар"),
    ("ru", "leet", "зачем", "3ачем", "3адача"),
    ("ru", "spaced", "бомба", "б о м б а", "б о м б ы"),
    ("ru", "repeated", "смерть", "смеееерть", "смеееерти"),
    ("ru", "homoglyph", "взрыв", "взpыв", "взpыва"),
    ("ru", "homoglyph", "сор", "cор", "cop"),
    ("ru", "joined", "убить всех", "убитьвсех", "убитьвсехдний"),
    ("he", "spaced", "מוות", "מ ו ו ת", "מ ו ר ה"),
    ("he", "repeated", "להרוג", "להרווווג", "להרווווגים"),
    ("he", "joined", "מוות לערבים", "מוותלערבים", "מוותלערביםת"),
    ("ar", "spaced", "اقتلوا", "ا ق ت ل و ا", "ا ق ت ل ت م"),
    ("ar", "repeated", "اقتلوهم", "اقتلووووهم", "اقتلوووونا"),
    ("ar", "joined", "اقتلوا الكفار", "اقتلواالكفار", "اقتلواالكفارة"),
    ("fa", "spaced", "مرگ", "م ر گ", "م ر د"),
    ("fa", "repeated", "مرگ بر", "مرررگ بر", "مررررد بر"),
    ("fa", "joined", "مرگ بر", "#مرگبر", "#مرگبرد"),
    ("ur", "spaced", "مارو", "م ا ر و", "م ا ن و"),
    ("ur", "repeated", "مارو", "مااااارو", "مااااارا"),
    ("ur", "joined", "مار ڈالو", "#مارڈالو", "#مارڈالوں"),
    ("hi", "spaced", "मारना", "मा र ना", "मा न ना"),
    ("hi", "repeated", "मार", "मारररर", "मारररना"),
    ("hi", "joined", "मार डालो", "#मारडालो", "#मारडालोगे"),
    ("bn", "spaced", "আগুন", "আ গু ন", "আ গু র"),
    ("bn", "repeated", "আগুন", "আগুননননন", "আগুনননের"),
    ("bn", "joined", "আগুন দাও", "#আগুনদাও", "#আগুনদাওয়া"),
    ("te", "spaced", "చంపుడు", "చం పు డు", "చం పు లు"),
    ("te", "repeated", "చంపు", "చంపుుుు", "చంపుుుులు"),
    ("te", "joined", "చంపు వాళ్ళను", "#చంపువాళ్ళను", "#చంపువాళ్ళనుంచి"),
    ("ja", "spaced", "暴動", "暴 動", "暴 れ"),
    ("ja", "spaced", "テロ", "テ・ロ", "テ・ニ"),
    ("ja", "repeated", "殺される", "殺されれれる", "殺されななない"),
    ("th", "spaced", "ฆ่า", "ฆ่ า", "ข้ า"),
    ("th", "repeated", "ฆ่ามัน", "ฆ่าาาามัน", "ข้าาาามัน"),
    ("zh", "spaced", "暴乱", "暴*乱", "暴*风"),
    ("zh", "spaced", "暴乱", "暴 乱", "暴 风"),
    ("zh", "repeated", "杀死他", "杀死死死他", "杀死死死吗"),
    # Codes: words with a digit and a hyphen, and those that mix scripts.
    ("en", "spaced", "VIDEO-K7", "V I D E O K 7", "V I D E O K 8"),
    ("de", "spaced", "VIDEO-K7", "V I D E O - K 7", "V I D E O - K 8"),
    ("de", "spaced", "VIDEO-K7", "V.I.D.E.O.-.K.7", "V.I.D.E.O.-.K"),
    ("de", "spaced", "VIDEO-K7", "V-I-D-E-O---K-7", "V-I-D-E-O---K-9"),
    ("ru", "spaced", "ВИДЕО-К7", "копия В И Д Е О - К 7", "копия В И Д Е О - К 8"),
    ("ar", "spaced", "مقطع-K7", "م ق ط ع - K 7", "م ق ط ع - K 8"),
    ("hi", "spaced", "फुटेज-K7", "फु टे ज - K 7", "फु टे ज - K 77"),
    ("ja", "spaced", "映像-K7", "映 像 - K 7のコピー", "映 画 - K 7のコピー"),
    ("th", "spaced", "นอร์เวล", "วันนี้น.อ.ร์.เ.ว.ลไม่มี", "วันนี้น.อ.ร์.เ.ว.ย์ไม่มี"),
    ("zh", "spaced", "诺维尔", "今天诺 维 尔不能", "今天诺 维 亚不能"),
    ("en", "repeated", "covid19", "coovid19", "covid199"),
    ("en", "repeated", "VIDEO-K7", "VIDEEEEO-K7", "VIDEEEEO-K77"),
    ("en", "repeated", "VIDEO-K7", "VIDEO-KKKK7", "VIDEO-KKKK77"),
    ("en", "repeated", "far-right", "the far-riiiight", "the far-riiiighter, far from the riiiight"),
    ("de", "repeated", "VIDEO-K7", "VIIDEO-K7", "VIDEO-KK7, VIDEO-K77"),
    ("ru", "repeated", "ВИДЕО-К7", "ВИИДЕО-К7", "ВИИДЕО-К8"),
    ("ar", "repeated", "مقطع-K7", "مققطع-K7", "مققطع-K8"),
    ("hi", "repeated", "फुटेज-K7", "फुटेटेज-K7", "फुटेटेजर-K7"),
    ("th", "repeated", "คลิป-K7", "คลิลิป-K7ก่อน", "คลิป-KK7ก่อน"),
    ("ja", "repeated", "映像-K7", "映像像-K7の", "映像像-K8の"),
    ("en", "homoglyph", "FOOTAGE-K7", "FООТАGЕ-К7", "FООТАGЕ-К77"),
    ("en", "homoglyph", "K7-MIRROR", "К7-MIRRОR", "К8-MIRRОR"),
    ("ru", "homoglyph", "ВИДЕО-К7", "ВИДЕО-K7 залито снова", "ВИДЕО-K8 залито снова"),
    ("ru", "homoglyph", "СМИ-K7", "СМИ-К7 залито снова", "СМИ-К8 залито снова"),
    ("he", "homoglyph", "סרטון-K7", "סרטון-К7", "סרטון-К8"),
    ("ar", "homoglyph", "مقطع-K7", "نسخة من مقطع-К7", "نسخة من مقطع-К8"),
    ("hi", "homoglyph", "फुटेज-K7", "फुटेज-К7 фильм", "फुटेज-К8 фильм"),
    ("ja", "homoglyph", "映像-K7", "映像-К7再", "映像-К8再"),
    ("zh", "homoglyph", "视频K7", "视频К7备份", "视频К8备份"),
    ("en", "joined", "VIDEO-K7", "VIDEOK7", "VIDEOK75"),
    ("en", "joined", "covid-19 hoax", "covid19hoax", "covid19hoaxing"),
    ("hi", "joined", "फुटेज-K7", "फुटेजK7", "फुटेजK77"),
    ("zh", "joined", "视频-K7", "视频K7备份", "视频K75备份"),
]


@pytest.mark.parametrize(
    ("language", "trick", "term", "hit", "near_miss"),
    CASES,
    ids=[f"{language} {trick} {number}" for number, (language, trick, *_) in enumerate(CASES)],
)
def test_a_trick_is_seen_through_and_its_neighbour_left_alone(
    language: str, trick: str, term: str, hit: str, near_miss: str
) -> None:
    matched = match(pile([hit, near_miss]), Scope(terms=(term,)))
    assert matched.select("id", "matched", "evaded").rows() == [
        ("p0", [f"term:{term}"], [f"term:{term}|{trick}"]),
    ]


@pytest.mark.parametrize(
    ("trick", "term", "hit"), [(trick, term, hit) for _, trick, term, hit, _ in CASES], ids=range(len(CASES))
)
def test_a_trick_that_is_switched_off_is_not_undone(trick: str, term: str, hit: str) -> None:
    others = tuple(other for other in Trick if other != trick)
    assert found(Scope(terms=(term,), tricks=others), hit) == [False]


@pytest.mark.parametrize(
    ("term", "other"), [("re-sign", "resign"), ("later", "latter"), ("MP-top", "MP-тор ещё"), ("K7", "KK7")]
)
def test_what_may_be_another_word_is_left_alone(term: str, other: str) -> None:
    assert found(Scope(terms=(term,)), other) == [False]


def test_a_trick_elsewhere_in_the_text_is_not_what_a_term_was_found_by() -> None:
    matched = match(pile(["VIIDEO-K7 in the g4rden"]), Scope(terms=("VIDEO-K7", "garden")))
    assert matched["evaded"].to_list() == [["term:VIDEO-K7|repeated", "term:garden|leet"]]


PIECES = [
    *(
        "k1ll",
        "kill",
        "k i l l",
        "k-i-1-l",
        "kіll",
        "killll",
        "kkk1llll",
        "pl4n",
        "plan",
        "b",
        "bbb",
        "8",
        "b!",
    ),
    *(
        "V I D E O - K 7",
        "VIIDEO-K7",
        "viiideo",
        "-",
        "K7",
        "kkk7",
        "them",
        "th3m",
        "1",
        "a",
        "i",
        "@",
        "_",
        "'",
    ),
    *(
        "मा र",
        "मार1",
        "मार",
        "डालो",
        "डाााालो",
        "ا ق ت ل و ا",
        "و4",
        "暴 乱",
        "暴乱",
        "今天",
        "죽여",
        "ᴋ",
        "x5",
    ),
]
HIDDEN = Scope(
    terms=("kill", "plan b", "kill them", "VIDEO-K7", "मार डालो", "اقتلوا", "暴乱", "죽여"),
    hashtags=("kill_them",),
)


TEXT = st.lists(st.sampled_from([*PIECES, *([" "] * len(PIECES)), "#", "_"]), max_size=16).map("".join)


@settings(deadline=None, max_examples=25)
@given(st.lists(TEXT, min_size=50, max_size=50))
def test_words_that_cannot_tell_need_no_undoing(texts: list[str]) -> None:
    posts = pile(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Undoing, "_that_tell", lambda _, words: words)
        every_word_undone = match(posts, HIDDEN)
    assert match(posts, HIDDEN).equals(every_word_undone)


WORDS = {
    "de": "Flüchtling", "pt": "imigração", "pl": "śmierć", "ru": "бомба", "it": "uccidere", "he": "מלחמה",
    "ar": "مدرسة", "fa": "کتاب", "hi": "मारना", "ur": "مارو", "bn": "আগুন", "te": "చంపుడు",
    "ja": "暴動", "th": "ระเบิด", "zh": "暴乱",
}  # fmt: skip
UNSEEN = {
    "zero width space": "\u200b",
    "word joiner": "\u2060",
    "right-to-left override": "\u202e",
    "soft hyphen": "\u00ad",
    "variation selector": "\ufe0f",
    "invisible separator": "\u2063",
}


@pytest.mark.parametrize("hidden", UNSEEN.values(), ids=UNSEEN)
@pytest.mark.parametrize("language", WORDS)
def test_what_the_eye_does_not_see_does_not_hide_a_word(language: str, hidden: str) -> None:
    word = WORDS[language]
    other = word[:-1] + word[0]
    hit, near_miss = (f"{text[:2]}{hidden}{text[2:]}{hidden}" for text in (word, other))
    matched = match(pile([hit, near_miss]), Scope(terms=(word,)))
    assert matched.select("id", "evaded").rows() == [("p0", [])]
