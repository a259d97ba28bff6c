"""A sweep through the API: what is known of it, one post or decision of it, what it proved and what follows."""

from pathlib import Path

import pytest

from incidents.people import Act
from incidents.store.engine import Store
from incidents.store.schema import items, windows
from tests.console.browsing import STAFFED, Browser, statements_of
from tests.console.command_line import told, write
from tests.console.swept import COPIED, HARMLESS, SECRET, TERM, UNSURE, VIOLATES, ended, read_by, worked
from tests.console.test_api import problem, token_of
from tests.console.test_pages_sweeps import certified

SWEEP = "/api/v1/sweeps/INC-1-S1"
READS = ("/scope", "/quality", "/decisions", "/decision?item=1", "/post?item=1", "/progress")


@pytest.fixture
def people() -> str:
    return f"""{STAFFED}\
  - {{id: gil-w, name: Gil W., roles: [partner_lead], team: western-europe, languages: [de, fr]}}
"""


@pytest.fixture
def asking(visiting: Browser) -> Browser:
    visiting.headers.update(token_of(visiting, "ada-l"))
    return visiting


@pytest.fixture
def sweep(home: Path, tmp_path: Path) -> str:
    """A sweep with two copies of a post, not read yet."""
    return worked(tmp_path, COPIED)


@pytest.fixture
def read(sweep: str, tmp_path: Path) -> str:
    """The same, read by Dev."""
    read_by("dev-e", tmp_path, VIOLATES, **{"2": HARMLESS, "4": UNSURE})
    return sweep


def test_what_a_sweep_looks_for_is_told_to_staff(sweep: str, asking: Browser) -> None:
    found = asking.get(f"{SWEEP}/scope").json()
    assert found["scope"]["terms"] == [TERM]
    assert [each["posts"] for each in found["terms"]] == [5]
    (window,) = found["windows"]
    assert (window["number"], window["source"].endswith("posts.csv"), window["posts_matched"]) == (1, True, 5)
    problem(asking.get(f"{SWEEP}/scope", headers=token_of(asking, "dev-e")), 403, "NOT_AUTHORISED")


def test_how_well_it_is_decided_is_told_as_on_the_page(read: str, asking: Browser) -> None:
    found = asking.get(f"{SWEEP}/quality").json()
    kept = told("sweep", "quality", read)
    assert {name: found[name] for name in ("unsettled", "inherited")} == {
        name: kept[name] for name in ("unsettled", "inherited")
    }
    assert asking.get(f"{SWEEP}/quality", headers=token_of(asking, "dev-e")).status_code == 200


def test_decisions_come_a_page_at_a_time_the_last_one_first(read: str, asking: Browser) -> None:
    first = asking.get(f"{SWEEP}/decisions", params={"limit": 2}).json()
    rest = asking.get(f"{SWEEP}/decisions", params={"after": first["next"]}).json()
    made = first["items"] + rest["items"]
    assert rest["next"] is None
    assert [each["id"] for each in made] == sorted((each["id"] for each in made), reverse=True)
    assert {each["verdict"] for each in made} == {"violates", "does_not_violate", "unsure"}
    one = asking.get(f"{SWEEP}/decision", params={"item": "2"}).json()
    assert (one["verdict"], one["person"]) == ("does_not_violate", "dev-e")
    problem(asking.get(f"{SWEEP}/decision", params={"item": "99"}), 404, "NOT_FOUND")


def test_partners_see_their_own_part_alone(read: str, asking: Browser) -> None:
    gil, fay = token_of(asking, "gil-w"), token_of(asking, "fay-e")
    assert asking.get(f"{SWEEP}/decisions", headers=gil).json()["items"] == []
    problem(asking.get(f"{SWEEP}/decision", params={"item": "2"}, headers=gil), 404, "NOT_FOUND")
    assert len(asking.get(f"{SWEEP}/decisions", headers=fay).json()["items"]) == 3
    problem(asking.get(f"{SWEEP}/post", params={"item": "1"}, headers=fay), 403, "NOT_AUTHORISED")


