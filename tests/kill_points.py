"""Stop a process of the stack at an exact line, from outside of the product.

`install` is called in every process of a stack under test, by a sitecustomize.py on its PYTHONPATH. It
wraps the functions of POINTS as their modules are imported. A wrapped function looks for a file named
after itself in the folder that FOLDER names: `INC-3@tasks.sweeps:freeze_window@leave` kills the process
that leaves `freeze_scope` for INC-3; ANY is whichever incident comes first. The file is renamed first,
so that this happens once.
"""

import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = "WATCHFLOOR_TEST_KILL_POINTS"

ANY = "ANY"

POINTS = {
    "incidents.store.freezing": ("freeze",),
    "incidents.store.window": ("count_posts",),
    "prefect.flow_runs": ("mark_flow_run_suspension_requested",),
    "tasks.gates": ("open_gate", "take_answer"),
    "tasks.mobilisation": ("ask_notified_teams",),
    "tasks.outbox": ("send",),
    "tasks.reviews": ("begin_review", "publish_retrospective"),
    "tasks.sweeps": ("freeze_window", "end_sweep"),
}

SITECUSTOMIZE = "from tests.kill_points import install\n\ninstall()\n"


class _Loader(SourceFileLoader):
    """Runs a module, and then wraps its points."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        for name in POINTS[module.__name__]:
            setattr(module, name, _watched(getattr(module, name), f"{module.__name__}:{name}"))


class _Finder(MetaPathFinder):
    """Finds the modules that have points."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(fullname, path) if fullname in POINTS else None
        if found is None or found.origin is None:
            return None
        return spec_from_file_location(fullname, found.origin, loader=_Loader(fullname, found.origin))


def install() -> None:
    """Watch the points of this process."""
    if FOLDER in os.environ:
        sys.meta_path.insert(0, _Finder())


def _watched(function: Callable[..., Any], point: str) -> Callable[..., Any]:
    @wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        _look_for(f"{point}@enter", args, kwargs)
        answer = function(*args, **kwargs)
        _look_for(f"{point}@leave", args, kwargs)
        return answer

    return watched


def _look_for(point: str, *told: object) -> None:
    for file in Path(os.environ[FOLDER]).glob(f"*@{point}"):
        incident = file.name.partition("@")[0]
        if incident == ANY or re.search(rf"\b{incident}\b", repr(told)):
            _stop(file)


def _stop(file: Path) -> None:
    how = signal.SIGSTOP if file.read_text() == "hold" else signal.SIGKILL
    try:
        file.rename(file.with_name(f"{file.name}.hit.{os.getpid()}"))
    except FileNotFoundError:
        return  # another process was stopped here
    os.kill(os.getpid(), how)
