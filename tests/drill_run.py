"""Drills as a person types them: run for real, once a test session, and looked at by several tests."""

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

COMMAND = ("-u", "-c", "from console.cli import main; main()", "drill", "--out", "drill-results")
"""What `make drill` runs."""

LONGEST = 400
"""Seconds after which a drill is taken for dead; it takes about 80 on a quiet machine."""

_MASKED = (
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "<hash>"),
    (re.compile(r"\bwatchfloor \d+\.\d+\.\d+\S*"), "watchfloor <version>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?"), "<time>"),
    (re.compile(r"\b(\d+ d )?(\d+ h )?\d+ (s|min|h)\b"), "<duration>"),
)


@dataclass(frozen=True)
class DrillRun:
    """A drill that has ended."""

    out: Path
    code: int
    stdout: str
    stderr: str

    def read(self, name: str) -> str:
        """One of the files that it left."""
        return (self.out / name).read_text(encoding="utf-8")


def run_drill(folder: Path) -> DrillRun:
    """Run the standard drill in a folder of its own, with nothing of another drill within its reach."""
    told = {
        "WATCHFLOOR_HOME": str(folder / "home"),
        "WATCHFLOOR_API_PORT": str(_free_port()),
        "WATCHFLOOR_PREFECT_PORT": str(_free_port()),
        # A machine that stands still for a minute, as a busy one does, is no dead flow run: starting one
        # again would be an entry that the other drill does not have.
        "WATCHFLOOR_DEAD_AFTER_SECONDS": str(LONGEST),
    }
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("WATCHFLOOR_", "PREFECT_"))
    }
    done = subprocess.run(
        [sys.executable, *COMMAND],
        cwd=folder,
        env=kept | told,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    return DrillRun(folder / "drill-results", done.returncode, done.stdout, done.stderr)


def masked(line: str) -> str:
    """A line without what another machine, day or version would write differently."""
    for pattern, mask in _MASKED:
        line = pattern.sub(mask, line)
    return line.rstrip()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
