"""A sweep in a browser without JavaScript: what is shown of it to whom, and every move."""

import csv
import io
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console import lately, sweeping
from console.sources import SOURCES_FILE
from incidents.people import Person, Role
from incidents.settings import Settings
from incidents.store.access_log import Access, read_log
from incidents.store.certificates import draft_certificate, keep_certificate
from incidents.store.engine import Store
from incidents.store.schema import decisions, items, sweeps, windows
from incidents.sweeps.certificate import sign
from tests.console.browsing import STAFFED, Browser, browser, statements_of, welcome
from tests.console.command_line import open_store, run, seconded, told, write
from tests.console.swept import (
    COPIED,
    HARMLESS,
    SECRET,
    TERM,
    UNSURE,
    VIOLATES,
    ended,
    gathered,
    read_by,
    requested,
    worked,
)

PAGE = "/sweeps/INC-1-S1"
PAGES = ("", "/decisions", "/clusters", "/quality", "/certificate", "/plan", "/post?item=1")
STAFF_ONLY = ("/certificate", "/certificate.json", "/universe.csv", "/plan", "/plan.csv", "/post?item=1")


@pytest.fixture
def people() -> str:
    return f"""{STAFFED}\
  - {{id: gil-w, name: Gil W., roles: [partner_lead], team: western-europe, languages: [de, fr]}}
"""


@pytest.fixture
def sweep(home: Path, tmp_path: Path) -> str:
    """A sweep with two copies of a post, not read yet."""
    return worked(tmp_path, COPIED)


@pytest.fixture
def read(sweep: str, tmp_path: Path) -> str:
    """The same, read by Dev."""
    read_by("dev-e", tmp_path, VIOLATES, **{"2": HARMLESS, "4": UNSURE})
    return sweep


def decided(store: Store) -> list[str]:
    with store.read() as work:
        return list(
            work.execute(sa.select(decisions.c.item).where(decisions.c.superseded_at.is_(None))).scalars()
        )


def head_of(store: Store) -> str:
    """The post of whose decision two others are copies."""
    with store.read() as work:
        return str(
            work.execute(
                sa.select(items.c.item).where(items.c.copies > 1, items.c.read_as == items.c.item)
            ).scalar_one()
        )


