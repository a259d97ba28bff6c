"""Whatever is killed, and whenever: the incident reaches its end, nothing is lost, nothing is done twice.

One crisis is led to its end while its processes are killed with SIGKILL at one line after the other (see
tests/kill_points.py), once together with the worker, and once the whole of Watchfloor is stopped. `watch`
comes round as it does every minute in real life, only sooner.
"""

from collections import Counter
from pathlib import Path

from incidents.timeline import Event
from tests.kill_points import ANY
from tests.props import TERM, VIOLATES, a_signal, write_posts
from tests.stack import HEARS, Site, decide_all, until

MATCHING = {"english": 110, "western-europe": 60}
"""Posts that the scope matches, by team; there are many others, so that reading them takes a while."""


def killed_at(site: Site, incident: str, point: str) -> None:
    """Wait until a process was killed at this point, and let `watch` start its run again."""
    site.stopped_at(incident, point, restarted=True)
    site.until_repaired("runs restarted")


def test_a_crisis_whose_processes_are_killed_at_every_turn(site: Site, tmp_path: Path) -> None:
    incident = site.next_incident()

    # Killed before the gate: nobody was asked yet whether it is a crisis.
    site.kill_at(incident, "tasks.gates:open_gate@enter")
    site.run("signal", "-", stdin=a_signal("killing"))
    site.start("detect")
    site.stopped_at(incident, "tasks.gates:open_gate@enter")
    assert site.count(incident, Event.gate_opened) == 0

    # Killed while it is put to sleep: Prefect took it for suspended, and then learnt that it crashed.
    asleep = "prefect.flow_runs:mark_flow_run_suspension_requested@enter"
    site.kill_at(ANY, asleep)
    site.until_repaired("runs restarted")
    killed_at(site, ANY, asleep)
    site.waiting_run(incident, "declare")
    assert site.count(incident, Event.gate_opened) == 1

    # Killed right after the answer, while it wakes up: the answer is on Prefect's own page, and there alone.
    site.kill_at(incident, "tasks.gates:take_answer@enter")
    site.fill_in_form(incident, "declare", person="noor", decision="declare", reason="It spreads.")
    site.stopped_at(incident, "tasks.gates:take_answer@enter")
    assert site.phase(incident) == "assessing"

    # Killed when the teams' asks are written and none is sent.
    site.kill_at(incident, "tasks.mobilisation:ask_notified_teams@leave")
    site.until_repaired("runs restarted")
    killed_at(site, incident, "tasks.mobilisation:ask_notified_teams@leave")
    site.waiting_run(incident, "stand_down")

    # Killed in the freeze of a sweep, in the middle of its transaction: as if it had not begun.
    posts = write_posts(tmp_path / "posts.csv", english=110, german=60, others=30_000)
    site.kill_at(incident, "incidents.store.freezing:freeze@leave")
    sweep = str(site.told("sweep", "start", incident, "--term", TERM, "--posts", str(posts))["sweep"])
    site.stopped_at(incident, "incidents.store.freezing:freeze@leave")
    assert site.told("sweep", "status", sweep)["state"] == "requested"
    assert site.read("SELECT count(*) FROM batches WHERE sweep_id = :sweep", sweep=sweep) == [(0,)]

    # Killed when it is frozen, and once more when a team's letter is written but not yet noted as sent.
    site.kill_at(incident, "tasks.sweeps:freeze_window@leave")
    site.kill_at(incident, "tasks.outbox:send@leave")
    site.until_repaired("runs restarted")
    killed_at(site, incident, "tasks.sweeps:freeze_window@leave")
    killed_at(site, incident, "tasks.outbox:send@leave")
    site.waiting_run(incident, "sweep_work")

    # Everything is stopped. People go on in spreadsheets, and finish: nobody is there to be woken.
    site.down()
    decide_all(site, sweep, "english", "sara", tmp_path, **VIOLATES)
    decide_all(site, sweep, "western-europe", "emil", tmp_path, **VIOLATES)
    decide_all(site, sweep, "western-europe", "lena", tmp_path, **VIOLATES)  # looks again at some of Emil's

    # Started again, the sweep wakes up. The worker is killed together with its run: nobody tells Prefect.
    point = "tasks.sweeps:end_sweep@enter"
    site.hold_at(incident, point)
    site.up()
    site.start("watch")
    run = site.stopped_at(incident, point)
    site.kill_worker()
    site.kill(run)
    site.until_repaired("runs restarted")
    site.until_phase(incident, "monitoring")

    # Killed after the stand-down, when the review has just begun, and after the signature.
    for team in ("legal", "communications", "law-enforcement-response", "english", "western-europe"):
        site.run("acknowledge", f"ask:{incident}:{team}:1", "--as", HEARS[team])
    site.kill_at(incident, "tasks.reviews:begin_review@leave")
    site.run("stand-down", incident, "--reason", "Nothing new for six hours.", "--as", "noor")
    killed_at(site, incident, "tasks.reviews:begin_review@leave")
    site.waiting_run(incident, "sign_off")
    version = str(site.told("review", "show", incident)["version"])
    site.kill_at(incident, "tasks.reviews:publish_retrospective@leave")
    site.run("review", "sign", incident, "--version", version, "--as", "bo-r")
    killed_at(site, incident, "tasks.reviews:publish_retrospective@leave")
    site.until_phase(incident, "closed")

    # Every letter arrives, also the one whose sender was killed: after a minute it is nobody's any more.
    until(lambda: site.look_after() and site.told("outbox", "list") == [], site.logs, 120)
    assert_nothing_twice_and_nothing_lost(site, incident, sweep)


