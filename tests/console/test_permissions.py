"""Every way into the application, gone as every role: docs/reference/permissions.md says who is let in."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from console.app import make_app
from incidents.catalogue.load import load_catalogue
from incidents.incident.incident import SYSTEM
from incidents.incident.severity import Impact
from incidents.people import Act, Person, Role, is_allowed
from incidents.proposals import Step, Wanted
from incidents.settings import Settings
from incidents.store.action_items import file_action
from incidents.store.asks import NewAsk, ask_partner
from incidents.store.by_hand import Described, open_by_hand
from incidents.store.engine import Store, Work
from incidents.store.lifecycle import declare, restrict
from incidents.store.proposals import propose
from tests.console.browsing import Browser, bearer, form_on, welcome
from tests.console.command_line import NOW, at_home
from tests.console.swept import worked
from tests.routes import NEEDS, Entrance, Needed

TEAM = "english"
TEAMS = {Role.partner_lead: TEAM, Role.partner_reviewer: TEAM}
PEOPLE = "version: 1\npeople:\n" + "".join(
    f"  - {{id: {role.value.replace('_', '-')}, roles: [{role.value}]"
    + (f", team: {TEAMS[role]}}}\n" if role in TEAMS else "}\n")
    for role in Role
)
PEOPLE += """\
  - {id: ada-l, roles: [commander, analyst]}
  - {id: stranger, roles: [partner_lead], team: legal}
  - {id: spare, roles: [analyst]}
