"""Start a drill in a browser without JavaScript, and see how far it is."""

import pytest

from console import runs
from incidents.store.drills import end_drill, find_drill, reach_stage
from incidents.store.engine import Store
from tests.console.browsing import Browser, form_on, welcome
from tests.console.command_line import opened

TYPED = {"scenario": "election", "posts": "500", "seed": "7", "error_rate": "0.1"}


def test_a_drill_is_started_beside_declaring_and_leads_to_its_incident(
    visiting: Browser, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[object, ...]] = []
    monkeypatch.setattr(runs, "start_flow", lambda *told, key: started.append((*told[1:], key)))
    welcome(visiting, store, "ada-l")
    page = visiting.submit("/declare", "/drills", **TYPED)
    assert page.url.path == "/drills"
    assert started == [("drill", {"drill": "DRILL-1"}, "DRILL-1")]
    assert "election, seed 7" in page.text
    assert "comes soon" in page.text
    with store.read() as work:
        drill = find_drill(work, "DRILL-1")
    assert (drill.requested_by, drill.request["posts"], drill.request["live"]) == ("ada-l", 500, False)
    incident = opened("A rehearsal", drill="DRILL-1")
    with store.begin() as work:
        reach_stage(work, "DRILL-1", "declare", incident=incident)
    assert f'<a href="/incidents/{incident}">' in visiting.get("/drills").text
    assert '<span class="tag">drill</span>' in visiting.get(f"/incidents/{incident}").text
    with store.begin() as work:
        end_drill(work, "DRILL-1", failure="<b>nobody</b> noticed")
    assert "failed</span> at “declare”: &lt;b&gt;nobody" in visiting.get("/drills").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"posts": "5"}, "posts: Input should be greater than or equal to 100"),
        ({"seed": "many"}, "seed: Input should be a valid integer"),
        ({"scenario": "picnic"}, "There is no scenario picnic"),
    ],
)
def test_what_refuses_it_is_said_beside_the_button(
    visiting: Browser, store: Store, wrong: dict[str, str], said: str
) -> None:
    welcome(visiting, store, "ada-l")
    refused = visiting.submit("/drills", "/drills", **TYPED | wrong)
    assert refused.status_code == 422
    form = refused.text[refused.text.index('id="do-drill"') :]
    assert form.index(said) < form.index("</form>")
    assert 'value="0.1"' in form
    assert "There was none yet" in refused.text


def test_where_no_flow_can_run_it_is_said_and_the_drill_failed(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "ada-l")
    refused = visiting.submit("/drills", "/drills", **TYPED, live="true")
    assert (refused.status_code, "server does not answer" in refused.text) == (422, True)
    assert " checked> <span>By the machine" in refused.text
    with store.read() as work:
        assert find_drill(work, "DRILL-1").state == "failed"


def test_who_may_not_declare_looks_on(visiting: Browser, store: Store) -> None:
    welcome(visiting, store, "bo-r")
    assert "do-drill" not in visiting.get("/drills").text
    csrf = form_on(visiting.get("/").text, "/sign-out")
    assert visiting.post("/drills", data=csrf | TYPED).status_code == 403
