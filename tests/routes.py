"""Every way into the web application, and what it takes to go it: docs/reference/permissions.md shows it.

A walk in tests/console/test_permissions.py goes each way as every role and holds the answers against this.
"""

from enum import StrEnum

from fastapi.routing import APIRoute

from console.app import ROOMS
from console.pages import incident, retrospective, review_comments, review_work, sweeps, work
from incidents.people import Act


class Entrance(StrEnum):
    """What is asked for where no act is."""

    anybody = "nothing"
    signed_in = "to be signed in"
    known = "to be known"


MOVES: dict[str, list[str]] = {
    "POST /incidents/{incident}/{move}": list(incident.MOVES),
    "POST /queue/{batch}/{move}": list(work.MOVES),
    "POST /sweeps/{sweep}/{move}": list(sweeps.MOVES),
    "POST /retrospectives/{incident}/{move}": list(retrospective.MOVES),
    "POST /retrospectives/{incident}/words/{move}": list(review_work.MOVES),
    "POST /retrospectives/{incident}/comments/{move}": list(review_comments.MOVES),
}
"""One route, and as many ways as there are moves."""

Needed = Act | Entrance | tuple[Act, ...]
"""One act, or every one of several."""

NEEDS: dict[str, Needed] = {
    "POST /api/v1/signals": Act.hand_in_signal,
    "GET /api/v1/incidents": Act.see_incidents,
    "GET /api/v1/incidents/{incident}": Act.see_incidents,
    "GET /api/v1/incidents/{incident}/timeline": Act.see_incidents,
    "POST /api/v1/incidents": Act.declare,
    "GET /api/v1/incidents/{incident}/gate": Act.see_incidents,
    "POST /api/v1/incidents/{incident}/declare": Act.declare,
    "POST /api/v1/incidents/{incident}/dismiss": Act.declare,
    "POST /api/v1/incidents/{incident}/stand-down": Act.command,
    "POST /api/v1/incidents/{incident}/close": Act.draft_review,
    "POST /api/v1/incidents/{incident}/reopen": Act.declare,
    "POST /api/v1/incidents/{incident}/waive": Act.waive,
    "POST /api/v1/incidents/{incident}/restrict": Act.command,
    "POST /api/v1/incidents/{incident}/hand-over": Act.command,
    "POST /api/v1/incidents/{incident}/asks": Act.ask_partner,
    "PUT /api/v1/incidents/{incident}/stars/{entry}": Act.write_review,
    "DELETE /api/v1/incidents/{incident}/stars/{entry}": Act.write_review,
    "GET /api/v1/incidents/{incident}/guidelines": Act.see_incidents,
    "GET /api/v1/incidents/{incident}/guidelines/in-force": Act.see_sweep,
    "GET /api/v1/incidents/{incident}/guidelines/changes": Act.see_incidents,
    "GET /api/v1/incidents/{incident}/guidelines/{version}": Act.see_incidents,
    "POST /api/v1/incidents/{incident}/guidelines": Act.write_guideline,
    "POST /api/v1/incidents/{incident}/actions": Act.draft_review,
    "GET /api/v1/actions": Act.see_actions,
    "GET /api/v1/actions/{item}": Act.see_actions,
    "POST /api/v1/actions/{item}/change": Act.change_action,
    "GET /api/v1/me": Entrance.known,
    "GET /api/v1/people": Act.see_incidents,
    "GET /api/v1/teams": Act.see_incidents,
    "GET /api/v1/roles": Act.see_incidents,
    "GET /api/v1/deliveries": Act.administer,
    "POST /api/v1/deliveries/{delivery}/rerun": Act.administer,
    "GET /api/v1/health": Act.administer,
    "POST /api/v1/asks/{key}/acknowledge": Act.acknowledge,
    "POST /api/v1/actions/{item}/report": Act.change_action,
    "GET /api/v1/search": Act.see_actions,
    "POST /api/v1/batches/claim": Act.work_batch,
    "GET /api/v1/batches/{batch}": Act.work_batch,
    "POST /api/v1/batches/{batch}/claim": Act.work_batch,
    "POST /api/v1/batches/{batch}/decisions": Act.work_batch,
    "POST /api/v1/batches/{batch}/skips": Act.work_batch,
    "POST /api/v1/batches/{batch}/return": Act.work_batch,
    "POST /api/v1/batches/{batch}/finish": Act.work_batch,
    "GET /sign-in": Entrance.anybody,
    "POST /sign-in": Entrance.anybody,
    "GET /welcome/{token}": Entrance.anybody,
    "POST /welcome/{token}": Entrance.anybody,
    "GET /account": Entrance.signed_in,
    "POST /account/password": Entrance.signed_in,
    "POST /account/sessions": Entrance.signed_in,
    "GET /account/tokens": Entrance.signed_in,
    "POST /account/tokens/make": Entrance.signed_in,
    "POST /account/tokens/revoke": Entrance.signed_in,
    "POST /sign-out": Entrance.signed_in,
    "GET /": Entrance.signed_in,
    "POST /asks/acknowledge": Act.acknowledge,
    "GET /declare": Act.declare,
    "POST /declare": Act.declare,
    "GET /incidents/{incident}": Act.see_incidents,
    "GET /incidents/{incident}/live": Act.see_incidents,
    "POST /incidents/{incident}/declare": Act.declare,
    "POST /incidents/{incident}/dismiss": Act.declare,
    "POST /incidents/{incident}/stand-down": Act.command,
    "POST /incidents/{incident}/close": Act.draft_review,
    "POST /incidents/{incident}/reopen": Act.command,
    "POST /incidents/{incident}/waive": Act.waive,
    "POST /incidents/{incident}/restrict": Act.command,
    "POST /incidents/{incident}/hand-over": Act.command,
    "POST /incidents/{incident}/ask": Act.ask_partner,
    "POST /incidents/{incident}/acknowledge": Act.acknowledge,
    "POST /incidents/{incident}/star": Act.write_review,
    "POST /incidents/{incident}/unstar": Act.write_review,
    "GET /incidents/{incident}/guidelines": Act.see_sweep,
    "GET /incidents/{incident}/guidelines/changes": Act.see_incidents,
    "POST /incidents/{incident}/guidelines/publish": Act.write_guideline,
    "GET /proposals": Act.see_incidents,
    "GET /proposals/{proposal}": Act.see_incidents,
    "POST /proposals/{proposal}/confirm": Act.waive,
    "POST /proposals/{proposal}/refuse": Act.waive,
    "GET /incidents/{incident}/charts": Act.see_incidents,
    "GET /incidents/{incident}/charts/{name}": Act.see_incidents,
    "GET /vega.js": Entrance.signed_in,
    "GET /queue": Act.work_batch,
    "POST /queue/claim": Act.work_batch,
    "GET /queue/{batch}": Act.work_batch,
    "POST /queue/{batch}/look": (Act.see_incidents, Act.work_batch),
    "POST /queue/{batch}/say": Act.work_batch,
    "POST /queue/{batch}/take": Act.work_batch,
    "POST /queue/{batch}/return": Act.work_batch,
    "POST /queue/{batch}/finish": Act.work_batch,
    "GET /retrospectives": Act.see_incidents,
    "GET /search": Act.see_actions,
    "GET /retrospectives/{incident}": Act.see_incidents,
    "GET /retrospectives/{incident}/changes": Act.see_incidents,
    "GET /retrospectives/{incident}/charts/{name}.svg": Act.see_incidents,
    "GET /retrospectives/{incident}/file.{ending}": Act.see_incidents,
    "GET /retrospectives/{incident}/for/{audience}": Act.see_incidents,
    "POST /retrospectives/{incident}/for/{audience}/approve": Act.approve_review,
    "POST /retrospectives/{incident}/for/{audience}/share": Act.share_review,
    "POST /retrospectives/{incident}/draft": Act.draft_review,
    "POST /retrospectives/{incident}/sign": Act.sign_review,
    "POST /retrospectives/{incident}/publish": Act.draft_review,
    "POST /retrospectives/{incident}/done": Act.draft_review,
    "POST /retrospectives/{incident}/skip": Act.draft_review,
    "POST /retrospectives/{incident}/owner": Act.draft_review,
    "GET /retrospectives/{incident}/words": Act.see_incidents,
    "POST /retrospectives/{incident}/words/judge": Act.draft_review,
    "POST /retrospectives/{incident}/words/change": Act.draft_review,
    "POST /retrospectives/{incident}/words/add": Act.draft_review,
    "POST /retrospectives/{incident}/words/write": Act.write_review,
    "POST /retrospectives/{incident}/words/zone": Act.draft_review,
    "GET /retrospectives/{incident}/comments": Act.see_incidents,
    "POST /retrospectives/{incident}/comments/write": Act.write_review,
    "POST /retrospectives/{incident}/comments/answer": Act.write_review,
    "POST /retrospectives/{incident}/comments/resolve": Act.write_review,
    "GET /trends": Act.see_incidents,
    "GET /trends/{name}": Act.see_incidents,
    "GET /trends/{name}/chart.svg": Act.see_incidents,
    "GET /actions": Act.see_actions,
    "GET /actions.{ending}": Act.see_actions,
    "POST /actions/file": Act.draft_review,
    "GET /actions/{item}": Act.see_actions,
    "POST /actions/{item}/change": Act.change_action,
    "GET /administration": Act.administer,
    "POST /administration/link": Act.administer,
    "POST /administration/disable": Act.administer,
    "GET /administration/tokens": Act.administer,
    "POST /administration/tokens/make": Act.administer,
    "POST /administration/tokens/revoke": Act.administer,
    "GET /administration/deliveries": Act.administer,
    "POST /administration/deliveries/rerun": Act.administer,
    "GET /administration/health": Act.administer,
    "GET /administration/log": Act.administer,
    "GET /incidents/{incident}/sweeps": Act.see_sweep,
    "GET /incidents/{incident}/sweeps/new": Act.start_sweep,
    "POST /incidents/{incident}/sweeps/try": Act.start_sweep,
    "POST /incidents/{incident}/sweeps/start": Act.start_sweep,
    "GET /sweeps/{sweep}": Act.see_sweep,
    "GET /sweeps/{sweep}/decisions": Act.undo,
    "GET /sweeps/{sweep}/clusters": Act.see_sweep,
    "GET /sweeps/{sweep}/quality": Act.see_sweep,
    "GET /sweeps/{sweep}/charts/{name}": Act.see_incidents,
    "GET /sweeps/{sweep}/post": Act.see_incidents,
    "GET /sweeps/{sweep}/certificate": Act.verify,
    "GET /sweeps/{sweep}/certificate.json": Act.verify,
    "GET /sweeps/{sweep}/universe.{ending}": Act.verify,
    "GET /sweeps/{sweep}/plan": Act.start_sweep,
    "GET /sweeps/{sweep}/plan.csv": Act.start_sweep,
    "POST /sweeps/{sweep}/look": Act.see_incidents,
    "POST /sweeps/{sweep}/undo": Act.undo,
    "POST /sweeps/{sweep}/urge": Act.start_sweep,
    "POST /sweeps/{sweep}/close": Act.command,
    "POST /sweeps/{sweep}/widen": Act.start_sweep,
    "POST /sweeps/{sweep}/act": Act.command,
    "POST /sweeps/{sweep}/acted": Act.start_sweep,
}
"""Way → what it takes. Whoever adds a route adds its line here, and learns at once who else may go it."""


def words_for(needed: Needed) -> str:
    """What it takes, as the reference says it."""
    return " and ".join(act.value for act in needed) if isinstance(needed, tuple) else needed.value


def ways() -> list[str]:
    """Every way that the application has."""
    routes = [route for room in ROOMS for route in room.router.routes if isinstance(route, APIRoute)]
    found = [f"{method} {route.path}" for route in routes for method in sorted(route.methods or ())]
    moves = [way.replace("{move}", move) for way, known in MOVES.items() for move in known]
    return [way for way in found if way not in MOVES] + moves