"""
BATCH = "INC-1-S1-B1"
SIGNAL = {"source": "desk", "title": "Copies of a video", "event_at": "2026-01-15T08:00:00Z"}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/signals": SIGNAL,
    "POST /api/v1/actions/{item}/report": {"note": "begun"},
    "POST /api/v1/actions/{item}/change": {"state": "in_progress"},
    "POST /api/v1/incidents/{incident}/sweeps": {"scope": {"terms": ["mirror"]}, "source": "posts"},
    "POST /api/v1/sweeps/{sweep}/undo": {"item": "1", "reason": "A reason"},
    "POST /api/v1/sweeps/{sweep}/urge": {"items": ["1"], "reason": "A reason"},
    "POST /api/v1/sweeps/{sweep}/close": {"reason": ""},
    "PUT /api/v1/retrospectives/{incident}/zone": {"zone": "UTC"},
    "POST /api/v1/retrospectives/{incident}/comments": {"version": 1, "text": "Is it so?"},
    "POST /api/v1/retrospectives/{incident}/comments/{number}/answers": {"text": "It is"},
    "POST /api/v1/retrospectives/{incident}/comments/{number}/resolve": {"reason": "A reason"},
    "POST /api/v1/retrospectives/{incident}/audiences/{audience}/share": {"reason": "A reason"},
    "POST /api/v1/proposals/{proposal}/confirm": {"reason": "A reason"},
    "POST /api/v1/proposals/{proposal}/refuse": {"reason": "A reason"},
    "POST /api/v1/retrospectives/{incident}/sign": {"version": 1},
    "POST /api/v1/retrospectives/{incident}/steps/{step}": {"note": "All were asked"},
    "POST /api/v1/retrospectives/{incident}/owner": {"person": "spare"},
    "POST /api/v1/retrospectives/{incident}/approvals": {"audience": "internal", "version": 1},
    "PUT /api/v1/retrospectives/{incident}/sections/{section}": {"text": "It was a Monday"},
    "POST /api/v1/retrospectives/{incident}/factors": {
        "category": "process",
        "sentence": "The rota had a gap",
        "supports": [],
    },
    "POST /api/v1/retrospectives/{incident}/factors/{number}/judge": {"accepted": True, "reason": "A reason"},
    "POST /api/v1/retrospectives/{incident}/factors/{number}/change": {"reason": "A reason"},
    "POST /api/v1/incidents": {"title": "Another one still", "reason": "A reason"},
    "POST /api/v1/incidents/{incident}/declare": {"reason": "A reason"},
    "POST /api/v1/incidents/{incident}/dismiss": {"reason": "A reason"},
    "POST /api/v1/incidents/{incident}/stand-down": {"reason": "A reason"},
    "POST /api/v1/incidents/{incident}/reopen": {"reason": "A reason"},
    "POST /api/v1/incidents/{incident}/waive": {"reason": "A reason", "code": "GUIDELINE_MISSING"},
    "POST /api/v1/incidents/{incident}/restrict": {"reason": "A reason", "restricted": True},
    "POST /api/v1/incidents/{incident}/hand-over": {"role": "analyst", "to": "analyst"},
    "POST /api/v1/incidents/{incident}/briefs": {"text": "Two teams read"},
    "POST /incidents/{incident}/brief": {"brief": "Two teams read"},
    "POST /api/v1/incidents/{incident}/asks": {"team": "legal", "what": "Which orders are to be expected?"},
    "POST /api/v1/incidents/{incident}/guidelines": {"bodies": {"en": "Remove it."}},
    "POST /api/v1/incidents/{incident}/actions": {
        "title": "A rota",
        "kind": "process",
        "owner": "legal",
        "success": "It is kept",
    },
    "POST /api/v1/on-call/{rotation}/take": {
        "starts_at": "2030-01-01T00:00:00Z",
        "ends_at": "2030-01-01T08:00:00Z",
        "reason": "A reason",
    },
    "POST /on-call/take": {"rotation": "none-such"},
    "GET /api/v1/search": {"words": "mirrors"},
    "GET /api/v1/sweeps/{sweep}/decision": {"item": "1"},
    "GET /api/v1/sweeps/{sweep}/post": {"item": "1"},
    "POST /api/v1/batches/claim": {"team": TEAM},
    "POST /api/v1/batches/reserve": {"team": TEAM},
    "POST /api/v1/batches/{batch}/decisions": {
        "guideline_version": None,
        "decisions": [{"item": "1", "verdict": "does_not_violate"}],
    },
    "POST /api/v1/batches/{batch}/skips": {"item": "2", "reason": "A reason"},
    "POST /api/v1/batches/{batch}/return": {"reason": "A reason"},
    "POST /incidents/{incident}/waive": {"code": "GUIDELINE_MISSING"},
    "POST /incidents/{incident}/restrict": {"restricted": "yes"},
    "POST /incidents/{incident}/hand-over": {"role": "analyst", "to": "analyst"},
    "POST /incidents/{incident}/ask": {"team": "legal", "what": "Which orders are to be expected?"},
    "POST /incidents/{incident}/guidelines/publish": {"was": "0", "language-0": "en", "body-0": "Remove it."},
    "POST /queue/claim": {"team": TEAM},
    "POST /queue/ahead": {"team": TEAM},
    "POST /queue/{batch}/translate": {"item": "1", "into": "en"},
    "POST /queue/{batch}/say": {"item": "1", "say": "does_not_violate", "place": "0"},
    "POST /incidents/{incident}/star": {"entry": "1"},
    "POST /incidents/{incident}/unstar": {"entry": "1"},
    "POST /account/tokens/make": {"name": "a tool", "days": "1", "may": "hand in a signal"},
    "POST /account/tokens/revoke": {"token": "1000000"},
    "POST /administration/tokens/make": {
        "person": "spare",
        "name": "a tool",
        "days": "1",
        "may": "hand in a signal",
    },
    "POST /administration/tokens/revoke": {"token": "1000000"},
    "POST /administration/senders/make": {"sender": "a-tool"},
    "POST /administration/senders/renew": {"sender": "no-such-tool"},
    "POST /administration/senders/end": {"sender": "no-such-tool"},
    "POST /administration/link": {"person": "spare"},
    "POST /administration/disable": {"person": "spare"},
    "POST /administration/enable": {"person": "spare"},
    "POST /administration/channels/test": {"channel": "legal"},
    "POST /administration/deliveries/rerun": {"delivery": "1"},
    "POST /retrospectives/{incident}/sign": {"version": "1"},
    "POST /retrospectives/{incident}/for/{audience}/approve": {"version": "1"},
    "POST /retrospectives/{incident}/done": {"step": "interviews"},
    "POST /retrospectives/{incident}/skip": {"step": "interviews"},
    "POST /retrospectives/{incident}/owner": {"person": "spare"},
    "POST /retrospectives/{incident}/words/judge": {"number": "1", "state": "accepted"},
    "POST /retrospectives/{incident}/words/change": {"number": "1", "category": "process"},
    "POST /retrospectives/{incident}/words/write": {"section": "lucky", "was": "0", "text": "It was a Monday"},
    "POST /retrospectives/{incident}/words/zone": {"zone": "UTC"},
    "POST /actions/file": {"incident": "INC-1", "title": "A rota", "kind": "process", "owner": "legal"},
    "POST /actions/{item}/change": {"state": "in_progress"},
    "POST /declare": {"title": "Another one", "declare": "yes"},
    "POST /sweeps/{sweep}/look": {"item": "1"},
    "POST /sweeps/{sweep}/undo": {"item": "1"},
    "POST /sweeps/{sweep}/urge": {"items": "1"},
    "POST /sweeps/{sweep}/act": {"actions": "1"},
}
"""Way → what a form or a call of it needs to come as far as the question who may."""

PLACES = {"audience": "internal", "name": "crisis", "ending": "md", "sweep": "INC-1-S1"}
PLACES |= {"version": "1", "entry": "1", "delivery": "1", "number": "1", "sender": "a-tool"}
PLACES |= {"step": "interviews", "section": "lucky", "channel": "escalations", "rotation": "none-such"}
PLACES |= {"kind": "policies", "named": "violence.incitement"}
"""What stands in a path beside what every incident has."""

PLACES_OF = {"GET /api/v1/sweeps/{sweep}/universe.{ending}": {"ending": "csv"}}
"""Way → what stands in its path otherwise."""

ENDLESS = "GET /incidents/{incident}/live"
"""A stream that ends with its reader: what it refuses is told before it begins."""


class House:
    """The application with one person of each role signed in, and a new incident for every way that is gone."""

    def __init__(self, settings: Settings, store: Store, app: FastAPI) -> None:
        self.store = store
        self.app = app
        self.catalogue = load_catalogue(settings.catalogue_folder)
        self.tokens = {person.id: bearer(store, person) for person in self.catalogue.people}
        self.opened = {
            person.id: Browser(app, raise_server_exceptions=False) for person in self.catalogue.people
        }
        self.number = 0
        for person, visiting in self.opened.items():
            welcome(visiting, store, person)
        held = self.go("POST /queue/claim", "partner-reviewer")
        assert held.headers["location"] == f"/queue/{BATCH}"

    def go(
        self, way: str, person: str, *, restricted: bool = False, token: dict[str, str] | None = None
    ) -> Any:
        """Go a way in an incident of its own, and return the answer; through the API with a token."""
        method, _, pattern = way.partition(" ")
        named = self.incident(restricted=restricted)
        path = pattern.format(**named, **PLACES | PLACES_OF.get(way, {}), batch=BATCH, token="no-such-token")
        fields = {"reason": "A reason", "ask": named["key"]} | BODIES.get(way, {})
        visiting = self.opened[person]
        if pattern.startswith("/api/"):
            told = {"params" if method == "GET" else "json": BODIES.get(way, {})}
            headers = {"If-Match": "*"} | (token or self.tokens[person])
            return visiting.request(method, path, headers=headers, **told)
        if method == "GET":
            return visiting.get(path, follow_redirects=False)
        csrf = form_on(visiting.get("/").text, "/sign-out")
        answer = visiting.post(path, data=csrf | fields, follow_redirects=False)
        if pattern == "/sign-out":
            welcome(visiting, self.store, person)
        return answer

    def incident(self, *, restricted: bool) -> dict[str, str]:
        """A declared incident with an ask to legal and an action item of everybody's."""
        self.number += 1
        said = Described(title=f"Crisis {self.number}", impact=Impact(harm=4))
        with self.store.begin() as work:
            lead = self.catalogue.person("administrator")
            incident = open_by_hand(work, self.catalogue, said, by=lead, now=NOW)
            declare(work, incident, by=lead, reason="It is one", now=NOW)
            key = ask_partner(work, ask_of(incident), by=SYSTEM, now=NOW)
            item = filed(work, incident)
            proposal = proposed(work, incident)
            if restricted:
                restrict(work, incident, restricted=True, by=lead, reason="Names of victims", now=NOW)
        return {"incident": incident, "key": str(key), "item": item, "proposal": proposal}


