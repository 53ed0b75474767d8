"""axe-core, the accessibility checker, fetched by npm when a test first wants it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

VERSION = "4.14.1"
INSTALL_TIMEOUT_S = 120.0
SEVERE = {"serious", "critical"}


def axe_source(cache: Path) -> str:
    """The script. Skips the test, saying so, where there is no npm or it gets nothing."""
    folder = cache / f"axe-{VERSION}"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("axe-core is not checked: there is no npm")
        folder.mkdir(parents=True, exist_ok=True)
        arguments = ["--no-audit", "--no-fund", "--ignore-scripts", f"axe-core@{VERSION}"]
        done = subprocess.run(
            [npm, "install", "--prefix", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
        )
        if done.returncode:
            pytest.skip(f"axe-core is not checked: npm says {done.stderr.strip()[-300:]}")
    return script.read_text()


def severe_violations(page: Page, source: str) -> list[str]:
    """What axe finds serious or critical in the page, its shadow roots included, in words."""
    page.evaluate(source)
    result: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in SEVERE
        for node in violation["nodes"]
    ]
