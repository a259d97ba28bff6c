"""What is known of a sweep, what is unknown, and what another hour would buy: the facts and the sentences."""

from collections.abc import Mapping
from datetime import timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from incidents.four_eyes import ALONE
from incidents.people import Person, Role
from incidents.store.batches import claim
from incidents.store.clusters import clusters_of
from incidents.store.decisions import decide, finish_batch
from incidents.store.ending import close_sweep
from incidents.store.engine import Store, Work
from incidents.store.freezing import freeze
from incidents.store.golden import GoldenItem, add_golden, golden_counts
from incidents.store.guidelines import publish_guideline
from incidents.store.knowledge import knowledge_of
from incidents.store.looks import ask_for
from incidents.store.quality import ask_again, quality_of, reread
from incidents.store.schema import items, places, readings, sweeps
from incidents.sweeps.batches import Purpose
from incidents.sweeps.decisions import Decision
from incidents.sweeps.knowledge import Knowledge, sentences
from incidents.sweeps.quality.rereading import Change, Shift
from tests.incidents.sweep_rows import (
    ADA,
    BO,
    CLEO,
    DEV,
    EVE,
    POLICIES,
    POLICY,
    T0,
    add_batch,
    add_crisis,
    add_sweep,
    after,
    frozen,
    harmless,
    pile,
    requested,
    violating,
)

HUNDRED = pile(*((f"p{n:03}", "de" if n < 80 else "tr") for n in range(100)))
GIL = Person(id="gil", roles=frozenset({Role.partner_reviewer}), team="german")


def two_each(left: Mapping[str, int]) -> dict[str, float]:
    """Two people for every language."""
    return dict.fromkeys(left, 2.0)


def one_german(left: Mapping[str, int]) -> dict[str, float]:
    """One person who reads German, and nobody for the rest."""
    return {language: 1.0 for language in left if language == "de"}


def known(work: Work, sweep: str, minutes: float = 60) -> Knowledge:
    return knowledge_of(work, sweep, hands=two_each, now=after(minutes))


def sampled(work: Work, posts: pl.DataFrame = HUNDRED) -> str:
    """A sweep with its samples and its plan; returns its id."""
    sweep = requested(work, add_crisis(work)).id
    freeze(work, sweep, frozen(posts), now=after(5))
    return sweep


def read(work: Work, sweep: str, ids: list[str], by: Person = BO, *, bad: int = 0, seconds: float = 30) -> None:
    """Have a new batch decided, one post after the other; the first `bad` ones violate."""
    language = "de" if by.team == "german" else "tr"
    batch = add_batch(work, sweep, by.team or "", language, ids)
    claim(work, batch, by=by, now=after(10), lease_minutes=600)
    for place, item in enumerate(ids):
        minutes = 11 + place * seconds / 60
        said: Decision = violating(item, by, minutes) if place < bad else harmless(item, by, minutes)
        decide(work, batch, [said], by=by, policies=POLICIES, now=after(minutes))
    finish_batch(work, batch, by=by, now=after(11 + len(ids)))


def test_before_it_is_gathered_nothing_is_claimed_to_be_known(store: Store) -> None:
    with store.begin() as work:
        found = known(work, requested(work, add_crisis(work)).id)
    assert (found.state, found.posts, found.standing, found.languages) == ("requested", 0, None, ())
    assert sentences(found) == (
        "Known: it is requested, and its posts are not gathered yet.",
        "Unknown: what the posts that nobody has read hold.",
        "Another hour: nothing can be said before its posts are gathered.",
    )


def test_before_anything_is_read_each_language_may_hold_all_of_its_posts(store: Store) -> None:
    with store.begin() as work:
        found = known(work, sampled(work))
    missing = {each.language: each.missing_at_most for each in found.languages}
    assert missing == {"de": 80, "tr": 20}
    first, second, third = sentences(found)
    assert first == (
        "Known: 0 of 100 posts are decided and 0 violate; the sample is too small yet to say what share of all"
        " that is (the target is 90.0 %)."
    )
    assert second.startswith("Unknown: how much violates unseen; by language at most 80 in de, 20 in tr;")
    assert third.endswith("too little was read so far to say what that would find.")