def ask_of(incident: str) -> NewAsk:
    return NewAsk(
        incident=incident,
        team=TEAM,
        about="mobilise",
        what="Tell the regulator",
        guideline_version=None,
        due_at=NOW,
        channels=("legal",),
        subject="An ask",
        text="{ask}",
    )


def proposed(work: Work, incident: str) -> str:
    wanted = Wanted(step=Step.waive, incident=incident, code="SWEEP_UNFINISHED")
    return propose(work, wanted, by=SYSTEM, reason="It is over", waits=timedelta(weeks=999), now=NOW).id


def filed(work: Work, incident: str) -> str:
    return file_action(
        work,
        incident,
        title="Write it down",
        kind="process",
        owner=TEAM,
        success="It is written",
        due_at=NOW + timedelta(days=30),
        by=SYSTEM,
        now=NOW,
    ).id


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patched, ExitStack() as stack:
        folder = Path(tmp_path_factory.mktemp("house"))
        at_home(folder, patched, PEOPLE)
        settings = Settings()
        worked(folder)
        app = make_app(settings)
        stack.enter_context(Browser(app))  # which starts it, and stops it
        store = Store.open(settings.store_url)
        stack.callback(store.close)
        yield House(settings, store, app)


def may(role: Role, needed: Needed) -> bool:
    somebody = Person(id="somebody", roles=frozenset({role}))
    match needed:
        case Entrance():
            return True
        case tuple():
            return all(is_allowed(somebody, act) for act in needed)
        case _:
            return is_allowed(somebody, needed)


