from __future__ import annotations

import threading
from pathlib import Path

import flask
import pytest

from pet_stream.profiling.stacks import ShortPaths


@pytest.mark.parametrize(
    ("path", "short"),
    [
        (flask.__file__, "flask/__init__.py"),
        (threading.__file__, "threading.py"),
        (__file__, "tests/profiling/test_stacks.py"),
        ("/srv/somebody/secret_project/app.py", "app.py"),
        ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>"),
        ("<string>", "<string>"),
        ("", ""),
    ],
)
def test_a_file_is_named_below_where_python_imports_it_from(path: str, short: str) -> None:
    assert ShortPaths().shorten(path) == short


def test_the_longest_folder_counts_and_the_root_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    for folder in ("/", "", "relative", str(tmp_path), f"{inner}/"):
        monkeypatch.syspath_prepend(folder)
    assert ShortPaths().shorten(str(inner / "package" / "module.py")) == "package/module.py"
    assert ShortPaths().shorten(str(tmp_path / "module.py")) == "module.py"
    assert ShortPaths().shorten("/etc/secret/module.py") == "module.py"
