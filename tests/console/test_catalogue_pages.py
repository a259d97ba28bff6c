"""What people decide by: read, with its editions, what a site changed, and which incidents went by it."""

from contextlib import closing
from pathlib import Path

import pytest

from incidents.catalogue.load import SHIPPED
from incidents.people import Person, Role
from incidents.settings import Settings
from incidents.store.engine import Store
from tests.console.browsing import Browser, bearer, browser, statements_of, welcome
from tests.console.command_line import declared, open_store, run, write
from tests.console.swept import TERM, VIOLATES, read_by, worked
from tests.console.test_api import problem

PAGE = "/catalogue/policies/violence.incitement"
BEFORE, AFTER = "Calls on others to hurt or kill people", "Calls on <b>anybody</b> to hurt or kill people"
NOOR = Person(id="noor", roles=frozenset({Role.commander}))


def policies(version: int, clause: str) -> str:
    """The shipped policies with another first clause, and the first policy's version raised to this."""
    shipped = (SHIPPED / "policies.yaml").read_text(encoding="utf-8")
    assert BEFORE in shipped
    return shipped.replace(BEFORE, clause).replace("    version: 1", f"    version: {version}", 1)


def begun_with(settings: Settings, text: str) -> None:
    """Start an application with these policies, and end it."""
    write(settings.catalogue_folder / "policies.yaml", text)
    with browser(settings):
        pass


@pytest.fixture
def ada(visiting: Browser, store: Store) -> Browser:
    return welcome(visiting, store, "ada-l")


def test_everything_that_an_entry_says_is_read_on_its_page(ada: Browser) -> None:
    listed = ada.get("/catalogue").text
    for kind in ("policies", "protocols", "severities", "priority_rules", "checklists", "teams"):
        assert f'<h2 id="k-{kind}">' in listed
    assert f'<a href="{PAGE}">' in listed
    policy = ada.get(PAGE).text
    for words in (BEFORE, "STATEMENT_CATEGORY_", "edition 1 of 1"):
        assert words in policy
    protocol = ada.get("/catalogue/protocols/default").text
    for heading in ("Entry criteria", "Exit criteria", "Stages", "Debrief", "Notifications"):
        assert f"<h2>{heading}</h2>" in protocol
    assert "policies.yaml" in policy
    assert str(Path.cwd()) not in policy + listed


def test_a_changed_policy_is_another_edition_and_the_two_are_compared(
    ada: Browser, settings: Settings, store: Store
) -> None:
    begun_with(settings, policies(2, AFTER))
    with browser(settings) as again:
        root = welcome(again, store, "root-a")
        page = root.get(PAGE).text
        assert "version 2, edition 2 of 2" in page
        assert "Otherwise than it ships" in page
        old = root.get(f"{PAGE}?edition=1").text
        assert "not in force" in old
        assert BEFORE in old
        changed = root.get(f"{PAGE}/changes").text
        assert "<ins>clauses › call-to-act › text: Calls on &lt;b&gt;anybody" in changed
        assert "<del>version: 1</del>" in changed
        assert "The two say the same" in root.get(f"{PAGE}/changes?from=2&to=2").text
        assert root.get(f"{PAGE}?edition=3").status_code == 404
        assert root.get("/catalogue/policies/no.such").status_code == 404
        assert root.get("/catalogue/channels/legal").status_code == 422
    begun_with(settings, policies(1, BEFORE))
    with browser(settings) as back:
        # What was in force before is in force again: no third edition.
        page = welcome(back, store, "root-a").get(PAGE).text
        assert "version 1, edition 1 of 2" in page
        assert "It says what ships." in page


def test_a_policy_that_changed_without_its_version_is_told(ada: Browser, settings: Settings) -> None:
    begun_with(settings, policies(1, AFTER))
    page = ada.get(f"{PAGE}?edition=2").text
    assert "did not raise the version" in page
    assert "did not raise the version" not in ada.get(PAGE).text


def test_incidents_and_sweeps_that_went_by_it_are_told_to_those_who_see_them(
    ada: Browser, store: Store, tmp_path: Path
) -> None:
    sweep = worked(tmp_path)
    body = write(tmp_path / "guideline.md", "Remove it.\n")
    run("guideline", "publish", "INC-1", "--file", str(body), "--as", "ada-l")
    read_by("fay-e", tmp_path, VIOLATES)
    page = ada.get(PAGE).text
    assert '<a href="/incidents/INC-1">' in page
    assert f'<a href="/sweeps/{sweep}">' in page
    assert '<a href="/incidents/INC-1">' in ada.get("/catalogue/protocols/default").text
    run("restrict", "INC-1", "--reason", "Names of victims", "--as", "ada-l")
    with closing(open_store()) as opened:
        token = bearer(opened, NOOR)
    ada.cookies.clear()
    noor = welcome(ada, store, "noor")
    for path in (PAGE, "/catalogue/protocols/default"):
        assert "INC-1" not in noor.get(path).text
    assert noor.get("/api/v1/catalogue/policies", headers=token).status_code == 200


def test_pages_ask_no_statement_an_entry(ada: Browser) -> None:
    few = statements_of(ada, PAGE)
    for number in range(3):
        declared("--title", f"{TERM} {number}")
    assert statements_of(ada, PAGE) <= few
    assert statements_of(ada, "/catalogue") <= few


def test_the_api_tells_the_same(visiting: Browser, settings: Settings, store: Store) -> None:
    begun_with(settings, policies(2, AFTER))
    token = bearer(store, NOOR)

    def ask(path: str) -> dict[str, object]:
        answer = visiting.get(f"/api/v1{path}", headers=token)
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told

    listed = ask("/catalogue/policies?limit=500")["items"]
    assert isinstance(listed, list)
    named = {"id": "violence.incitement", "name": "Incitement to violence"}
    assert named | {"version": 1, "editions": 2} in listed
    whole = ask(PAGE)
    assert (whole["number"], whole["in_force"]) == (1, True)
    assert ask(f"{PAGE}?edition=2")["version"] == 2
    changed = ask(f"{PAGE}/changes?from=1&to=2")
    assert {"kind": "added", "line": "version: 2"} in changed["changes"]  # type: ignore[operator]
    problem(visiting.get(f"/api/v1{PAGE}?edition=9", headers=token), 404, "NOT_FOUND")
