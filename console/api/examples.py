"""Real-looking answers for the description: a made-up crisis in which no sentence of a post stands."""

from typing import Final

INCIDENT: Final = {
    "id": "INC-12",
    "number": 12,
    "title": "Calls to storm a clinic",
    "phase": "responding",
    "phase_since": "2026-11-23T07:40:00Z",
    "severity": "sev2",
    "impact": {"harm": 3, "reach": 2, "velocity": 3, "vulnerability": 2, "jurisdictions": ["DE"]},
    "policy": "violence.incitement",
    "protocol": "violence",
    "restricted": False,
    "drill": "",
    "opened_by": "watchfloor",
    "opened_at": "2026-11-23T07:12:00Z",
    "round": 1,
    "entries": 41,
    "is_open": True,
    "is_drill": False,
}
ASK: Final = {
    "key": "ask:INC-12:legal:1",
    "incident_id": "INC-12",
    "team": "legal",
    "number": 1,
    "what": "Tell the regulator by 18:00 UTC",
    "guideline_version": 2,
    "asked_at": "2026-11-23T07:45:00Z",
    "asked_by": "ada-l",
    "escalations": 0,
    "due_at": "2026-11-23T08:15:00Z",
    "acknowledged_at": None,
    "acknowledged_by": None,
    "note": None,
    "is_acknowledged": False,
}
ENTRY: Final = {
    "seq": 41,
    "ref": "INC-12#41",
    "at": "2026-11-23T07:45:00Z",
    "event": "partner.ask.sent",
    "actor": "watchfloor",
    "sentence": "Asked legal: Tell the regulator by 18:00 UTC.",
    "hash": "9f2c41d07be5",
}
BATCH: Final = {
    "id": "INC-12-S1-B3",
    "sweep_id": "INC-12-S1",
    "incident_id": "INC-12",
    "number": 3,
    "team": "english",
    "language": "en",
    "size": 50,
    "state": "leased",
    "leased_to": "tomasz",
    "done_at": None,
    "leased_at": "2026-11-23T08:00:00Z",
    "lease_expires_at": "2026-11-23T10:00:00Z",
}