def test_the_next_hour_is_foretold_from_the_measured_pace(store: Store) -> None:
    with store.begin() as work:
        sweep = sampled(work)
        read(work, sweep, [f"p{n:03}" for n in range(20)], bad=5)
        found = known(work, sweep)
    assert (found.read, found.found) == (20, 5)
    # Two posts a minute, by one person, as nobody holds a batch now.
    assert found.pace.items_an_hour.value == pytest.approx(120)
    hour = found.next_hour
    assert hour is not None
    assert hour.win is not None
    assert (hour.people, hour.reads, hour.win.posts, hour.win.expected) == (1, 120, 80, 20.0)
    assert "1 person would read about 120 posts and find about 20.0 more that violate" in sentences(found)[2]


def test_who_holds_a_batch_reads_in_the_next_hour(store: Store) -> None:
    with store.begin() as work:
        sweep = sampled(work)
        for by, item in ((BO, "p001"), (CLEO, "p002")):
            claim(work, add_batch(work, sweep, "german", "de", [item]), by=by, now=after(10), lease_minutes=60)
        hours = [known(work, sweep, minutes).next_hour for minutes in (20, 100)]
    assert [hour.people for hour in hours if hour] == [2, 1]


def test_the_slowest_language_is_named_and_what_is_in_hand_counts_as_left(store: Store) -> None:
    with store.begin() as work:
        sweep = sampled(work)
        claim(work, add_batch(work, sweep, "german", "de", ["p001"]), by=BO, now=after(10), lease_minutes=60)
        found = known(work, sweep)
        alone = knowledge_of(work, sweep, hands=one_german, now=after(60))
    assert {each.language: each.to_read for each in found.languages} == {"de": 80, "tr": 20}
    assert found.bottleneck == "de"
    # 80 posts, a tenth read twice, at an assumed 60 an hour, by two.
    assert found.hours_p50 == pytest.approx(80 * 1.1 / 120)
    assert (alone.bottleneck, alone.hours_p50) == ("tr", None)


def test_a_sweep_without_a_plan_is_told_without_a_share(store: Store) -> None:
    with store.begin() as work:
        sweep = add_sweep(work, add_crisis(work))
        claim(work, f"{sweep}-B1", by=BO, now=after(10), lease_minutes=60)
        decide(work, f"{sweep}-B1", [violating("p1")], by=BO, policies=POLICIES, now=after(11))
        found = known(work, sweep)
    assert (found.standing, found.found) == (None, 1)
    assert {each.missing_at_most for each in found.languages} == {None}
    first, second, _ = sentences(found)
    assert first == (
        "Known: 1 of 6 posts are decided and 1 violates; no sample was drawn when it was frozen, so nobody can"
        " say what share that is."
    )
    assert second == "Unknown: what the posts that nobody has read hold."


def test_a_sweep_that_was_closed_says_so_with_who_and_why(store: Store) -> None:
    with store.begin() as work:
        sweep = sampled(work)
        close_sweep(work, sweep, by=ADA, consent=ALONE, reason="All of it is gone", now=after(20))
        found = known(work, sweep)
    first, _, third = sentences(found)
    assert first.startswith(
        "Known: ada closed it before its target of 90.0 % was reached (“All of it is gone”); 0 of 100 posts"
    )
    assert third == "Another hour: it hands out nothing any more."


