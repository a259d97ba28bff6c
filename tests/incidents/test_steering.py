"""Steering reads where the steer sample says that the ranking is blind, and never learns what certify said."""

import ast
import inspect
from random import Random

import pytest

from incidents.sweeps import ranking, steering
from incidents.sweeps.steering import HEAD, START, STEER, WARM, WINDOW, Source, Steering, Stratum

DE, TH = ("de", "text"), ("th", "text")
FORWARD = Source("stratum", TH)


def read(stratum: Stratum, posts: int, violating: int) -> list[tuple[Stratum, bool]]:
    return [(stratum, place < violating) for place in range(posts)]


def warm(universe: int = 2_000, head_violating: int = 2, thai: tuple[int, int] = (20, 3)) -> Steering:
    """Steer has read what was due; the head of the ranking yields so many of its last hundred."""
    drawn, hits = thai
    begun = Steering(universe=universe).after(STEER, read(TH, drawn, hits))
    ahead = begun.after(HEAD, read(DE, WINDOW, head_violating))
    return ahead.after(STEER, read(DE, ahead.steer_due, 0))


def test_a_part_of_the_steer_sample_is_read_before_anything_else() -> None:
    begun = Steering(universe=2_000)
    assert begun.steer_due == START * 2_000 == 10
    assert begun.next_source([DE, TH]) is STEER
    assert begun.after(STEER, read(DE, 10, 2)).next_source([DE, TH]) is HEAD


def test_after_that_steer_reads_one_post_for_ten_others() -> None:
    begun = Steering(universe=2_000).after(STEER, read(DE, 10, 2))
    assert begun.after(HEAD, read(DE, 9, 0)).steer_due == 0
    assert begun.after(HEAD, read(DE, 30, 0)).steer_due == 3
    assert begun.after(FORWARD, read(TH, 30, 0)).steer_due == 3


def test_a_stratum_moves_forward_where_steer_finds_more_than_the_head_yields() -> None:
    assert warm(head_violating=2).next_source([DE, TH]) == FORWARD
    assert warm(head_violating=40).next_source([DE, TH]) is HEAD


def test_a_stratum_without_a_hit_or_without_an_unread_post_stays() -> None:
    assert warm(head_violating=0, thai=(20, 0)).next_source([DE, TH]) is HEAD
    assert warm(head_violating=2).next_source([DE]) is HEAD


def test_the_head_is_given_a_start() -> None:
    begun = Steering(universe=2_000).after(STEER, read(TH, 10, 5))
    assert begun.after(HEAD, read(DE, WARM - 41, 0)).next_source([TH]) is HEAD


def test_a_dry_spell_does_not_send_a_stratum_back_for_good() -> None:
    dry = warm(head_violating=0).after(FORWARD, read(TH, WINDOW, 0))
    assert dry.lane(TH).rate > 0.01


def test_a_stratum_that_has_run_dry_falls_back() -> None:
    tired = warm(head_violating=5).after(FORWARD, read(TH, WINDOW, 1))
    tired = tired.after(STEER, read(DE, tired.steer_due, 0))
    assert tired.next_source([DE, TH]) is HEAD
    assert tired.forward == (TH,)


def test_of_two_blind_strata_the_richer_comes_first_and_equal_ones_by_name() -> None:
    rich = warm(thai=(20, 3)).after(STEER, read(("fa", "link"), 10, 3))
    assert rich.next_source([DE, TH, ("fa", "link")]) == Source("stratum", ("fa", "link"))
    equal = warm(thai=(20, 3)).after(STEER, read(("fa", "link"), 20, 3))
    assert equal.next_source([TH, ("fa", "link")]) == Source("stratum", ("fa", "link"))


def test_reading_leaves_what_was_known_before_as_it_was() -> None:
    before = warm()
    before.after(FORWARD, read(TH, 25, 25))
    assert before.lane(TH).latest == ()


def test_a_language_that_the_ranker_cannot_see_is_read_long_before_the_end() -> None:
    dice = Random(3)
    # 2,000 posts, 60 violating in German that the ranker puts first, 60 of 400 in Thai that it puts last.
    posts = [(DE, True)] * 60 + [(DE, False)] * 1_540 + dice.sample([(TH, n < 60) for n in range(400)], 400)
    unread = dict.fromkeys(range(2_000))
    steer = dice.sample(range(2_000), 2_000)
    state = Steering(universe=2_000)
    while sum(posts[n][1] for n in unread) > 12:
        source = state.next_source({posts[n][0] for n in unread})
        order = steer if source is STEER else list(unread)
        size = state.steer_due if source is STEER else 25
        taken = [n for n in order if n in unread and source.stratum in (None, posts[n][0])][:size]
        state = state.after(source, [posts[n] for n in taken])
        for n in taken:
            del unread[n]
    assert len(unread) > 1_000  # without steering, nearly all is read: 1,900 and more
    assert TH in state.forward


# Certify


@pytest.mark.parametrize("module", [steering, ranking])
def test_what_orders_the_reading_cannot_see_the_certify_sample(module: object) -> None:
    """It imports nothing that knows a certify verdict, and none of its functions is handed one."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    }
    assert not [name for name in imported if name.endswith(("stopping", "certificate", "SampleRow", "store"))]
    arguments = {
        argument.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for argument in node.args
    }
    assert not [name for name in arguments if "certify" in name or "sample" in name]
