"""Nobody who takes, decides or finishes a batch waits while a whole sweep is read: each question has its index.

What SQLite plans depends on the indexes alone here, and not on how many rows there are.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from incidents.store.engine import Store
from incidents.store.upgrade import upgrade
from tests.incidents.reading_rows import add_reading, german, settle, taken
from tests.incidents.sweep_rows import BO, CLEO

GROWING = ("items", "decisions", "places", "readings", "certify_readings", "certify_sample", "timeline")
"""Tables with a row for each post, decision or entry."""

Asked = list[tuple[str, tuple[object, ...]]]


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'queue.db'}")) as store:
        upgrade(store)
        yield store


@pytest.fixture
def asked(sqlite: Store) -> Asked:
    """Every question that is put to the store from now on, with its values."""
    found: Asked = []

    def keep(
        _connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object
    ) -> None:
        found.append((statement, values))

    sa.event.listen(sqlite.engine, "before_cursor_execute", keep)
    return found


def plans(store: Store, asked: Asked) -> list[tuple[str, str]]:
    """Each step of each plan, with the statement that it belongs to."""
    with store.engine.connect() as connection:
        return [
            (statement, str(row.detail))
            for statement, values in list(asked)
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]


def test_no_table_that_grows_with_a_sweep_is_read_from_end_to_end(sqlite: Store, asked: Asked) -> None:
    with sqlite.begin() as work:
        add_reading(work, german(40), certify=8)
        asked.clear()
        for by in (BO, CLEO):
            settle(work, taken(work, by, size=10), by)
    steps = plans(sqlite, asked)
    assert len(steps) > 50
    whole = [
        (step, statement) for statement, step in steps if step.startswith(tuple(f"SCAN {t}" for t in GROWING))
    ]
    assert whole == []


def test_what_is_likeliest_is_found_without_sorting_all_that_waits(sqlite: Store, asked: Asked) -> None:
    with sqlite.begin() as work:
        add_reading(work, german(40))
        asked.clear()
        taken(work, size=10)
    queue = [step for statement, step in plans(sqlite, asked) if "ORDER BY items.priority DESC" in statement]
    assert any("ix_items_queue" in step for step in queue)
    assert not any("TEMP B-TREE" in step for step in queue)