def assert_nothing_twice_and_nothing_lost(site: Site, incident: str, sweep: str) -> None:
    told = Counter(site.events(incident))
    once = [
        Event.candidate_opened,
        Event.assessment_started,
        Event.crisis_declared,
        Event.guideline_published,
        Event.response_started,
        Event.sweep_requested,
        Event.universe_frozen,
        Event.reading_opened,
        Event.certificate_issued,
        Event.sweep_finished,
        Event.plan_made,
        Event.monitoring_started,
        Event.crisis_stood_down,
        Event.review_started,
        Event.owner_named,
        Event.retrospective_signed,
        Event.retrospective_published,
        Event.record_closed,
    ]
    assert {event.value: told[event.value] for event in once} == {event.value: 1 for event in once}
    assert told[Event.gate_opened] == 4
    # Ten times something was killed, and `watch` noticed; stopping everything may have caught one more run.
    assert told[Event.run_restarted] >= 10

    # Each team was asked once, and found one letter about it, which was noted once as delivered.
    asks = site.read("SELECT key, team FROM asks WHERE incident_id = :incident", incident=incident)
    assert sorted(team for _, team in asks) == sorted(
        ["legal", "communications", "law-enforcement-response", *MATCHING]
    )
    assert {key: site.letters(team, key) for key, team in asks} == {key: 1 for key, _ in asks}
    states = "SELECT key, state FROM outbox WHERE incident_id = :incident AND kind = 'message'"
    sent = site.read(states, incident=incident)
    assert {state for _, state in sent} == {"delivered"}
    assert told[Event.message_delivered] == len(sent)

    # Each matched post is kept once and planned once; each that is no copy is handed out once and decided once.
    matched = sum(MATCHING.values())
    read = site.read("SELECT count(*) FROM items WHERE sweep_id = :sweep AND read_as = item", sweep=sweep)[0][0]
    deciding = "purpose IN ('rank', 'forward', 'steer')"
    counted = {
        "items": "SELECT count(*) FROM items WHERE sweep_id = :sweep",
        "actions": "SELECT count(*) FROM planned_actions WHERE sweep_id = :sweep",
        "places": f"SELECT count(*) FROM places WHERE sweep_id = :sweep AND {deciding}",
        "decisions": "SELECT count(*) FROM decisions WHERE sweep_id = :sweep AND superseded_at IS NULL",
    }
    found = {name: site.read(sql, sweep=sweep)[0][0] for name, sql in counted.items()}
    assert found == {"items": matched, "actions": matched, "places": read, "decisions": read}
    roles = site.read("SELECT role FROM roles WHERE incident_id = :incident", incident=incident)
    assert sorted(role for (role,) in roles) == ["analyst", "commander", "policy"]
    assert site.told("verify") == {"fits": True, "breaks": []}