@pytest.mark.parametrize("way", NEEDS)
def test_a_way_lets_in_whom_the_table_says(house: House, way: str) -> None:
    for role in Role:
        let_in = may(role, NEEDS[way])
        if way == ENDLESS and let_in:
            continue
        answer = house.go(way, role.value.replace("_", "-"))
        refused = answer.status_code == 403 and "ROLE_MISSING" in answer.text
        assert refused != let_in, f"{role}: {answer.status_code} {answer.text[:500]}"
        assert answer.status_code < 500


@pytest.mark.parametrize("way", [way for way in NEEDS if "/api/" in way and isinstance(NEEDS[way], Act)])
def test_a_token_of_too_small_a_scope_is_let_in_nowhere(house: House, way: str) -> None:
    for role in (role for role in Role if may(role, NEEDS[way])):
        person = house.catalogue.person(role.value.replace("_", "-"))
        others = [act for act in Act if is_allowed(person, act) and act is not NEEDS[way]]
        answer = house.go(way, person.id, token=bearer(house.store, person, *others))
        assert (answer.status_code, "SCOPE_MISSING" in answer.text) == (403, True), answer.text[:500]


@pytest.mark.parametrize("way", [way for way in NEEDS if not isinstance(NEEDS[way], Entrance)])
def test_nobody_gets_in_without_saying_who_they_are(house: House, way: str) -> None:
    method, _, pattern = way.partition(" ")
    named = {"incident": "INC-1", "key": "ask:INC-1:legal:1", "item": "INC-1-A1", "proposal": "INC-1-P1"}
    path = pattern.format(**named, **PLACES, batch=BATCH)
    stranger = Browser(house.app, raise_server_exceptions=False)
    answer = stranger.request(method, path, follow_redirects=False)
    if pattern.startswith("/api/"):
        assert answer.status_code == 401
    else:
        assert (answer.status_code, answer.headers["location"].startswith("/sign-in")) == (303, True)


@pytest.mark.parametrize(
    "way", [way for way in NEEDS if any(f"{{{name}}}" in way for name in ("incident", "key", "proposal"))]
)
def test_a_restricted_incident_is_open_to_its_circle_alone(house: House, way: str) -> None:
    role = next(role for role in Role if role is not Role.administrator and may(role, NEEDS[way]))
    answer = house.go(way, role.value.replace("_", "-"), restricted=True)
    assert answer.status_code == 403, answer.text[:500]
    assert "INCIDENT_RESTRICTED" in answer.text


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("POST /api/v1/asks/{key}/acknowledge", "OTHER_TEAM"),
        ("POST /asks/acknowledge", "OTHER_TEAM"),
        ("POST /incidents/{incident}/acknowledge", "OTHER_TEAM"),
        ("POST /api/v1/actions/{item}/report", "OTHERS_ACTION"),
        ("GET /api/v1/batches/{batch}", "OTHER_TEAM"),
        ("POST /api/v1/batches/{batch}/decisions", "OTHER_TEAM"),
        ("GET /queue/{batch}", "OTHER_TEAM"),
        ("POST /queue/{batch}/take", "OTHER_TEAM"),
        ("POST /queue/{batch}/say", "OTHER_TEAM"),
        ("POST /queue/{batch}/translate", "OTHER_TEAM"),
        ("POST /sweeps/{sweep}/undo", "OTHER_TEAM"),
    ],
)
def test_another_team_s_work_is_left_alone(house: House, way: str, code: str) -> None:
    answer = house.go(way, "stranger")
    assert answer.status_code == 403, answer.text[:500]
    assert code in answer.text
