"""The pages of docs/reference/ that are written from the code say what the code says."""

import os

import pytest

from tests.reference_pages import PAGES, WRITTEN
from tests.routes import NEEDS, ways

RECORD = os.environ.get("WATCHFLOOR_RECORD") == "1"


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_page_that_is_written_from_the_code_is_current(name: str) -> None:
    page = PAGES / name
    if RECORD:
        page.write_text(WRITTEN[name](), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == WRITTEN[name](), "make golden writes it anew"


def test_every_way_into_the_application_is_in_the_table_of_permissions() -> None:
    assert sorted(ways()) == sorted(NEEDS), "tests/routes.py says what each takes"
