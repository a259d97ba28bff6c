"""Did those who had to act know in time? What guidelines, asks and deliveries suggest."""

from collections.abc import Iterator
from datetime import timedelta

from incidents.reviews.factors.evidence import refs
from incidents.reviews.factors.factor import Category, Factor
from incidents.reviews.record import Record
from incidents.timeline import Event
from incidents.words import clean, counted, duration, share


def guideline_lag(record: Record) -> Iterator[Factor]:
    """People decided before the guideline was published."""
    published, first = record.milestone("guideline_published"), record.decisions.first_at
    if first is None or (published is not None and published.at <= first):
        return
    when = f"{duration(published.at - first)} after" if published else "not at all; there were decisions before"
    claims = record.of(Event.batch_claimed)[:1]
    yield Factor(
        rule="guideline_lag",
        category=Category.policy,
        sentence=(
            f"The guideline was published {when} the first decision;"
            f" {share(record.decisions.without_guideline, record.decisions.total)} decisions rest on none."
        ),
        supports=(*refs(claims), *([record.ref(published.seq)] if published else [])),
    )


def guideline_after_decisions(record: Record) -> Iterator[Factor]:
    """A team decided before it had acknowledged the guideline."""
    published = record.milestone("guideline_published")
    asked = record.of(Event.ask_sent, Event.ask_acknowledged)
    for heard in record.heard:
        if heard.version != 1 or not heard.decided_before or heard.first_decided_at is None:
            continue
        told = [entry for entry in asked if entry.facts.get("ask") == heard.ask]
        before = heard.first_decided_at - heard.published_at
        is_there = published is not None and before >= timedelta()
        yield Factor(
            rule=f"guideline_after_decisions:{heard.team}",
            category=Category.communications,
            sentence=(
                f"The team {clean(heard.team)} made {share(heard.decided_before, heard.decided)}"
                " of its decisions before it acknowledged the guideline."
            ),
            supports=(*refs(told), *refs(record.of(Event.batch_claimed)[:1])),
            against=(record.ref(published.seq),) if published is not None and is_there else (),
            but=f"It was published {duration(before)} before the first of them." if is_there else "",
        )


def late_acknowledgement(record: Record) -> Iterator[Factor]:
    """A partner team acknowledged an ask after it was due."""
    on_time = [ask.key for ask in record.asks if ask.acknowledged_at and not ask.was_late]
    told = record.of(Event.ask_sent, Event.ask_escalated, Event.ask_acknowledged)
    for ask in record.asks:
        if not ask.was_late or ask.acknowledged_at is None:
            continue
        late = duration(ask.acknowledged_at - ask.due_at)
        yield Factor(
            rule=f"late_acknowledgement:{ask.key}",
            category=Category.communications,
            sentence=f"The team {clean(ask.team)} acknowledged its ask {late} after it was due.",
            supports=refs(entry for entry in told if entry.facts.get("ask") == ask.key),
            against=refs(
                e for e in told if e.event is Event.ask_acknowledged and e.facts.get("ask") in on_time
            ),
            but=f"Acknowledged in time: {len(on_time)} of {counted(len(record.asks), 'ask')}."
            if on_time
            else "",
        )


def failed_deliveries(record: Record) -> Iterator[Factor]:
    """Messages to partners did not arrive."""
    failed = record.of(Event.message_failed)
    if not failed:
        return
    keys = {str(entry.facts.get("key")) for entry in failed}
    later = [e for e in record.of(Event.message_delivered) if e.facts.get("key") in keys]
    yield Factor(
        rule="failed_deliveries",
        category=Category.communications,
        sentence=f"{counted(len(keys), 'message')} to partners could not be delivered at the first attempt.",
        supports=refs(failed),
        against=refs(later),
        but=f"Arrived later: {len({e.facts['key'] for e in later})} of {len(keys)}." if later else "",
    )
