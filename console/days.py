"""Days that somebody types, as the stretch of time that they mean."""

from datetime import UTC, date, datetime, timedelta

from incidents.errors import BadInput


def stretch(since: str, until: str) -> tuple[datetime | None, datetime | None]:
    """From the beginning of the one day to the end of the other, in UTC; None where none is typed.

    BadInput where a day is none.
    """
    last = _day(until)
    return _day(since), None if last is None else last + timedelta(days=1)


def _day(typed: str) -> datetime | None:
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{typed[:40]!r} is no day. Write it as 2026-11-23.") from None