def test_a_post_is_told_without_its_text_a_copy_with_what_holds_for_it(read: str, asking: Browser) -> None:
    heads = {item: asking.get(f"{SWEEP}/post", params={"item": item}).json() for item in ("1", "11", "12")}
    read_as = heads["1"]["post"]["read_as"]
    assert {each["decision"]["item"] for each in heads.values()} == {read_as}
    assert sorted(heads[read_as]["copies"]) == sorted({"1", "11", "12"} - {read_as})
    problem(asking.get(f"{SWEEP}/post", params={"item": "99"}), 404, "NOT_FOUND")


def test_no_answer_holds_a_text(read: str, asking: Browser) -> None:
    for path in (*READS, "/clusters", "/batches"):
        answer = asking.get(SWEEP + path)
        assert answer.status_code == 200, path
        assert SECRET not in answer.text, path


def test_a_certificate_is_checked_and_its_evidence_taken(
    home: Path, tmp_path: Path, asking: Browser, store: Store
) -> None:
    sweep = worked(tmp_path, sampled=True)
    for path in ("certificate", "certificate/check", "universe.csv"):
        problem(asking.get(f"{SWEEP}/{path}"), 404, "NOT_FOUND")
    certified(sweep)
    checked = asking.get(f"{SWEEP}/certificate/check").json()
    assert checked == {"sweep": sweep, "holds": True, "differences": [], "signer": "embedded"}
    folder = tmp_path / "taken"
    write(folder / "certificate.json", asking.get(f"{SWEEP}/certificate").json()["document"])
    evidence = asking.get(f"{SWEEP}/universe.parquet")
    assert evidence.headers["content-type"] == "application/vnd.apache.parquet"
    (folder / "universe.parquet").write_bytes(evidence.content)
    assert told("certificate", "verify", str(folder))["holds"] is True
    assert SECRET not in asking.get(f"{SWEEP}/universe.csv").text
    problem(asking.get(f"{SWEEP}/universe.xlsx"), 422, "BAD_PARAMETER")
    with store.begin() as work:
        work.execute(items.update().where(items.c.item == "1").values(content_hash="another"))
    differs = asking.get(f"{SWEEP}/certificate/check").json()
    assert (differs["holds"], "universe_hash" in " ".join(differs["differences"])) == (False, True)


def test_what_follows_from_a_sweep_is_told_in_numbers(
    home: Path, tmp_path: Path, asking: Browser, store: Store
) -> None:
    sweep = worked(tmp_path)
    for path in ("orders", "plan.csv"):
        problem(asking.get(f"{SWEEP}/{path}"), 404, "NOT_FOUND")
    read_by("dev-e", tmp_path, VIOLATES)
    ended(sweep)
    with store.begin() as work:
        work.execute(windows.update().values(source={"kind": "http", "url": "https://platform.example"}))
    found = asking.get(f"{SWEEP}/orders").json()
    assert found["orderable"] == [{"measure": "remove", "policy": "violence.incitement", "posts": 3}]
    assert (found["actions"], found["states"], found["switched_on"]) == (3, {}, False)
    assert found["planned"] == [{"action": "remove", "policy": "violence.incitement", "posts": 3, "undone": 0}]
    analyst = asking.get(f"{SWEEP}/orders", headers=token_of(asking, "ada-l", Act.start_sweep)).json()
    assert (analyst["orderable"], analyst["planned"]) == ([], found["planned"]), (
        "who may not order is told none"
    )
    plan = asking.get(f"{SWEEP}/plan.csv")
    assert (plan.headers["content-type"].partition(";")[0], plan.text.count("action:")) == ("text/csv", 3)


def test_a_list_of_decisions_costs_the_same_however_many_there_are(read: str, asking: Browser) -> None:
    asking.get(f"{SWEEP}/decisions")  # which writes down that the token was used
    few = statements_of(asking, f"{SWEEP}/decisions?limit=1")
    assert statements_of(asking, f"{SWEEP}/decisions?limit=100") == few
