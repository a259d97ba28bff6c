"""What is dear to count is kept, shown while it is as good as new, and counted again behind a page's back."""

import asyncio
from itertools import count
from threading import Event

import pytest
from fastapi import BackgroundTasks

from console.lately import AS_GOOD_AS_NEW, MOST, Counted, Lately, StillCounting
from incidents.errors import StoreFailed
from incidents.settings import Settings
from tests.console.browsing import browser


class Clock:
    """One that moves when it is told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_it_is_counted_once_while_it_is_as_good_as_new() -> None:
    clock, after, numbers = Clock(), BackgroundTasks(), count(1)
    lately = Lately(clock)

    def counting() -> int:
        clock.at += 2.0
        return next(numbers)

    assert lately.read("sums", counting, after) == Counted(1)
    clock.at += 2.0 * AS_GOOD_AS_NEW
    assert lately.read("sums", counting, after) == Counted(1, age=20.0)
    assert after.tasks == []
    assert lately.read("other", counting, after) == Counted(2)


def test_what_is_old_is_shown_and_counted_again_once_the_page_is_sent() -> None:
    clock, after, numbers = Clock(), BackgroundTasks(), count(1)
    lately = Lately(clock)

    def counting() -> int:
        clock.at += 1.0
        return next(numbers)

    lately.read("sums", counting, after)
    clock.at += 60.0
    assert lately.read("sums", counting, after) == Counted(1, age=60.0, is_old=True)
    asyncio.run(after())
    assert lately.read("sums", counting, after) == Counted(2)


def test_what_was_counted_longest_ago_goes_first() -> None:
    lately, after, numbers = Lately(), BackgroundTasks(), count(1)

    def counting() -> int:
        return next(numbers)

    for name in range(MOST + 1):
        lately.read(str(name), counting, after)
    assert lately.read(str(MOST), counting, after).value == MOST + 1
    assert lately.read("0", counting, after).value == MOST + 2


def test_nobody_waits_long_for_a_first_count_and_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.lately.PATIENCE", 0.01)
    lately, after, go_on, begun = Lately(), BackgroundTasks(), Event(), count(1)

    def counting() -> int:
        number = next(begun)
        assert go_on.wait(10)
        return number

    for _ in range(2):
        with pytest.raises(StillCounting, match="INC-1-S1 is being counted"):
            lately.read("INC-1-S1/sums", counting, after)
    go_on.set()
    monkeypatch.setattr("console.lately.PATIENCE", 10.0)
    assert lately.read("INC-1-S1/sums", counting, after).value == 1


def test_what_goes_wrong_in_a_first_count_is_told_and_tried_again() -> None:
    lately, after, tries = Lately(), BackgroundTasks(), count(1)

    def counting() -> int:
        if next(tries) == 1:
            raise StoreFailed("The disk is full.")
        return 7

    with pytest.raises(StoreFailed):
        lately.read("sums", counting, after)
    assert lately.read("sums", counting, after).value == 7


def test_an_application_that_ends_begins_no_other_count(settings: Settings) -> None:
    with browser(settings) as opened:
        lately = opened.world.lately
        assert lately.read("sums", lambda: 1, BackgroundTasks()) == Counted(1)
    with pytest.raises(RuntimeError, match="after shutdown"):
        lately.read("other", lambda: 2, BackgroundTasks())
