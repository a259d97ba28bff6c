"""Real processes: started together, kept running, stopped with nothing left of them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from console import keeper as keeping
from console.child import MARK, Child, Program, marked
from console.home_lock import NAME, HomeTaken, home_lock
from console.interrupts import interrupt_main, interrupts
from console.keeper import Keeper
from console.stack import StackFailed, is_up, running_stack
from incidents.settings import Settings

UP = "from console.stack import serve; from incidents.settings import Settings; serve(Settings(), print)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('on', flush=True); time.sleep(99)"
)
WITH_A_CHILD = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
    " print('on', flush=True); time.sleep(99)"
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(what: Callable[[], object], seconds: float = 90.0) -> None:
    end = monotonic() + seconds
    while not what():
        assert monotonic() < end, "it did not come to pass in time"
        sleep(0.05)


def child(folder: Path, code: str, mark: str = "test", name: str = "child") -> Child:
    program = Program(name, "the child", (sys.executable, "-c", code))
    return Child(program, logs=folder, folder=folder, env={**os.environ, MARK: mark})


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return listener.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in [name for name in os.environ if name.startswith("WATCHFLOOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WATCHFLOOR_API_PORT", str(free_port()))
    monkeypatch.setenv("WATCHFLOOR_PREFECT_PORT", str(free_port()))
    return Settings()


@contextmanager
def up(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", UP], stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_everything_starts_together_is_mended_and_stops_without_a_trace(
    settings: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "up.log"
    with up(log) as process:
        until(lambda: "Ctrl-C stops everything" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        assert is_up(settings)
        mark = json.loads((settings.home / NAME).read_text())["mark"]
        with pytest.raises(HomeTaken, match=f"as process {process.pid}"), running_stack(settings):
            pass
        api = next(pid for pid in marked(mark) if b"console.app" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(api, signal.SIGKILL)
        until(lambda: "The API died (exit code -9) and is started again" in log.read_text())
        until(lambda: is_up(settings))
        process.send_signal(signal.SIGTERM)
        assert process.wait(45) == 0
        assert log.read_text().endswith("Everything is stopped.\n")
        assert marked(mark) == []
    assert is_free(settings.api_port)
    assert is_free(settings.prefect_port)


def test_a_port_in_use_is_named_with_its_setting(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.api_port))
        taken.listen()
        named = rf"Port {settings.api_port} .*WATCHFLOOR_API_PORT"
        with pytest.raises(StackFailed, match=named), running_stack(settings):
            pass


def test_a_home_that_cannot_be_made_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    impossible = settings.model_copy(update={"home": tmp_path / "file" / "home"})
    with pytest.raises(StackFailed, match="cannot be made"), running_stack(impossible):
        pass


def test_a_server_that_dies_at_its_start_fails_at_once_and_names_its_log(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Program("server", "Prefect's server", (sys.executable, "-c", "raise SystemExit(3)"))
    monkeypatch.setattr("console.programs.server", lambda _settings: broken)
    why = r"Prefect's server ended .*exit code 3.*server\.log"
    with pytest.raises(StackFailed, match=why), running_stack(settings):
        pass
    assert is_free(settings.api_port)


@pytest.mark.parametrize("code", [STUBBORN, WITH_A_CHILD])
def test_a_child_that_does_not_stop_is_killed_with_all_that_it_started(tmp_path: Path, code: str) -> None:
    mark = f"stop-{os.getpid()}-{len(code)}"
    stubborn = child(tmp_path, code, mark)
    stubborn.start()
    until(lambda: "on" in stubborn.log.read_text())
    until(lambda: len(marked(mark)) == (1 if code == STUBBORN else 2))
    stubborn.ask_to_stop()
    stubborn.end(Event(), grace=0.3)
    until(lambda: marked(mark) == [], 5)
    assert stubborn.exit_code in {-signal.SIGKILL, -signal.SIGTERM}


def test_impatience_kills_at_once(tmp_path: Path) -> None:
    stubborn, hurry, began = child(tmp_path, STUBBORN), Event(), monotonic()
    stubborn.start()
    until(lambda: "on" in stubborn.log.read_text())
    hurry.set()
    stubborn.ask_to_stop()
    stubborn.end(hurry, grace=60)
    assert monotonic() - began < 30
    assert stubborn.exit_code == -signal.SIGKILL


def test_what_keeps_dying_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE", 0.0)
    said: list[str] = []
    failures: list[str] = []
    keeper = Keeper(said.append, failures.append)
    keeper.add(child(tmp_path, "raise SystemExit(7)"))
    keeper.start()
    until(lambda: failures, 30)
    keeper.stop()
    assert len(said) == keeping.DEATHS - 1
    assert re.match(r"The child died \(exit code 7\) and is started again", said[0])
    assert re.match(rf"The child died 5 times within 60 s.*{re.escape(str(tmp_path))}.child\.log", failures[0])


def test_a_killed_stack_leaves_a_lock_that_is_taken_over_with_its_processes(tmp_path: Path) -> None:
    mark = f"old-{os.getpid()}"
    left = child(tmp_path, "import time; time.sleep(99)", mark)
    left.start()
    until(lambda: marked(mark) == [left.pid])
    (tmp_path / NAME).write_text(json.dumps({"pid": 1, "mark": mark}))
    with home_lock(tmp_path, "new"):
        until(lambda: left.exit_code == -signal.SIGKILL, 5)
        with pytest.raises(HomeTaken, match=f"as process {os.getpid()}"), home_lock(tmp_path, "newer"):
            pass
    left.close()
    with home_lock(tmp_path, "newest"):
        pass


def test_a_program_ends_with_the_process_that_started_it() -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "console.warm", "--until", "http://127.0.0.1:1/", "time:sleep"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with started:
        assert started.stdin is not None
        started.stdin.close()
        assert started.wait(20) == -signal.SIGTERM


def test_the_first_signal_interrupts_and_the_next_one_hurries() -> None:
    hurry = Event()
    with interrupts(is_stopping=lambda: False, hurry=hurry):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert not hurry.is_set()
        signal.raise_signal(signal.SIGINT)
        assert hurry.is_set()


def test_another_thread_can_end_the_block() -> None:
    def wait_to_be_interrupted() -> None:
        Thread(target=interrupt_main).start()
        Event().wait(20)

    with interrupts(is_stopping=lambda: False, hurry=Event()), pytest.raises(KeyboardInterrupt):
        wait_to_be_interrupted()


def test_a_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.child.LONGEST_LOG", 3)
    wordy = child(tmp_path, "print('word')")
    for _ in range(2):
        wordy.start()
        until(lambda: wordy.exit_code == 0)
    wordy.close()
    assert (tmp_path / "child.log.1").read_text() == wordy.log.read_text() == "word\n"
