"""What an audience may not see is nowhere in what it is given."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from console.shared import write_shared
from incidents.errors import BadInput, NotAllowed, NotAuthorised
from incidents.four_eyes import ALONE
from incidents.reviews.actions import ActionArea
from incidents.reviews.audiences import Audience
from incidents.reviews.checking import Fault, check
from incidents.reviews.drafting import redraft
from incidents.reviews.outside import charts_for, compose_for
from incidents.reviews.record import Record, SweepRecord, Tally, input_hash
from incidents.reviews.redaction import INTERNAL, OTHERS, Rule, View, redact, rules, view_of, view_on
from incidents.reviews.sharing import Shared, share
from incidents.store.approvals import approve
from incidents.store.engine import Store
from incidents.store.records import read_record
from incidents.store.reviews import sign
from incidents.store.timeline import entries
from incidents.timeline import Event
from incidents.words import SENTENCES_OUTSIDE, TEMPLATES
from tests.incidents.crisis_rows import add_crisis
from tests.incidents.planting import planted
from tests.incidents.review_rows import ADA, BO, CLEO, DEV, T0, after
from tests.incidents.test_retrospective import GENERATOR, golden

PUBLIC, GERMAN = View(Audience.public), View(Audience.partner, "german")
OUTSIDE = [PUBLIC, GERMAN]
WHAT_IT_IS_ABOUT = {"About.id": "INC-12", "About.phase": "reviewing"}
"""Without these there is no document."""


@pytest.fixture
def record(store: Store) -> Record:
    with store.begin() as work:
        add_crisis(work)
    with store.read() as work:
        return read_record(work, "INC-12")


def shared_files(record: Record, view: View, out: Path) -> dict[str, str]:
    """Everything that leaves the house, by the name of its file; and what the pictures are made of."""
    text = compose_for(record, view, generator=GENERATOR)
    charts = tuple(charts_for(record, view))
    shared = Shared("INC-12", view, 1, input_hash(redact(record, view)), text, charts)
    found = {path.name: path.read_text(encoding="utf-8") for path in write_shared(shared, out)}
    for chart in charts:
        found |= {f"{chart.name}.svg": chart.svg(), f"{chart.name}.vl.json": json.dumps(chart.spec)}
    return found


SECRETS = {
    "a name": "Ada Lovelace {}",
    "an address": "ada.lovelace.{}@example.org",
    "a token": "sk-live-{}-9fA3xQ",
    "what harms": "HARMFUL TEXT {}",
    "an account": "@evader_{}",
    "a hash of a picture": "PDQ{}" + "f0" * 30,
    "a sentence": "They should avoid the word {}, which we look for.",
}


@pytest.mark.parametrize("view", OUTSIDE, ids=str)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_no_secret_in_any_field_gets_out(view: View, secret: str, tmp_path: Path) -> None:
    places: list[str] = []

    def plant(path: str) -> str:
        places.append(path)
        return secret.format(f"C4N4RY{len(places)}X")

    poisoned = planted(plant, WHAT_IT_IS_ABOUT)
    assert len(places) > 300
    for name, text in shared_files(poisoned, view, tmp_path).items():
        assert "C4N4RY" not in name + text
        assert secret.partition("{")[0].rstrip() not in text


@pytest.mark.parametrize("view", OUTSIDE, ids=str)
def test_a_word_that_looks_like_one_of_the_sites_passes_where_a_rule_says_word_alone(
    view: View, tmp_path: Path
) -> None:
    names: dict[str, str] = {}

    def plant(path: str) -> str:
        return names.setdefault(path, f"canary{len(names)}x")

    keep = WHAT_IT_IS_ABOUT | {"Guideline.languages": ["de"], "Tally.language": "de"}
    told = "\n".join(shared_files(planted(plant, keep), view, tmp_path).values())
    passed = {path for path, name in names.items() if name in told}
    words = {f"{model}.{name}" for model, fields in rules().fields.items() for name, each in fields.items()
             if each[view.audience] is Rule.word}  # fmt: skip
    words |= {f"{event}:{fact}" for event, audiences in rules().facts.items()
              for fact, rule in audiences.get(view.audience, {}).items() if rule is Rule.word}  # fmt: skip
    assert passed == words
    assert {path.rpartition(".")[2].rpartition(":")[2] for path in passed} == {"severity", "was", "policy"}


def models_shown(audience: Audience) -> set[type[BaseModel]]:
    """Every model that a document for the audience is made of, from the record on."""
    found: set[type[BaseModel]] = set()
    waiting: list[type[BaseModel]] = [Record]
    while waiting:
        model = waiting.pop()
        found.add(model)
        for name, field in model.model_fields.items():
            if rules().of(model.__name__, name, audience) in (Rule.rows, Rule.grouped):
                waiting += [each for each in models_in(field.annotation) if each not in found]
    return found


def models_in(kind: Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for inner in getattr(kind, "__args__", ()) for model in models_in(inner)]


@pytest.mark.parametrize("audience", [Audience.partner, Audience.public])
def test_somebody_has_decided_about_every_field_that_is_read(audience: Audience) -> None:
    undecided = {
        f"{model.__name__}.{name}"
        for model in models_shown(audience)
        for name in model.model_fields
        if audience not in rules().fields.get(model.__name__, {}).get(name, {})
    }
    assert undecided == set(), "say in incidents/reviews/redaction.yaml what becomes of it"


def test_no_rule_is_about_what_the_record_does_not_have() -> None:
    models = {model.__name__: model for audience in Audience for model in models_shown(audience)}
    assert set(rules().fields) == set(models)
    for name, fields in rules().fields.items():
        assert set(fields) == set(models[name].model_fields)


def test_every_event_that_is_told_outside_has_a_sentence_without_names() -> None:
    sentences = yaml.safe_load((TEMPLATES / SENTENCES_OUTSIDE).read_text(encoding="utf-8"))
    assert set(sentences) == {event.value for event in rules().facts}
    assert not any("who(" in text or "actor" in text for text in sentences.values())


def test_a_field_that_nobody_has_decided_about_stays_inside(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = rules()
    of_record = {name: each for name, each in known.fields["Record"].items() if name != "sweeps"}
    of_incident = {name: each for name, each in known.fields["About"].items() if name != "severity"}
    fields = known.fields | {"Record": of_record, "About": of_incident}
    facts = {event: each for event, each in known.facts.items() if event is not Event.signal_attached}
    undecided = known.model_copy(update={"fields": fields, "facts": facts})
    monkeypatch.setattr("incidents.reviews.redaction.rules", lambda: undecided)
    told = redact(record, PUBLIC)
    assert (told.sweeps, told.incident.severity, told.of(Event.signal_attached)) == ((), "", [])
    assert told.entries


@pytest.mark.parametrize("view", OUTSIDE, ids=str)
def test_a_crisis_as_others_read_it(record: Record, view: View) -> None:
    text = compose_for(record, view, generator=GENERATOR)
    # A field that is added inside changes the hash and nothing else.
    golden(f"retrospective-crisis-{view.audience}.md", re.sub("`[0-9a-f]{64}`", "`its hash`", text))
    assert check(text, record, generator=GENERATOR) == []
    assert view_of(text) == view
    assert "not recorded" not in text


def test_a_team_reads_of_its_own_work_alone(record: Record) -> None:
    text = compose_for(record, GERMAN, generator=GENERATOR)
    assert "ask:INC-12:german:1" in text
    assert "legal" not in text
    assert "| de | 50 | 50 | 20 | 30 | 0 | 200 |" in text


def test_the_public_reads_no_name_no_term_and_no_reason(record: Record) -> None:
    text = compose_for(record, PUBLIC, generator=GENERATOR)
    for inside in (
        "ada",
        "cleo",
        "attack",
        "#leak",
        "within minutes",
        "Sorry",
        "legal",
        "trusted-flagger",
        "rota",
    ):
        assert inside not in text.lower()


def test_what_is_inside_is_as_it_was_and_for_counsel_has_a_banner(record: Record) -> None:
    inside = compose_for(record, INTERNAL, generator=GENERATOR)
    counsel = compose_for(record, View(Audience.privileged), generator=GENERATOR)
    assert view_of(inside) == INTERNAL
    assert "Privileged and confidential" not in inside
    assert counsel.split("\n\n")[1].startswith("**Privileged and confidential.")
    assert view_of(counsel) == View(Audience.privileged)
    assert counsel.partition("## Summary")[2] == inside.partition("## Summary")[2]
    assert check(counsel, record, generator=GENERATOR) == []


def test_a_word_of_a_list_of_ours_is_shown_whichever_it_is(record: Record) -> None:
    for area in ActionArea:
        item = record.actions[0].model_copy(update={"area": area})
        assert redact(record.model_copy(update={"actions": (item,)}), PUBLIC).actions[0].area is area


def test_redacting_twice_changes_nothing_more(record: Record) -> None:
    for view in OUTSIDE:
        assert redact(redact(record, view), view) == redact(record, view)


def test_the_check_holds_a_document_against_what_its_audience_may_see(record: Record) -> None:
    text = compose_for(record, PUBLIC, generator=GENERATOR)
    slipped_in = text.replace("## Milestones", "The team was late (`INC-12#24`).\n\n## Milestones")
    assert [each.fault for each in check(slipped_in, record, generator=GENERATOR)] == [Fault.evidence_unknown]
    changed = text.replace("5,000 posts were searched", "6,000 posts were searched")
    assert [each.fault for each in check(changed, record, generator=GENERATOR)] == [Fault.number_differs]


def test_the_hash_in_the_header_is_that_of_what_may_be_seen(record: Record) -> None:
    renamed = record.model_copy(update={"incident": record.incident.model_copy(update={"title": "Other"})})
    assert input_hash(renamed) != input_hash(record)
    for view in OUTSIDE:
        assert compose_for(renamed, view, generator=GENERATOR) == compose_for(record, view, generator=GENERATOR)


def test_a_team_that_had_no_part_is_told_nothing(record: Record) -> None:
    with pytest.raises(BadInput, match="The team french had no part in INC-12"):
        view_on(record, Audience.partner, "french")
    with pytest.raises(BadInput, match="Say which team"):
        view_on(record, Audience.partner, None)
    with pytest.raises(BadInput, match="leave out --team"):
        view_on(record, Audience.public, "german")


tallies = st.lists(
    st.builds(
        Tally,
        team=st.sampled_from(["german", "legal"]),
        language=st.sampled_from(["de", "en", "fr", "tr", "pt-BR", "", "somebody's name"]),
        items=st.just(0),
        violates=st.integers(0, 15),
        does_not_violate=st.integers(0, 15),
        unsure=st.integers(0, 3),
    ),
    max_size=8,
)


@given(tallies)
def test_no_row_by_language_is_small_and_no_difference_gives_one_back(found: list[Tally]) -> None:
    sweep = SweepRecord(
        id="INC-12-S1", state="finished", scope_hash="", requested_at=T0, frozen_at=None, finished_at=None,
        posts_seen=None, posts_matched=None, tallies=tuple(found),
    )  # fmt: skip
    record = Record.model_validate({"incident": planted(str, WHAT_IT_IS_ABOUT).incident, "sweeps": [sweep]})
    told = redact(record, PUBLIC).sweeps[0].tallies
    assert all(row.decided >= rules().smallest for row in told)
    decided: dict[str, int] = {}
    for tally in found:
        decided[tally.language] = decided.get(tally.language, 0) + tally.decided
    assert sum(row.decided for row in told) == (sum(decided.values()) if told else 0)
    assert bool(told) == (sum(decided.values()) >= rules().smallest)
    alone = {row.language for row in told} - {OTHERS}
    assert all(decided[language] >= rules().smallest for language in alone)
    # Whoever takes the rows from the sum learns of several languages together, or of one without a tag.
    hidden = [language for language in decided if language not in alone]
    assert not told or len(hidden) != 1 or hidden[0] not in {"de", "en", "fr", "tr", "pt-BR"} or not alone


def test_sharing_is_recorded_and_changes_nothing_that_is_shared(store: Store, tmp_path: Path) -> None:
    with store.begin() as work:
        add_crisis(work)
    with store.begin() as work, pytest.raises(NotAllowed) as refused:
        share(work, "INC-12", Audience.public, None, by=BO, consent=ALONE, now=after(1600))
    assert refused.value.codes == ("REVIEW_UNSIGNED",)
    with store.begin() as work:
        redraft(work, "INC-12", author="watchfloor", now=after(1601))
        sign(work, "INC-12", 1, by=BO, now=after(1602))
    with store.begin() as work:
        first = share(work, "INC-12", Audience.partner, "german", by=ADA, consent=ALONE, now=after(1603))
    with store.begin() as work:
        again = share(work, "INC-12", Audience.partner, "german", by=ADA, consent=ALONE, now=after(1604))
    assert again == first
    with store.read() as work:
        [told, _] = [each for each in entries(work, "INC-12") if each.event is Event.retrospective_shared]
    assert told.facts == {"version": 1, "audience": "partner", "team": "german", "input_hash": first.input_hash}
    assert [path.name for path in write_shared(first, tmp_path)] == [
        "INC-12-partner-german.md", "INC-12-partner-german.html", "INC-12-partner-german.json"
    ]  # fmt: skip


def test_without_the_approval_that_is_asked_for_nothing_is_shared(store: Store) -> None:
    with store.begin() as work:
        add_crisis(work)
        redraft(work, "INC-12", author="watchfloor", now=after(1601))
        sign(work, "INC-12", 1, by=BO, now=after(1602))
    asked: dict[str, Any] = {"approvers": ["legal"], "now": after(1603)}
    with store.begin() as work, pytest.raises(NotAllowed) as refused:
        share(work, "INC-12", Audience.public, None, by=BO, consent=ALONE, **asked)
    assert refused.value.codes == ("APPROVAL_MISSING",)
    with store.begin() as work:
        approve(work, "INC-12", Audience.public, 1, by=CLEO, **asked)
        assert share(work, "INC-12", Audience.public, None, by=BO, consent=ALONE, **asked).version == 1


def test_partners_do_not_share(store: Store) -> None:
    with store.begin() as work:
        add_crisis(work)
    with store.begin() as work, pytest.raises(NotAuthorised):
        share(work, "INC-12", Audience.public, None, by=DEV, consent=ALONE, now=after(1600))
