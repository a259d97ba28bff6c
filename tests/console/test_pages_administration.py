"""What an administrator sees and does in a browser."""

import pytest
import sqlalchemy as sa

from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.schema import outbox
from tests.console.browsing import PASSWORD, Browser, browser, form_on, welcome
from tests.console.command_line import declared, run


@pytest.fixture
def root(visiting: Browser, store: Store) -> Browser:
    return welcome(visiting, store, "root-a")


def test_somebody_is_let_in_and_shut_out_again(settings: Settings, root: Browser, store: Store) -> None:
    page = root.get("/administration").text
    csrf = form_on(page, "/sign-out")
    made = root.post("/administration/link", data=csrf | {"person": "noor"}).text
    address = made[made.index("http://testserver/welcome/") :].partition("</code>")[0]
    with browser(settings) as noor:
        entered = noor.post(address, data={"password": PASSWORD, "again": PASSWORD})
        assert entered.url.path == "/"
        silent = root.post("/administration/disable", data=csrf | {"person": "noor", "reason": " "})
        assert silent.status_code == 422
        assert "REASON_MISSING" in silent.text
        root.post("/administration/disable", data=csrf | {"person": "noor", "reason": "Left the team"})
        assert noor.get("/", follow_redirects=False).status_code == 303
    log = root.get("/administration/log").text
    assert log.index("disabled an account") < log.index("made a sign-in link")
    assert "Left the team" in log
    assert address.rpartition("/")[2] not in log + root.get("/administration").text


def test_nobody_shuts_themselves_out(root: Browser) -> None:
    csrf = form_on(root.get("/administration").text, "/sign-out")
    answer = root.post("/administration/disable", data=csrf | {"person": "root-a", "reason": "A slip"})
    assert answer.status_code == 422
    assert "OWN_ACCOUNT" in answer.text
    assert root.get("/administration").status_code == 200


def test_a_failed_delivery_is_shown_and_tried_again(root: Browser, store: Store) -> None:
    incident = declared()
    run("ask", incident, "--team", "legal", "--text", "Which orders?", "--as", "ada-l")
    assert "Try again" not in root.get("/administration/deliveries").text
    with store.begin() as work:
        message = sa.update(outbox).where(outbox.c.kind == "message")
        work.execute(message.values(state="failed", last_error="<b>410 Gone</b>", attempts=1))
    page = root.get("/administration/deliveries").text
    assert "&lt;b&gt;410 Gone" in page
    fields = form_on(page, "/administration/deliveries/rerun")
    assert "Try again" not in root.post("/administration/deliveries/rerun", data=fields).text
    again = root.post("/administration/deliveries/rerun", data=fields)
    assert again.status_code == 422
    assert "nothing to run again" in again.text


def test_health_is_what_the_doctor_finds(root: Browser) -> None:
    page = root.get("/administration/health").text
    assert "prefect server" in page
    assert "does not work" in page  # nothing of Prefect runs here


def test_a_long_log_is_paged(root: Browser) -> None:
    csrf = form_on(root.get("/administration").text, "/sign-out")
    for _ in range(101):
        root.post("/administration/link", data=csrf | {"person": "noor"})
    first = root.get("/administration/log").text
    assert first.count("made a sign-in link") == 100
    older = first.partition('href="/administration/log?before=')[2].partition('"')[0]
    rest = root.get(f"/administration/log?before={older}").text
    assert rest.count("made a sign-in link") == 2  # the last of them, and the one that let Root in
    assert "Older lines" not in rest
