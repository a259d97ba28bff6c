"""Crises told through the store's own functions, as people would: nothing is written that they could not do.

`short` is over within the hour, `long` is handed over three times while the clocks change, `reopened` comes
back the next morning. Each ends in its review, and is a golden document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incidents.incident.severity import Impact, Priority
from incidents.people import Person, Role
from incidents.reviews.factors.rules import propose
from incidents.signals.signal import NewSignal
from incidents.store import lifecycle
from incidents.store.acting import take_report
from incidents.store.asks import NewAsk, acknowledge, ask_partner
from incidents.store.batches import Batch, claim_batch
from incidents.store.certificates import draft_certificate, keep_certificate
from incidents.store.decisions import decide, finish_batch
from incidents.store.ending import finish
from incidents.store.engine import Work
from incidents.store.freezing import freeze
from incidents.store.gates import GateKind, open_gate
from incidents.store.guidelines import publish_guideline
from incidents.store.incidents import NewCandidate, open_candidate
from incidents.store.records import read_record
from incidents.store.reviews import choose_zone, propose_factors, start_review
from incidents.store.roles import hand_over
from incidents.store.signals import attach, take_signal
from incidents.store.standing import decisions_of
from incidents.store.sweeps import plan_of, request_sweep
from incidents.sweeps.acting import Reported
from incidents.sweeps.certificate import sign
from incidents.sweeps.desk import Desk
from tests.incidents.reading_rows import PLAIN
from tests.incidents.sweep_rows import (
    ADA,
    POLICIES,
    POLICY,
    SCOPE,
    SOURCE,
    frozen,
    harmless,
    pile,
    violating,
)

GIL = Person(id="gil", roles=frozenset({Role.commander}))
HAL = Person(id="hal", roles=frozenset({Role.commander}))
IVY = Person(id="ivy", roles=frozenset({Role.analyst}))

BATCH, MINUTES = 50, 20
"""Items of a batch, and how long one takes."""

SEEN = 25
"""Posts that a sweep looks at for one that matches."""

DEBRIEF = (
    {"ask": "analyst", "question": "What would have told us sooner?"},
    {"ask": "german", "question": "Which words did we learn late?"},
    {"ask": None, "question": "What will be different next time?"},
)
"""What the protocol wants answered."""

_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def _readers(team: str) -> list[Person]:
    """Three, so that a sample can be read twice and somebody is left to settle what the two see differently."""
    reads = frozenset({Role.partner_reviewer})
    return [Person(id=f"{team}-{number}", roles=reads, team=team) for number in (1, 2, 3)]


READERS = {team: _readers(team) for team in ("german", "turkish")}
LEADS = {team: Person(id=f"{team}-lead", roles=frozenset({Role.partner_lead}), team=team) for team in READERS}


@dataclass
class Story:
    """One incident; `minutes` count from `start` on."""

    work: Work
    start: datetime
    incident: str = ""
    guideline: int | None = None

    def at(self, minutes: float) -> datetime:
        """So many minutes into the story."""
        return self.start + timedelta(minutes=minutes)

    def open(self, title: str, *, began: float, sources: tuple[str, ...]) -> None:
        """Signals came in, a candidate is opened of them, and somebody looks at it in minute 6."""
        signals = [
            take_signal(self.work, self._signal(title, source, began), by=IVY, now=self.at(number))
            for number, source in enumerate(sources)
        ]
        new = NewCandidate(
            title=title,
            grouping_key=title,
            impact=Impact(harm=3, reach=3, velocity=2, jurisdictions=("DE", "TR")),
            priority=Priority(severity="sev2", rule="serious", sentence="Serious harm."),
            policy=POLICY.id,
            protocol="default",
            protocol_version=1,
            catalogue_version="c0ffee",
        )
        opened = open_candidate(self.work, new, by="detect", now=self.at(3))
        assert opened is not None
        self.incident = opened.id
        attach(self.work, signals, self.incident, now=self.at(3))
        self.gate(GateKind.declare, 4, due=34)
        lifecycle.start_assessment(self.work, self.incident, by=IVY, now=self.at(6))

    def declare(self, minutes: float, *, reason: str, heard: Mapping[str, float]) -> None:
        """Ada declares, writes the guideline and asks teams; each says after so many minutes that it heard."""
        lifecycle.declare(self.work, self.incident, by=ADA, reason=reason, now=self.at(minutes))
        self.guide(minutes + 6, "What to remove, and what to leave")
        keys = {team: self.ask(minutes + 7, team) for team in heard}
        lifecycle.start_response(self.work, self.incident, now=self.at(minutes + 8))
        for team, after in heard.items():
            acknowledge(self.work, keys[team], by=LEADS[team], now=self.at(minutes + 8 + after))

    def guide(self, minutes: float, title: str, *, by: Person = ADA) -> None:
        """The next version of the guideline, in two languages."""
        bodies = {"en": "The guideline.", "de": "Die Richtlinie."}
        now, policy = self.at(minutes), (POLICY.id, POLICY.version)
        self.guideline = publish_guideline(
            self.work, self.incident, bodies, title=title, policy=policy, effective_from=now, by=by, now=now
        )

    def ask(self, minutes: float, team: str) -> str:
        """A team is asked to enforce, and has 30 minutes to say that it heard."""
        new = NewAsk(
            incident=self.incident,
            team=team,
            about="mobilise",
            what="Please enforce the guideline.",
            guideline_version=self.guideline,
            due_at=self.at(minutes + 30),
            channels=(),
            subject="A crisis",
            text="Please acknowledge {ask}.",
        )
        key = ask_partner(self.work, new, by=ADA, now=self.at(minutes))
        assert key is not None
        return key

    def sweep(self, minutes: float, posts: Mapping[str, int], *, every: int, by: Person = ADA) -> float:
        """So many posts a language match, and are read and certified; each `every`th of them violates.

        Returns the minute in which it ended.
        """
        found = matching(posts, self.at(-30))
        asked = request_sweep(self.work, self.incident, SCOPE, SOURCE, by=by, now=self.at(minutes), goal=PLAIN)
        window = replace(frozen(found), posts_seen=SEEN * len(found))
        assert freeze(self.work, asked.id, window, now=self.at(minutes + 2))
        self.gate(GateKind.sweep_work, minutes + 2, due=minutes + 600, subject=asked.id)
        ended = self._read(minutes + 3, frozenset(found["id"].gather_every(every)))
        assert finish(self.work, asked.id, now=self.at(ended))
        drafted = draft_certificate(self.work, asked.id, now=self.at(ended))
        assert drafted is not None
        keep_certificate(self.work, sign(drafted, _KEY))
        return ended

    def act(self, minutes: float, sweep: int, *, seen: Mapping[str, int]) -> None:
        """The site removes what was planned, one a minute, and says how many had seen posts of a language."""
        plan = plan_of(self.work, f"{self.incident}-S{sweep}")
        done = [
            Reported(row=row, key=line.key, at=self.at(minutes + row), reach=seen.get(line.item[:2]))
            for row, line in enumerate(plan)
        ]
        take_report(self.work, f"{self.incident}-S{sweep}", done, by=IVY, now=self.at(minutes + len(plan)))

    def gate(self, kind: GateKind, minutes: float, *, due: float, subject: str = "") -> None:
        """The flow asks, and waits."""
        about, by, now = subject or self.incident, self.at(due), self.at(minutes)
        open_gate(self.work, self.incident, kind, subject=about, due_at=by, flow_run_id="run", now=now)

    def hand_over(self, minutes: float, was: Person, to: Person, note: str) -> None:
        """The next commander takes over."""
        role, now = Role.commander.value, self.at(minutes)
        hand_over(self.work, self.incident, role, to=to, by=was, note=note, now=now)

    def end(self, minutes: float, *, by: Person = ADA, reason: str) -> None:
        """The commander ends the crisis, and its review begins."""
        self.gate(GateKind.stand_down, minutes - 5, due=minutes + 60)
        lifecycle.stand_down(self.work, self.incident, by=by, reason=reason, now=self.at(minutes))
        due_at, now = self.at(minutes + 14 * 24 * 60), self.at(minutes + 1)
        lifecycle.start_review(self.work, self.incident, due_at=due_at, debrief=DEBRIEF, now=now)
        start_review(self.work, self.incident, owner=by.id, due_at=due_at, now=now)
        propose_factors(self.work, self.incident, propose(read_record(self.work, self.incident)))

    def _signal(self, title: str, source: str, began: float) -> NewSignal:
        about = f"{title}, {source}"
        return NewSignal(source=source, title=title, fingerprint=about, event_at=self.at(began), reach=5_000)

    def _read(self, minutes: float, harmful: frozenset[str]) -> float:
        """Every reader takes batch after batch until nobody finds one; returns the minute in which that was."""
        everybody = [reader for readers in READERS.values() for reader in readers]
        while taken := [(who, batch) for who in everybody if (batch := self._claim(who, minutes))]:
            minutes += MINUTES
            for who, batch in taken:
                self._decide(who, batch, harmful, self.at(minutes))
        return minutes

    def _claim(self, who: Person, minutes: float) -> Batch | None:
        assert who.team is not None
        desk = Desk(team=who.team, batch_size=BATCH)
        return claim_batch(self.work, desk, by=who, now=self.at(minutes))

    def _decide(self, who: Person, batch: Batch, harmful: frozenset[str], now: datetime) -> None:
        ids = [each.item for each in decisions_of(self.work, batch.id, by=who)]
        said = [violating(item, who) if item in harmful else harmless(item, who) for item in ids]
        stands = {"decided_at": now, "guideline_version": self.guideline}
        decided = [each.model_copy(update=stands) for each in said]
        decide(self.work, batch.id, decided, by=who, policies=POLICIES, now=now)
        finish_batch(self.work, batch.id, by=who, now=now)


def short(work: Work) -> str:
    """Forty minutes, one language, everything read."""
    story = Story(work, datetime(2026, 11, 22, 23, 40, tzinfo=UTC))
    story.open("Threat against a school", began=-20, sources=("trusted-flagger",))
    story.declare(9, reason="It names a day and a place", heard={"german": 2})
    over = story.sweep(20, {"de": 30}, every=5)
    lifecycle.start_monitoring(work, story.incident, now=story.at(over))
    story.end(62, reason="The police have the person; no new copies")
    return story.incident


def long(work: Work) -> str:
    """Thirty-six hours, three hand-overs, and a night in which Berlin's clocks went back an hour."""
    story = Story(work, datetime(2026, 10, 24, 12, 0, tzinfo=UTC))
    story.open("Forged results of an election", began=-90, sources=("trusted-flagger", "user-reports"))
    story.declare(20, reason="It is shared by candidates, in two languages", heard={"german": 3, "turkish": 37})
    over = story.sweep(70, {"de": 300, "tr": 140}, every=6)
    story.act(over + 10, 1, seen={"de": 13})
    story.hand_over(480, ADA, GIL, "The second sweep waits for the new guideline")
    story.guide(500, "Satire stays", by=GIL)
    story.hand_over(960, GIL, HAL, "Quiet since the clocks went back")
    over = story.sweep(1_000, {"tr": 60}, every=10, by=HAL)
    lifecycle.start_monitoring(work, story.incident, now=story.at(over))
    story.hand_over(1_440, HAL, ADA, "One more night of watching")
    story.end(36 * 60, reason="The official result is out, and nothing new for twelve hours")
    choose_zone(work, story.incident, "Europe/Berlin", by=IVY)
    return story.incident


