"""A site: a home folder with people in it, a whole Watchfloor running on it, and a door to type commands.

Ada and Noor command, Bo reviews, Cleo speaks for Legal, Max for Communications, Tess for law enforcement
response. Lena and Emil read German, Sara reads English, and Dev is of a team that is asked for nothing.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import httpx
import sqlalchemy as sa

from console.child import marked
from console.home_lock import NAME
from console.programs import prefect_environment
from incidents.settings import Settings
from incidents.store.engine import Store
from incidents.store.gates import open_gates
from incidents.store.timeline import entries
from incidents.timeline import Event
from tests.kill_points import FOLDER, SITECUSTOMIZE
from tests.props import fill_in

T = TypeVar("T")

ROOT = Path(__file__).parent.parent

PEOPLE = """\
version: 1
people:
  - {id: ada-l, name: Ada L., roles: [commander, analyst]}
  - {id: noor, name: Noor A., roles: [commander]}
  - {id: petra, name: Petra P., roles: [policy]}
  - {id: bo-r, name: Bo R., roles: [reviewer]}
  - {id: cleo-l, name: Cleo L., roles: [partner_lead], team: legal}
  - {id: max-c, name: Max C., roles: [partner_lead], team: communications}
  - {id: tess-o, name: Tess O., roles: [partner_lead], team: law-enforcement-response}
  - {id: lena, name: Lena K., roles: [partner_lead], team: western-europe, languages: [de]}
  - {id: emil, name: Emil S., roles: [partner_reviewer], team: western-europe, languages: [de]}
  - {id: sara, name: Sara B., roles: [partner_lead], team: english, languages: [en]}
  - {id: dev-e, name: Dev E., roles: [partner_reviewer], team: east-asia, languages: [ja]}
