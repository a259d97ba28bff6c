"""A crisis has quietened when window after window new clusters are shown to be rare."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.errors import BadInput
from incidents.sweeps.stand_down import StandDown, stand_down

NOW = datetime(2030, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(*hours_ago: float) -> StandDown:
    """Two windows of six hours, one new cluster an hour allowed."""
    moments = [NOW - hours * HOUR for hours in hours_ago]
    return stand_down(moments, NOW, length=6 * HOUR, windows=2, threshold=1.0)


def test_no_new_cluster_in_six_hours_is_at_most_half_a_cluster_an_hour() -> None:
    quiet = seen()
    assert [window.an_hour_at_most for window in quiet.windows] == pytest.approx([0.4993, 0.4993], abs=1e-4)
    assert quiet.quiet


def test_one_loud_window_is_enough_to_stay() -> None:
    assert seen(1, 7).quiet  # one each: 0.79 an hour at most
    assert not seen(7, 8, 9).quiet
    assert not seen(1, 2, 3).quiet
    assert seen(13, 14, 15, 16).quiet  # before the windows that are looked at


def test_a_window_holds_its_start_and_not_its_end() -> None:
    assert [window.new_clusters for window in seen(0, 6, 12).windows] == [1, 1]


def test_a_window_too_short_to_show_anything_never_stands_down() -> None:
    short = stand_down([], NOW, length=HOUR, windows=1, threshold=1.0)
    assert short.windows[0].an_hour_at_most == pytest.approx(2.9957, abs=1e-4)
    assert not short.quiet


@pytest.mark.parametrize(("length", "windows"), [(HOUR, 0), (timedelta(0), 2)])
def test_a_test_without_windows_is_refused(length: timedelta, windows: int) -> None:
    with pytest.raises(BadInput, match="one window at least"):
        stand_down([], NOW, length=length, windows=windows, threshold=1.0)