def reopened(work: Work) -> str:
    """Over in the evening, back in the morning, over again."""
    story = Story(work, datetime(2026, 11, 20, 17, 0, tzinfo=UTC))
    story.open("Rumour about a shelter", began=-45, sources=("user-reports",))
    story.declare(15, reason="People are on their way there", heard={"german": 4})
    over = story.sweep(30, {"de": 80}, every=8)
    lifecycle.start_monitoring(work, story.incident, now=story.at(over))
    story.end(240, reason="No new posts for two hours")
    lifecycle.reopen(work, story.incident, by=GIL, reason="It is back with a new picture", now=story.at(900))
    over = story.sweep(920, {"de": 40, "tr": 20}, every=4, by=GIL)
    lifecycle.start_monitoring(work, story.incident, now=story.at(over))
    story.end(1_200, by=GIL, reason="The shelter was moved; the posts are gone")
    return story.incident


def matching(languages: Mapping[str, int], posted_at: datetime) -> pl.DataFrame:
    """So many posts a language that match the scope, seen by ten people each; Turkish ones have a surface."""
    ids = [
        (f"{language}{number:03}", language) for language, many in languages.items() for number in range(many)
    ]
    surface = pl.when(pl.col("id").str.ends_with("7")).then(pl.lit("live")).otherwise(pl.lit("feed"))
    return pile(*ids).with_columns(
        posted_at=pl.lit(posted_at),
        reach=pl.lit(10, pl.Int64),
        surface=pl.when(language="tr").then(surface),
    )
