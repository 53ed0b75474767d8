"""How Sphinx makes pages of the Markdown in this repository; `make docs` does it.

The source is the whole checkout, so that links between docs/, README.md and the files that they
name are the same here and on a page of the repository.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

project = "pet_stream"
author = "pet_stream's authors"
extensions = ["myst_parser"]

root_doc = "docs/index"
include_patterns = [
    *("README.md", "README.ja.md", "CHANGELOG.md", "SECURITY.md"),
    *("docs/*.md", "benchmarks/README.md"),
]
exclude_patterns = [".*", "build", "dist", "node_modules", "recordings", "test-results"]

myst_heading_anchors = 4
"""Headings down to this level can be linked to, as on a page of the repository."""

linkcheck_ignore = [r"http://127\.0\.0\.1"]
linkcheck_timeout = 20

html_theme = "furo"
"""It brings no fonts and no scripts from elsewhere."""

html_title = "pet_stream"
html_additional_pages = {"index": "first-page.html"}
templates_path = ["templates"]
html_copy_source = False
html_use_index = False
smartquotes = False


def setup(app: Sphinx) -> None:
    app.connect("source-read", add_contents)


def add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    """Each table of the first page is a part of the navigation: a page of the repository can't show
    Sphinx's own `toctree`."""
    if name == root_doc:
        source[0] = re.sub(r"(?ms)^## (.+?)$(.*?)(?=^## |\Z)", _with_toctree, source[0])


def _with_toctree(part: re.Match[str]) -> str:
    rows = re.findall(r"(?m)^\| \[(.+?)\]\((.+?)\.md\)", part[2])
    entries = "\n".join(f"{title} <{page}>" for title, page in rows)
    return f"{part[0]}\n```{{toctree}}\n:hidden:\n:caption: {part[1]}\n\n{entries}\n```\n\n"