def test_what_two_people_see_differently_is_counted_by_language(store: Store) -> None:
    with store.begin() as work:
        sweep = sampled(work)
        read(work, sweep, ["p090"], DEV)
        ask_for(work, sweep, Purpose.adjudicate, {"p090": None})
        found = known(work, sweep)
        assert {each.language: each.disputes for each in found.languages} == {"de": 0, "tr": 1}
        assert "1 post waits for a third person" in sentences(found)[1]
        # Also while the third person has it in hand.
        work.execute(sa.update(items).values(look=None))
        batch = add_batch(work, sweep, "turkish", "tr", ["p090"])
        work.execute(sa.update(places).where(places.c.batch_id == batch).values(purpose="adjudicate"))
        assert known(work, sweep).disputes == 1


def test_new_clusters_are_counted_up_to_when_posts_were_gathered(store: Store) -> None:
    with store.begin() as work:
        sweep = sampled(work)
        read(work, sweep, ["p001", "p002", "p003"], bad=2)
        quiet = known(work, sweep, minutes=3_000).quiet
    # Both were seen first at T0, five minutes before the sweep was frozen; what came later nobody gathered.
    assert quiet is not None
    assert [(window.end, window.new_clusters) for window in quiet.windows] == [
        (after(5), 2),
        (after(5) - timedelta(hours=6), 0),
    ]
    assert not quiet.quiet


def test_the_largest_clusters_come_first(store: Store) -> None:
    posts = pile(*((f"p{n}", "de" if n < 5 else "tr") for n in range(1, 8)))
    copies = {"p2": "p1", "p5": "p4", "p6": "p4"}
    with store.begin() as work:
        sweep = requested(work, add_crisis(work)).id
        freeze(work, sweep, frozen(posts, copies=copies), now=after(5))
        read(work, sweep, ["p4"], bad=1)
        found = clusters_of(work, sweep, most=5)
        assert [(each.head, each.posts, each.covered, each.violates) for each in found] == [
            ("p4", 3, 2, 3),
            ("p1", 2, 1, 0),
        ]
        assert (found[0].languages, found[0].verdict) == (("de", "tr"), "violates")
        assert (found[0].first_seen, found[0].last_seen) == (T0, T0)
        assert [each.head for each in clusters_of(work, sweep, most=1)] == ["p4"]
        assert [each.posts for each in clusters_of(work, sweep, most=5, team="turkish")] == [2]
        assert clusters_of(work, sweep, most=5, team="") == []


def test_second_looks_make_agreement_and_precision(store: Store) -> None:
    ids = [f"p{n:03}" for n in range(10)]
    with store.begin() as work:
        sweep = sampled(work)
        work.execute(sa.update(sweeps).values(goal={"second_share": 0, "check_share": 0}))
        read(work, sweep, ids, bad=6)
        batch = add_batch(work, sweep, "german", "de", ids)
        work.execute(sa.update(places).where(places.c.batch_id == batch).values(purpose="second"))
        claim(work, batch, by=CLEO, now=after(100), lease_minutes=60)
        said = [violating(item, CLEO, 101) for item in ids[:5]] + [
            harmless(item, CLEO, 101) for item in ids[5:]
        ]
        decide(work, batch, said, by=CLEO, policies=POLICIES, now=after(101))
        finish_batch(work, batch, by=CLEO, now=after(102))
        open_yet = quality_of(work, sweep, by=ADA)
        assert (open_yet.agreement["all"]["all"].items, open_yet.unsettled) == (10, 1)
        assert open_yet.agreement["all"]["all"].raw.value == pytest.approx(0.9)
        third = add_batch(work, sweep, "german", "de", ["p005"])
        work.execute(sa.update(places).where(places.c.batch_id == third).values(purpose="adjudicate"))
        claim(work, third, by=GIL, now=after(110), lease_minutes=60)
        decide(work, third, [harmless("p005", GIL, 111)], by=GIL, policies=POLICIES, now=after(111))
        finish_batch(work, third, by=GIL, now=after(112))
        settled = quality_of(work, sweep, by=ADA)
    assert settled.unsettled == 0
    told = settled.precision["de"].violates
    assert (told.checked, told.upheld, told.overturned, told.unsettled) == (6, 5, 1, 0)
    assert settled.precision["all"].does_not_violate.checked == 4
    # Of all ten pairs, the two who read first are compared, whoever settled it.
    assert settled.agreement["all"]["all"].raw.value == pytest.approx(0.9)


