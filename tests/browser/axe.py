"""axe-core, the accessibility checker, as the test extra brings it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SEVERE = {"serious", "critical"}


def severe_violations(page: Page) -> list[str]:
    """What axe finds serious or critical in the page, its shadow roots included, in words."""
    result: dict[str, Any] = Axe().run(page).response
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in SEVERE
        for node in violation["nodes"]
    ]