"""

HEARS = {
    "legal": "cleo-l",
    "communications": "max-c",
    "law-enforcement-response": "tess-o",
    "western-europe": "lena",
    "english": "sara",
}
"""Team → who acknowledges for it."""

TOKEN = "a token that nobody should read"
"""What the platforms of the tests ask for."""

READY = "Ctrl-C stops everything"
SCHEDULED = ("detect", "watch", "hand_over", "follow_up", "digest")
"""Deployments with a schedule: it is paused, and the tests start them when the story needs them."""


def decide_all(site: "Site", sweep: str, team: str, person: str, folder: Path, **said: str) -> None:
    """Work all that a team has for a person, in spreadsheets, and say the same of everything."""
    while claimed := site.claim(team, sweep, person):
        sheet = folder / f"{claimed}.csv"
        site.run("sweep", "export", claimed, "--out", str(sheet), "--as", person)
        fill_in(sheet, **said)
        site.run("sweep", "import", str(sheet), "--batch", claimed, "--as", person)


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(what: Callable[[], T | None], why: str | Callable[[], str], seconds: float = 90.0) -> T:
    """What `what` answers once it is something; a failure that says `why` where that takes too long."""
    end = monotonic() + seconds
    while not (answer := what()):
        assert monotonic() < end, why if isinstance(why, str) else why()
        sleep(0.1)
    return answer


class Site:
    """One home folder, and what runs on it between `up` and `down`."""

    def __init__(self, home: Path, database_url: str | None = None) -> None:
        self.home = home
        self.kill_points = home / "kill-points"
        self.kill_points.mkdir(parents=True)
        _write(home / "catalogue" / "people.yaml", PEOPLE)
        _write(home / "site" / "sitecustomize.py", SITECUSTOMIZE)
        self.settings = Settings(
            home=home, database_url=database_url, api_port=free_port(), prefect_port=free_port()
        )
        self.env = self._environment()
        self.store = Store.open(self.settings.store_url)
        self.server = httpx.Client(base_url=self.settings.prefect_url, trust_env=False, timeout=30)
        self._stack: subprocess.Popen[bytes] | None = None
        self._door: subprocess.Popen[str] | None = None

    def up(self) -> None:
        """Start everything by `watchfloor up`, and come back when it says that it runs."""
        log = self.home / "up.log"
        told = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            command = [sys.executable, "-u", "-c", "from console.cli import main; main()", "up"]
            self._stack = subprocess.Popen(
                command, stdout=out, stderr=out, env=self.env, cwd=ROOT, start_new_session=True
            )

        def runs() -> bool:
            assert self._stack is not None
            assert self._stack.poll() is None, log.read_text()
            return READY in log.read_bytes()[told:].decode()

        until(runs, log.read_text, 180)
        for flow in SCHEDULED:
            self._call("PATCH", f"/deployments/{self._deployment(flow)}", {"paused": True})

    def down(self) -> None:
        """Stop everything, as Ctrl-C does. Commands can be typed also then."""
        if self._stack is not None:
            self._stack.send_signal(signal.SIGTERM)
            assert self._stack.wait(60) == 0, (self.home / "up.log").read_text()
            self._stack = None

    def close(self) -> None:
        """Leave nothing of it running, whatever became of the tests."""
        self._close_door()
        try:
            self.down()
        finally:
            if self._stack is not None:
                self._stack.kill()
                self._stack.wait()
            self.store.close()
            self.server.close()

    # --- the doors -------------------------------------------------------------------------------

    def run(self, *words: str, code: int = 0, stdin: str | None = None) -> str:
        """Type a command, insist on its exit code, and return what it printed, errors last."""
        answer = self._ask([*words], stdin)
        printed = str(answer["stdout"]) + str(answer["stderr"])
        assert answer["code"] == code, f"{words}: {printed}{answer['failure']}"
        return printed

    def told(self, *words: str, code: int = 0, stdin: str | None = None) -> Any:
        """What a command answers with --json."""
        answer = self._ask([*words, "--json"], stdin)
        assert answer["code"] == code, f"{words}: {answer}"
        return json.loads(answer["stdout"])

    def claim(self, team: str, sweep: str, person: str) -> str | None:
        """Take the next free batch of a team; None where nothing is left."""
        answer = self._ask(["sweep", "claim", team, "--sweep", sweep, "--as", person, "--json"])
        if answer["code"] != 0:
            assert "Nothing waits for the team" in answer["stderr"], answer
            return None
        return str(json.loads(answer["stdout"])["batch"])

    def look_after(self) -> dict[str, int]:
        """One round of `watch`, at once; what it repaired."""
        answer = self._ask(["watch"])
        assert not answer["failure"], answer["failure"]
        done: dict[str, int] = answer["done"]
        return done

    def until_repaired(self, what: str, seconds: float = 60.0) -> None:
        """Let `watch` come round, as it does every minute, until it has repaired something of this kind."""
        until(lambda: self._ask(["watch"])["done"].get(what), lambda: f"no {what}{self.logs()}", seconds)

    def start(self, flow: str, **parameters: Any) -> str:
        """Start a deployment as Prefect's page does; the id of its run."""
        asked = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return str(self._call("POST", f"/deployments/{self._deployment(flow)}/create_flow_run", asked)["id"])

    def run_to_its_end(self, flow: str) -> None:
        """Start a deployment and wait until it has completed."""
        run = self.start(flow)
        until(lambda: self.state(run) == "COMPLETED", lambda: f"{flow} is {self.state(run)}{self.logs()}")

    def form(self, incident: str, kind: str) -> str:
        """The question that Prefect's page shows for the run which waits at a gate, in Markdown."""
        run = self._with_form(incident, kind)
        keys = self._run(run)["state"]["state_details"]["run_input_keyset"]
        return str(self._call("GET", f"/flow_runs/{run}/input/{keys['description']}"))

    def fill_in_form(self, incident: str, kind: str, **answer: str) -> None:
        """Submit the form at a gate, as Prefect's page does."""
        run = self._with_form(incident, kind)
        told = self._call("POST", f"/flow_runs/{run}/resume", {"run_input": answer})
        assert told["status"] == "ACCEPT", told

    def _with_form(self, incident: str, kind: str) -> str:
        """The run that waits at a gate, once Prefect has its form: a run is suspended a moment before that."""
        run = self.waiting_run(incident, kind)
        asked = {"prefix": "", "limit": 10, "exclude_keys": []}

        def has_form() -> bool:
            inputs = self._call("POST", f"/flow_runs/{run}/input/filter", asked)
            keys = self._run(run)["state"]["state_details"]["run_input_keyset"]
            return {keys["schema"], keys["description"]} <= {each["key"] for each in inputs}

        until(has_form, f"{run} has no form")
        return run

    # --- what goes on ----------------------------------------------------------------------------

    def waiting_run(self, incident: str, kind: str, seconds: float = 90.0) -> str:
        """The flow run that is suspended at a gate of the incident, as soon as it is."""

        def waits() -> str | None:
            with self.store.read() as work:
                gates = [gate for gate in open_gates(work, incident) if gate.kind.value == kind]
            runs = [gate.flow_run_id for gate in gates if self.state(gate.flow_run_id) == "PAUSED"]
            if not runs:
                self._mend_crashed()
            return runs[0] if runs else None

        return until(waits, lambda: f"nothing waits at {kind} of {incident}{self.logs()}", seconds)

    def phase(self, incident: str) -> str:
        """The phase that the incident is in."""
        return str(self.read("SELECT phase FROM incidents WHERE id = :incident", incident=incident)[0][0])

    def until_phase(self, incident: str, phase: str, seconds: float = 90.0) -> None:
        """Wait until the incident is in this phase."""
        late = f"{incident} does not become {phase}"
        until(
            lambda: self.phase(incident) == phase,
            lambda: f"{late}: {self.phase(incident)}{self.logs()}",
            seconds,
        )

    def events(self, incident: str) -> list[str]:
        """What the incident's timeline tells, entry by entry."""
        with self.store.read() as work:
            return [entry.event.value for entry in entries(work, incident)]

    def count(self, incident: str, event: Event) -> int:
        """How often that is told."""
        return self.events(incident).count(event.value)

    def read(self, sql: str, **values: str) -> list[tuple[Any, ...]]:
        """Rows of the store, for what no command shows."""
        with self.store.read() as work:
            return [tuple(row) for row in work.execute(sa.text(sql).bindparams(**values))]

    def state(self, run: str) -> str:
        """The type of a flow run's state, as Prefect's server tells it."""
        return str(self._run(run)["state"]["type"])

    def logs(self) -> str:
        """The end of what the processes printed, for the message of a test that failed."""
        ends = {log.name: log.read_text(errors="replace")[-3000:] for log in (self.home / "logs").glob("*.log")}
        return "\n" + "\n".join(f"--- {name}\n{end}" for name, end in ends.items())

    def letters(self, team: str, about: str) -> int:
        """How many messages about something lie in a team's folder."""
        folder = self.home / "outbox" / team
        return sum(json.dumps(about) in file.read_text(encoding="utf-8") for file in folder.glob("*.md"))

    # --- processes -------------------------------------------------------------------------------

    def kill_at(self, incident: str, point: str) -> None:
        """Have the process killed that comes to a point (see tests/kill_points.py) for the incident."""
        (self.kill_points / f"{incident}@{point}").write_text("kill")

    def next_incident(self) -> str:
        """The id that the next incident will have."""
        given = self.read("SELECT value FROM counters WHERE name = 'incident'")
        return f"INC-{given[0][0] + 1 if given else 1}"

    def hold_at(self, incident: str, point: str) -> None:
        """Have it stopped there instead: it is in the middle of its work until somebody kills it."""
        (self.kill_points / f"{incident}@{point}").write_text("hold")

    def stopped_at(self, incident: str, point: str, seconds: float = 90.0, *, restarted: bool = False) -> int:
        """The id of the process that was killed, or is held, at a point, as soon as it is.

        `restarted`: the run that is to come there was started again. Prefect's worker reports a killed process
        twice, and where its second report comes after the start, the run counts as crashed once more; the next
        round of `watch` mends it.
        """
        late = f"{incident} does not come to {point}"

        def hit() -> list[Path]:
            found = list(self.kill_points.glob(f"{incident}@{point}.hit.*"))
            if restarted and not found:
                self._mend_crashed()
            return found

        return int(until(hit, lambda: f"{late}{self.logs()}", seconds)[0].suffix[1:])

    def _mend_crashed(self) -> None:
        """Let `watch` come round where a run counts as crashed, as it does every minute."""
        runs = self.read("SELECT flow_run_id FROM attempts WHERE state <> 'done'")
        if any(self.state(run) == "CRASHED" for (run,) in runs):
            self.look_after()

    def kill_worker(self) -> None:
        """Kill the process that starts flow runs. `watchfloor up` starts it again."""
        mark = json.loads((self.home / NAME).read_text())["mark"]
        self.kill(next(pid for pid in marked(mark) if b"--pool" in _command(pid)))

    def kill(self, process: int) -> None:
        """Kill a process of the stack, as a machine that fails does."""
        os.kill(process, signal.SIGKILL)

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WATCHFLOOR_", "PREFECT_"))
        }
        told = {
            "WATCHFLOOR_HOME": str(self.home),
            "WATCHFLOOR_API_PORT": str(self.settings.api_port),
            "WATCHFLOOR_PREFECT_PORT": str(self.settings.prefect_port),
            "WATCHFLOOR_PERSON": "ada-l",
            "WATCHFLOOR_POLL_SECONDS": "1",
            "WATCHFLOOR_BEAT_SECONDS": "1",
            "WATCHFLOOR_DEAD_AFTER_SECONDS": "8",
            "WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES": "true",
            "WATCHFLOOR_PLATFORM_ATTEMPTS": "2",
            "WATCHFLOOR_SECRETS__PLATFORM": TOKEN,
            "PYTHONPATH": f"{self.home / 'site'}{os.pathsep}{ROOT}",
            FOLDER: str(self.kill_points),
        }
        database = {"WATCHFLOOR_DATABASE_URL": self.settings.database_url} if self.settings.database_url else {}
        return kept | told | database

    def _open_door(self) -> subprocess.Popen[str]:
        # No kill points here: what is killed are the processes of the stack.
        env = {name: value for name, value in self.env.items() if name != FOLDER}
        with (self.home / "door.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.door"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=env | prefect_environment(self.settings) | {"PREFECT_LOGGING_LEVEL": "WARNING"},
                cwd=ROOT,
            )

    def _close_door(self) -> None:
        if self._door is not None:
            with self._door as door:
                assert door.stdin is not None
                door.stdin.close()
                door.wait(30)
            self._door = None

    def _ask(self, words: list[str], stdin: str | None = None) -> dict[str, Any]:
        if self._door is None:
            self._door = self._open_door()
        assert self._door.stdin is not None
        assert self._door.stdout is not None
        self._door.stdin.write(json.dumps({"words": words, "stdin": stdin}) + "\n")
        self._door.stdin.flush()
        line = self._door.stdout.readline()
        assert line, (self.home / "door.log").read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _deployment(self, flow: str) -> str:
        return str(self._call("GET", f"/deployments/name/{flow}/{flow}")["id"])

    def _run(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", f"/flow_runs/{run}")
        return found

    def _call(self, method: str, path: str, told: dict[str, Any] | None = None) -> Any:
        """Ask Prefect's server; again where its own database is locked for a moment, as its client does."""
        for _ in range(20):
            answer = self.server.request(method, path, json=told)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            sleep(0.5)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@contextmanager
def running_site(home: Path, database_url: str | None = None) -> Iterator[Site]:
    """A site with everything running on it until the block ends."""
    with closing(Site(home, database_url)) as site:
        site.up()
        yield site


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
