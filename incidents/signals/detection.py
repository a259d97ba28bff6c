"""Which signals make a candidate: the catalogue's rules, applied to what came in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from incidents.catalogue.detection import DetectionRule
from incidents.signals.signal import Signal


class Group(BaseModel):
    """Signals that one rule takes for the same matter, and why they make a candidate, if they do."""

    model_config = ConfigDict(frozen=True)

    rule: DetectionRule
    key: str
    signals: tuple[Signal, ...]
    why: str | None

    @property
    def title(self) -> str:
        """What the candidate is called: the title of its newest signal."""
        return max(self.signals, key=lambda signal: (signal.event_at, signal.id)).title


def group_signals(signals: Iterable[Signal], rules: Sequence[DetectionRule], *, now: datetime) -> list[Group]:
    """Group the signals that each rule looks at, and judge every group; those that fire come first.

    - a signal counts for every rule that looks at it, so that no rule hides another
    - signals without a value for a field that the rule groups by stand alone, by their fingerprint
    - duplicates are no evidence: a source that repeats itself says nothing new
    """
    grouped: dict[tuple[int, str], list[Signal]] = defaultdict(list)
    for signal in signals:
        for n, rule in enumerate(rules):
            if _looks_at(rule, signal):
                grouped[n, grouping_key(rule, signal)].append(signal)
    groups = [
        Group(rule=rules[n], key=key, signals=tuple(found), why=_why(rules[n], found, now))
        for (n, key), found in sorted(grouped.items())
    ]
    return sorted(groups, key=lambda group: group.why is None)


def grouping_key(rule: DetectionRule, signal: Signal) -> str:
    """What is equal for signals of the same matter, whichever rule looks at them. Drills keep to themselves."""
    values = {name: signal.field(name) for name in rule.group_by}
    if None in values.values():
        values = {"fingerprint": signal.fingerprint}
    told = [f"{name}={str(value).casefold()}" for name, value in sorted(values.items())]
    return ";".join([f"drill={signal.drill}"] * bool(signal.drill) + told)


def _looks_at(rule: DetectionRule, signal: Signal) -> bool:
    wanted = rule.match
    return (
        (not wanted.sources or signal.source in wanted.sources)
        and (not wanted.kinds or signal.kind in wanted.kinds)
        and (not wanted.policies or signal.field("policy") in wanted.policies)
    )


def _why(rule: DetectionRule, signals: Sequence[Signal], now: datetime) -> str | None:
    """The trigger that holds, in a few words; None where none does."""
    telling = [signal for signal in signals if signal.standing != "duplicate"]
    window = timedelta(minutes=rule.window_minutes)
    recent = [signal for signal in telling if now - window < signal.event_at <= now]
    before = [signal for signal in telling if now - 2 * window < signal.event_at <= now - window]
    reach = sum(signal.reach for signal in recent)
    if rule.trusted_source and telling:
        return "a trusted source says so"
    if rule.threshold is not None and len(recent) >= rule.threshold:
        return f"{len(recent)} signals within {rule.window_minutes} minutes"
    if rule.surge and len(recent) >= max(rule.surge_minimum, rule.surge * len(before)):
        return f"{len(recent)} signals after {len(before)} in the window before"
    if rule.reach_at_least is not None and reach >= rule.reach_at_least:
        return f"a reach of {reach:,} within {rule.window_minutes} minutes"
    return None
