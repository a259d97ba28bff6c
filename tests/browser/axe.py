"""What axe-core finds on a page (WCAG 2.2 AA, and its best practices)."""

import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

SCRIPT = Path(sys.prefix) / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}


def serious(page: Page) -> list[str]:
    """The serious and critical violations, each with where it is."""
    if not SCRIPT.exists():
        pytest.skip("axe-core is not installed; `make install` brings it")
    # Evaluated from outside the page: its policy lets no script in that is not the page's own.
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("() => axe.run(document)")
    return [
        f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]
