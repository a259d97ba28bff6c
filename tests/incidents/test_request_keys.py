"""Keys of requests: whose they are, what they keep, and for how long."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from incidents.errors import Conflict, NotAllowed
from incidents.store.engine import Store
from incidents.store.request_keys import KEPT_FOR, Answer, free_key, keep_answer, request_keys, take_key
from tests.console.command_line import NOW

ANSWER = Answer(status=200, headers={"etag": '"1"'}, body="{}")


def take(
    store: Store, request: str = "abc", *, person: str = "ada-l", later: timedelta = timedelta()
) -> Answer | None:
    with store.begin() as work:
        return take_key(work, person, "k", request, now=NOW + later)


def test_a_key_is_taken_once_and_then_keeps_the_answer(store: Store) -> None:
    assert take(store) is None
    with pytest.raises(Conflict, match="being worked on"):
        take(store)
    with pytest.raises(NotAllowed, match="ada-l") as refused:
        take(store, "another")
    assert refused.value.codes == ("KEY_REUSED",)
    with store.begin() as work:
        keep_answer(work, "ada-l", "k", ANSWER)
    assert take(store) == ANSWER
    assert take(store, person="noor") is None


def test_a_key_is_free_after_a_day_or_when_it_is_given_back(store: Store) -> None:
    assert take(store) is None
    assert take(store, "another", later=KEPT_FOR) is None
    with store.begin() as work:
        free_key(work, "ada-l", "k")
    assert take(store, "a third") is None
    with store.read() as work:
        assert work.execute(sa.select(sa.func.count()).select_from(request_keys)).scalar_one() == 1
