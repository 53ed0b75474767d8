"""axe-core, the accessibility checker, as the test extra brings it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from .bidi import BidiSession

SEVERE = {"serious", "critical"}


def severe_violations(page: Page) -> list[str]:
    """What axe finds serious or critical in the page, its shadow roots included, in words."""
    return severe(Axe().run(page).response)


def severe_violations_in_firefox(session: BidiSession) -> list[str]:
    """The same by WebDriver BiDi."""
    session.evaluate(f"void (() => {{ {AXE_SCRIPT} }})()")
    return severe(session.evaluate("axe.run(document, { resultTypes: ['violations'] })"))


def severe(result: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in SEVERE
        for node in violation["nodes"]
    ]