def test_golden_items_are_told_by_person_to_whom_it_concerns(store: Store) -> None:
    with store.begin() as work:
        sweep = sampled(work)
        item = GoldenItem(policy=POLICY.id, language="de", text="a known text", violates=True)
        assert add_golden(work, [item], by=EVE, now=after(6)) == 1
        batch = add_batch(work, sweep, "german", "de", ["p001"])
        row = violating(item.id("")).model_dump(mode="python")
        stamp = {"sweep_id": sweep, "batch_id": batch, "purpose": "golden", "expected": "violates"}
        work.execute(readings.insert().values(**row, **stamp))
        seen = {by.id: quality_of(work, sweep, by=by).golden for by in (ADA, BO, CLEO, GIL, DEV)}
        [count] = golden_counts(work)
    assert [list(seen[name]["person"]) for name in ("ada", "bo", "cleo")] == [["bo"]] * 3
    assert [list(seen[name]["person"]) for name in ("gil", "dev")] == [[], []]
    assert seen["ada"]["team"]["german"].sensitivity.value == 1.0
    assert (count.violating, count.harmless, count.retired, count.read) == (1, 0, 0, 1)


def test_checked_copies_bound_what_was_inherited_wrongly(store: Store) -> None:
    posts = pile(*((f"p{n:02}", "de") for n in range(21)))
    with store.begin() as work:
        sweep = requested(work, add_crisis(work)).id
        copies = {f"p{n:02}": "p00" for n in range(1, 21)}
        freeze(work, sweep, frozen(posts, copies=copies), now=after(5))
        work.execute(sa.update(sweeps).values(goal={"second_share": 0, "check_share": 0}))
        read(work, sweep, ["p00"], bad=1)
        batch = add_batch(work, sweep, "german", "de", ["p01", "p02"])
        work.execute(sa.update(places).where(places.c.batch_id == batch).values(purpose="check"))
        claim(work, batch, by=CLEO, now=after(100), lease_minutes=60)
        said = [violating("p01", CLEO, 101), harmless("p02", CLEO, 101)]
        decide(work, batch, said, by=CLEO, policies=POLICIES, now=after(101))
        finish_batch(work, batch, by=CLEO, now=after(102))
        inherited = quality_of(work, sweep, by=ADA).inherited
    # p02 was split off when it was judged otherwise, and counts all the same.
    assert (inherited.population, inherited.checked, inherited.wrong) == (20, 2, 1)
    assert 1 < inherited.at_most < 20


def test_what_a_new_guideline_may_turn_is_read_again_once(store: Store) -> None:
    change = [Change(POLICY.id, None, Shift.narrower)]
    with store.begin() as work:
        sweep = sampled(work)
        incident = sweep.rpartition("-")[0]
        work.execute(sa.update(sweeps).values(goal={"second_share": 0, "check_share": 0}))
        read(work, sweep, ["p001", "p002", "p003"], bad=2)
        assert reread(work, sweep, change) == []
        publish_guideline(
            work,
            incident,
            {"en": "News stays."},
            title="Incitement",
            policy=(POLICY.id, 2),
            effective_from=after(50),
            by=EVE,
            now=after(50),
        )
        assert {each.item for each in reread(work, sweep, change)} == {"p001", "p002"}
        assert len(ask_again(work, sweep, change, by=EVE, most=1)) == 1
        assert len(reread(work, sweep, change)) == 1
        assert sorted(work.execute(sa.select(items.c.look).where(items.c.look.is_not(None))).scalars()) == [
            "second"
        ]
