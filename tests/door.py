"""A process that stays and types commands: `watchfloor` without the seconds that each import takes.

One request a line on stdin, one answer a line on stdout, both JSON. It lives in the environment of one
site, so that Prefect's client in it talks to the server of that site and to no other.
"""

import json
import os
import sys
from typing import Any

from typer.testing import CliRunner

from console.cli.commands import app


def type_command(words: list[str], stdin: str | None) -> dict[str, Any]:
    """What a command printed, and how it ended."""
    result = CliRunner().invoke(app, words, input=stdin)
    failure = "" if result.exception is None else repr(result.exception)
    return {"code": result.exit_code, "stdout": result.stdout, "stderr": result.stderr, "failure": failure}


def look_after() -> dict[str, Any]:
    """One round of `watch`, as a flow run of this process: what it did, or how it failed."""
    from flows.watch import watch  # noqa: PLC0415  half of the doors never need it

    state = watch(return_state=True)
    if state.is_failed():
        return {"done": {}, "failure": str(state.message)}
    return {"done": state.result(), "failure": ""}


def main() -> None:
    """Answer requests until stdin ends. Whatever else is printed here goes to stderr, which is a log."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = look_after() if asked["words"] == ["watch"] else type_command(asked["words"], asked["stdin"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
