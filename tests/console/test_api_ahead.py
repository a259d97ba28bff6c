"""The next batch through the API: put aside, read ahead, opened by a claim, let go of by whoever stops."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.schema import batches
from tests.console.browsing import Browser, bearer
from tests.console.swept import POSTS, TERM, worked

BATCHES = "/api/v1/batches"
ENGLISH, OTHER = {"languages": ["en"]}, {"languages": ["de"]}
GERMAN = "noch einmal am Abend"


@pytest.fixture
def dev(settings: Settings, visiting: Browser, tmp_path: Path) -> Browser:
    """A tool of Dev's, with a sweep whose posts make two batches, as they are in two languages."""
    worked(tmp_path, f"{POSTS}5,{TERM} {GERMAN},de,40,2026-01-15T09:30:00Z\n")
    visiting.headers.update(bearer(visiting.world.store, visiting.world.catalogue.person("dev-e")))
    return visiting


def texts(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [post["item"]["text"] for post in answer.json()["posts"]]


def finish(dev: Browser, batch: str) -> None:
    posts = dev.get(f"{BATCHES}/{batch}").json()["posts"]
    said = [{"item": post["item"]["item"], "verdict": "does_not_violate"} for post in posts]
    dev.post(f"{BATCHES}/{batch}/decisions", json={"guideline_version": None, "decisions": said})
    assert dev.post(f"{BATCHES}/{batch}/finish").json()["state"] == "done"


def test_the_next_batch_is_read_ahead_and_opened_by_a_claim(dev: Browser) -> None:
    assert dev.post(f"{BATCHES}/reserve").json() == {"batch": None}, "who holds nothing claims"
    first = dev.post(f"{BATCHES}/claim", json=ENGLISH).json()["batch"]["id"]
    put = dev.post(f"{BATCHES}/reserve", json=OTHER).json()["batch"]
    assert (put["state"], put["leased_to"], "reserved_for" in put) == ("open", None, False)
    where = f"{BATCHES}/{put['id']}"
    for refused in (dev.get(where), dev.post(f"{where}/finish")):
        assert refused.json()["reasons"][0]["code"] == "LEASE_MISSING"
    ahead = texts(dev.get(f"{where}/ahead"))
    assert ahead

    finish(dev, first)
    opened = dev.post(f"{BATCHES}/claim", json=OTHER).json()
    assert (opened["batch"]["id"], opened["guideline_version"]) == (put["id"], None)
    assert texts(dev.get(where)) == ahead
    assert dev.post(f"{BATCHES}/reserve").json() == {"batch": None}, "nothing else waits"


def test_who_gives_back_lets_go_of_what_is_put_aside(dev: Browser, store: Store) -> None:
    first = dev.post(f"{BATCHES}/claim", json=ENGLISH).json()["batch"]["id"]
    put = dev.post(f"{BATCHES}/reserve", json=OTHER).json()["batch"]["id"]
    dev.post(f"{BATCHES}/{first}/return", json={"reason": "a break"})
    with store.read() as work:
        until = sa.select(batches.c.reserved_until).where(batches.c.id == put)
        assert work.execute(until).scalar_one() is None
