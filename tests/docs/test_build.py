"""Sphinx makes HTML of the docs without a warning, and it asks no other site for anything."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import DOCS
from tools.reference_tables import CHECKOUT

pytestmark = pytest.mark.slow

FETCHED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(?:https?:)?//|<link\b[^>]*\bhref=\"(?:https?:)?//"
)
"""What a browser fetches by itself, when it comes from elsewhere."""


def build(checkout: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """As `make docs` does it."""
    [options] = re.findall(
        r"(?m)^sphinx := \$\(python\) (.*)$", (CHECKOUT / "Makefile").read_text()
    )
    words = options.replace("build/doctrees", str(folder / "doctrees")).split()
    return subprocess.run(
        [sys.executable, *words, "-b", "html", ".", str(folder / "html")],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_pages_are_made_without_a_warning_and_fetch_nothing(tmp_path: Path) -> None:
    result = build(CHECKOUT, tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    html = tmp_path / "html"
    for page in DOCS.glob("*.md"):
        assert (html / "docs" / f"{page.stem}.html").is_file()
    assert 'url=docs/index.html"' in (html / "index.html").read_text()
    for page in html.rglob("*.html"):
        assert not FETCHED.findall(page.read_text()), page
    for style in html.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//|@import", style.read_text()), style


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    docs = checkout / "docs"
    shutil.copytree(DOCS / "templates", docs / "templates")
    shutil.copy(DOCS / "conf.py", docs)
    links = ["absent.md", "other.md#no-such-part", "#nowhere", "../absent.txt"]
    (docs / "other.md").write_text("# Other\n\n" + "\n".join(f"[x]({link})" for link in links))
    (docs / "index.md").write_text("# First\n\n## Part\n\n| [Other](other.md) | x |\n")
    result = build(checkout, tmp_path)
    assert result.returncode != 0
    for link in links:
        assert link.rpartition("#")[2] in result.stderr