def test_it_says_what_the_command_line_says(read: str, visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    assert f'href="{PAGE}"' in visiting.get("/incidents/INC-1/sweeps").text
    page = visiting.get(PAGE).text
    for sentence in told("sweep", "status", read)["sentences"]:
        assert sentence.partition(": ")[2][1:] in page
    assert "<strong>5</strong> of 5 posts decided" in page
    assert 'src="/sweeps/INC-1-S1/charts/throughput.svg"' in page
    drawn = visiting.get(f"{PAGE}/charts/throughput.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert visiting.get(f"{PAGE}/charts/throughput.json").json()["description"]
    assert visiting.get(f"{PAGE}/charts/nothing.svg").status_code == 404


def test_who_works_on_it_is_shown_until_when(sweep: str, visiting: Browser, store: Store) -> None:
    batch = told("sweep", "claim", "english", "--as", "dev-e")["batch"]
    page = welcome(visiting, store, "ada-l").get(PAGE).text
    assert f'<a href="/queue/{batch}">' in page
    assert "<td>dev-e</td>" in page
    run("sweep", "return", batch, "--reason", "A break", "--as", "dev-e")
    assert "given back" in visiting.get(PAGE).text


def test_no_page_shows_a_text_before_somebody_asks_for_it(read: str, visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    for path in PAGES:
        answer = visiting.get(PAGE + path)
        assert answer.status_code == 200, path
        assert SECRET not in answer.text, path
    page = f"{PAGE}/post?item=1"
    refused = visiting.submit(page, f"{PAGE}/look", reason=" ")
    assert refused.status_code == 422
    assert "REASON_MISSING" in refused.text
    assert SECRET not in refused.text
    shown = visiting.submit(page, f"{PAGE}/look", reason="The press quotes it").text
    assert SECRET in shown
    assert '<details class="text">' in shown
    with store.read() as work:
        last = read_log(work, by=Person(id="root-a", roles=frozenset({Role.administrator})))[0]
    assert (last.what, last.person, last.target, last.reason) == (
        Access.post_shown,
        "ada-l",
        "INC-1-S1/1",
        "The press quotes it",
    )


def test_a_decision_is_undone_with_its_copies_and_a_reason(read: str, visiting: Browser, store: Store) -> None:
    head = head_of(store)
    welcome(visiting, store, "ada-l")
    page = visiting.get(f"{PAGE}/decisions?item={head}").text
    assert "it holds for 3 copies" in page
    refused = visiting.submit(f"{PAGE}/decisions?item={head}", f"{PAGE}/undo", reason=" ")
    assert refused.status_code == 422
    assert "REASON_MISSING" in refused.text
    assert head in decided(store)
    done = visiting.submit(f"{PAGE}/decisions?item={head}", f"{PAGE}/undo", reason="It is a news report")
    assert done.url.path == f"{PAGE}/decisions"
    assert head not in decided(store)
    assert "<strong>2</strong> of 5 posts decided" in visiting.get(PAGE).text
    again = visiting.post(f"{PAGE}/undo", data=visiting.csrf | {"item": head, "reason": "Once more"})
    assert "ITEM_UNDECIDED" in again.text


def test_partners_see_their_own_part_alone(read: str, visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "fay-e")
    page = visiting.get(PAGE).text
    assert "<td>english</td>" in page
    assert "What it looks for" not in page
    assert "Another hour" not in page
    assert visiting.get(f"{PAGE}/quality").status_code == 200
    assert "posts.csv" not in page
    for path in (*STAFF_ONLY, "/charts/throughput.svg"):
        assert visiting.get(PAGE + path).status_code == 403, path
    assert len(visiting.get(f"{PAGE}/decisions").text.split('class="danger"')) == 4
    welcome(visiting, store, "gil-w")
    assert "No post of your team matched" in visiting.get(PAGE).text
    assert "Nothing is decided yet" in visiting.get(f"{PAGE}/decisions").text
    assert "No decision holds" in visiting.get(f"{PAGE}/decisions?item=2").text
    undo = visiting.post(f"{PAGE}/undo", data=visiting.csrf | {"item": "2", "reason": "Not ours"})
    assert (undo.status_code, "OTHER_TEAM" in undo.text) == (403, True)


def test_who_reads_does_not_see_what_others_decided(read: str, visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "dev-e")
    assert visiting.get(f"{PAGE}/decisions").status_code == 403
    assert f'href="{PAGE}/decisions"' not in visiting.get(PAGE).text


def test_a_restricted_incident_keeps_its_sweeps_to_its_circle(
    read: str, visiting: Browser, store: Store
) -> None:
    run("restrict", "INC-1", "--reason", "Names of victims", "--as", "ada-l")
    welcome(visiting, store, "noor")
    for path in (*PAGES, "/certificate.json", "/universe.csv", "/plan.csv", "/charts/throughput.svg"):
        answer = visiting.get(PAGE + path)
        assert (answer.status_code, "INCIDENT_RESTRICTED" in answer.text) == (403, True), path


def test_posts_are_urged_and_the_sweep_is_closed_for_a_reason(
    sweep: str, visiting: Browser, store: Store
) -> None:
    welcome(visiting, store, "ada-l")
    refused = visiting.submit(PAGE, f"{PAGE}/urge", items="2 99", reason="The press has it")
    assert refused.status_code == 422
    form = refused.text[refused.text.index('id="do-urge"') :]
    assert form.index("ITEM_UNKNOWN") < form.index("</form>")
    assert "2 99</textarea>" in form
    assert visiting.submit(PAGE, f"{PAGE}/urge", items=" ", reason="The press has it").status_code == 422
    visiting.submit(PAGE, f"{PAGE}/urge", items="2", reason="The press has it")
    with store.read() as work:
        urged = work.execute(sa.select(items.c.item).where(items.c.priority > 1)).scalars().all()
    assert urged == ["2"]
    assert "REASON_MISSING" in visiting.submit(PAGE, f"{PAGE}/close", reason=" ").text
    proposed = visiting.submit(PAGE, f"{PAGE}/close", reason="All of it is gone")
    assert proposed.url.path == "/proposals/INC-1-P1"
    run("proposals", "confirm", "INC-1-P1", "--reason", "I looked, too", "--as", "noor")
    closed = visiting.get(PAGE).text
    assert "ada-l: All of it is gone" in closed
    assert "do-close" not in closed
    assert "do-urge" not in closed


def test_a_certificate_says_what_is_missing_then_what_it_proves(
    home: Path, tmp_path: Path, visiting: Browser, store: Store
) -> None:
    sweep = worked(tmp_path, sampled=True)
    welcome(visiting, store, "ada-l")
    before = visiting.get(f"{PAGE}/certificate").text
    assert "There is none yet" in before
    assert "3 have none" in before
    assert visiting.get(f"{PAGE}/certificate.json").status_code == 404
    assert visiting.get(f"{PAGE}/universe.csv").status_code == 404
    certified(sweep)
    page = visiting.get(f"{PAGE}/certificate").text
    assert "It claims: waived" in page
    assert "ada-l waived what was not proven: All of it is gone" in page
    assert "It holds" in visiting.get(f"{PAGE}/certificate?check=true").text
    folder = tmp_path / "taken"
    document = visiting.get(f"{PAGE}/certificate.json")
    assert "attachment" in document.headers["content-disposition"]
    write(folder / "certificate.json", document.text)
    (folder / "universe.parquet").write_bytes(visiting.get(f"{PAGE}/universe.parquet").content)
    assert told("certificate", "verify", str(folder))["holds"] is True
    assert SECRET not in visiting.get(f"{PAGE}/universe.csv").text
    with store.begin() as work:
        work.execute(items.update().where(items.c.item == "1").values(content_hash="another"))
    assert "universe_hash" in visiting.get(f"{PAGE}/certificate?check=true").text


def certified(sweep: str) -> None:
    """Close it, and certify it as the flow does."""
    seconded("sweep", "close", sweep, "--reason", "All of it is gone")
    ended(sweep)
    with closing(open_store()) as store, store.begin() as work:
        drafted = draft_certificate(work, sweep, now=datetime(2026, 1, 16, tzinfo=UTC))
        assert drafted is not None
        assert keep_certificate(work, sign(drafted, Ed25519PrivateKey.generate()))


def test_a_plan_is_ordered_or_reported(
    home: Path, tmp_path: Path, visiting: Browser, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = worked(tmp_path)
    welcome(visiting, store, "ada-l")
    assert "It has no plan yet" in visiting.get(f"{PAGE}/plan").text
    assert visiting.get(f"{PAGE}/plan.csv").status_code == 404
    read_by("dev-e", tmp_path, VIOLATES)
    ended(sweep)
    with store.begin() as work:
        work.execute(windows.update().values(source={"kind": "http", "url": "https://platform.example"}))
    page = visiting.get(f"{PAGE}/plan").text
    assert "remove 3 posts under violence.incitement" in page
    refused = visiting.submit(f"{PAGE}/plan", f"{PAGE}/act", actions="3", reason="Two of us read it")
    assert refused.status_code == 422
    form = refused.text[refused.text.index('id="do-act"') :]
    assert form.index("ACTIONS_SWITCHED_OFF") < form.index("</form>")
    assert 'value="3"' in form
    assert "a whole number" in visiting.submit(f"{PAGE}/plan", f"{PAGE}/act", actions="all", reason="Yes").text
    plan = visiting.get(f"{PAGE}/plan.csv").text.removeprefix("\ufeff")
    said = visiting.submit(f"{PAGE}/plan", f"{PAGE}/acted", plan=acted(plan, "tomorrow"))
    assert (said.status_code, "acted_at is no time" in said.text) == (422, True)
    done = visiting.submit(f"{PAGE}/plan", f"{PAGE}/acted", plan=acted(plan, "2026-01-15T12:00:00Z"))
    assert "So far: 1 done" in done.text
    monkeypatch.setenv("WATCHFLOOR_PLATFORM_ACTIONS", "true")
    with browser(Settings()) as later:
        later.sign_in("ada-l")
        ordered = later.submit(f"{PAGE}/plan", f"{PAGE}/act", actions="2", reason="Two of us read it")
        assert "2 ordered, 1 done" in ordered.text


def acted(plan: str, at: str) -> str:
    """The plan with its first line carried out."""
    rows = list(csv.DictReader(io.StringIO(plan)))
    rows[0]["acted_at"] = at
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_one_that_is_not_gathered_yet_says_so(
    home: Path, tmp_path: Path, visiting: Browser, store: Store
) -> None:
    sweep = requested(tmp_path)
    welcome(visiting, store, "ada-l")
    for path in PAGES[:-1]:
        assert visiting.get(PAGE + path).status_code == 200, path
    assert "being gathered" in visiting.get(PAGE).text
    gathered(sweep)
    assert "<strong>0</strong> of 3 posts decided" in visiting.get(PAGE).text


def test_nobody_is_told_where_the_machine_keeps_posts_but_by_a_name(
    home: Path, tmp_path: Path, visiting: Browser, store: Store
) -> None:
    requested(tmp_path)
    place = str(tmp_path / "posts.csv")
    assert f"gathered from {place}" in welcome(visiting, store, "ada-l").get(PAGE).text
    partners = welcome(visiting, store, "fay-e").get(PAGE).text
    assert "Its posts are being gathered. The" in partners
    assert place not in partners
    for named, called in {tmp_path: "exports/posts.csv", tmp_path / "posts.csv": "exports"}.items():
        write(home / SOURCES_FILE, f"exports: {{kind: file, path: {named}}}\n")
        assert f"gathered from {called}." in visiting.get(PAGE).text
    staff = welcome(visiting, store, "ada-l").get(PAGE).text
    assert "<dd>exports: being gathered" in staff
    assert place not in staff
    write(home / SOURCES_FILE, "exports: nothing\n")
    assert place in visiting.get(PAGE).text
    assert place not in welcome(visiting, store, "fay-e").get(PAGE).text


def test_a_form_that_does_not_exist_is_refused(sweep: str, visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    assert visiting.post(f"{PAGE}/explode", data=visiting.csrf).status_code == 400
    assert visiting.get("/sweeps/INC-1-S9").status_code == 404


def test_the_sums_of_a_large_sweep_are_counted_behind_the_page(
    sweep: str, visiting: Browser, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "KEPT_FROM", 0)
    monkeypatch.setattr(lately, "AS_GOOD_AS_NEW", 0)
    welcome(visiting, store, "ada-l")
    assert "<strong>0</strong> of 5 posts decided" in visiting.get(PAGE).text
    read_by("dev-e", tmp_path, VIOLATES)
    assert "<strong>0</strong> of 5 posts decided" in visiting.get(PAGE).text
    assert "<strong>5</strong> of 5 posts decided" in visiting.get(PAGE).text


def test_statements_do_not_grow_with_posts(home: Path, tmp_path: Path, visiting: Browser, store: Store) -> None:
    many = COPIED + "".join(
        f"{n},{TERM} said voice number {n} and its {n * 7} friends,en,5,2026-01-15T09:00:00Z\n"
        for n in range(100, 140)
    )
    worked(tmp_path, many)
    read_by("dev-e", tmp_path, HARMLESS)
    welcome(visiting, store, "ada-l")
    most = {"": 35, "/decisions": 8, "/clusters": 10, "/quality": 20, "/certificate": 35, "/plan": 8}
    asked = {path: statements_of(visiting, PAGE + path) for path in most}
    assert {path: number for path, number in asked.items() if number > most[path]} == {}
    with store.begin() as work:
        work.execute(sweeps.update().values(posts_matched=sweeping.KEPT_FROM))
    visiting.get(PAGE)
    assert statements_of(visiting, PAGE) <= 8
