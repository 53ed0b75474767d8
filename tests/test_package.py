"""The package as people get it: what is in the wheel, and that it works outside the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGED_FOLDERS = {
    "pet_stream": "pet_stream",
    "static": "pet_stream/static",
    "templates": "pet_stream/templates",
}
"""Folder of the checkout → where it lies in the wheel."""

OPEN_PAGE_AND_SCRIPTS = """
import re
from urllib.parse import urljoin
from flask import Flask
import pet_stream
from pet_stream.demo.film import load_film

app = Flask("host")
app.config["PET_STREAM_SHM"] = "/pet_test_no_such_camera"
app.config["PET_STREAM_AUTOSTART"] = False
pet_stream.PetStream(app)
with app.test_client() as client:
    page = client.get("/pet-stream/")
    assert page.status_code == 200, page.status
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', page.text)
    assert scripts, page.text
    for url in scripts:
        with client.get(urljoin("/pet-stream/", url)) as script:
            assert script.status_code == 200, (url, script.status)
            assert "javascript" in script.mimetype, (url, script.mimetype)
            assert script.data
assert load_film()
print(pet_stream.__file__)
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a build needs, with the build/ of an earlier time when there was a
    deleted.py, a page deleted.html and a script deleted.js."""
    tree = copy_checkout(tmp_path_factory.mktemp("tree") / "checkout")
    for name in ["deleted.py", "templates/pet_stream/deleted.html", "static/deleted.js"]:
        stale = tree / "build/lib/pet_stream" / name
        stale.parent.mkdir(parents=True, exist_ok=True)
        stale.write_text("")
    return tree


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tree, tmp_path_factory.mktemp("wheel"), "--wheel")


def copy_checkout(tree: Path) -> Path:
    """Copy what a build needs."""
    tree.mkdir()
    for folder in PACKAGED_FOLDERS:
        shutil.copytree(
            CHECKOUT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ["setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"]:
        shutil.copy(CHECKOUT / name, tree)
    return tree


def build(tree: Path, folder: Path, *options: str) -> Path:
    command = [sys.executable, "-m", "build", "--no-isolation", *options]
    run([*command, "--outdir", str(folder), str(tree)], cwd=folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def run(command: list[str], cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    completed = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert completed.returncode == 0, f"{command}\n{completed.stdout}\n{completed.stderr}"
    return completed.stdout


def empty_environment(folder: Path) -> Path:
    """A virtual environment with the dependencies of this one, but without the package; returns
    its interpreter. A .pth file lends the folder but not the editable installs in it."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    [site_packages] = folder.glob("lib/python*/site-packages")
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "dependencies.pth").write_text("\n".join(sorted(lent)) + "\n")
    missing = "import importlib.util as u; assert u.find_spec('pet_stream') is None"
    run([str(python), "-c", missing], cwd=folder)
    return python


def install(python: Path, *what: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    # --ignore-installed: not to be misled by the lent folder's own pet_stream
    alone = ["--no-deps", "--no-build-isolation", "--ignore-installed"]
    run([*command, *alone, *what], cwd=python.parent)


def files_of(wheel: Path) -> dict[str, bytes]:
    """Path → content, without the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name)
            for name in archive.namelist()
            if ".dist-info/" not in name and not name.endswith("/")
        }


def files_of_tree(tree: Path) -> dict[str, bytes]:
    """Path in the wheel → content, for all that the wheel should have."""
    return {
        f"{target}/{path.relative_to(tree / folder).as_posix()}": path.read_bytes()
        for folder, target in PACKAGED_FOLDERS.items()
        for path in (tree / folder).rglob("*")
        if path.is_file()
    }


def assert_same_files(wheel: Path, tree: Path) -> None:
    packaged, expected = files_of(wheel), files_of_tree(tree)
    assert sorted(packaged) == sorted(expected)
    assert packaged == expected
    assert "pet_stream/py.typed" in packaged


def test_wheel_has_exactly_the_files_of_the_tree(wheel: Path, tree: Path) -> None:
    assert_same_files(wheel, tree)


def test_wheel_by_way_of_the_source_archive_has_exactly_the_files_of_the_tree(
    tree: Path, tmp_path: Path
) -> None:
    assert_same_files(build(tree, tmp_path), tree)


def test_pages_are_found_in_a_checkout(tmp_path: Path) -> None:
    python = empty_environment(tmp_path / "venv")
    where = run([str(python), "-c", OPEN_PAGE_AND_SCRIPTS], cwd=CHECKOUT)
    assert Path(where.strip()).parent == CHECKOUT / "pet_stream"


def test_pages_and_command_are_found_in_an_editable_install(tree: Path, tmp_path: Path) -> None:
    python = empty_environment(tmp_path / "venv")
    install(python, "--editable", str(tree))
    where = run([str(python), "-c", OPEN_PAGE_AND_SCRIPTS], cwd=tmp_path)
    assert Path(where.strip()).parent == tree / "pet_stream"
    assert "doctor" in run([str(python.with_name("pet-stream")), "--help"], cwd=tmp_path)


def test_pages_and_command_are_found_in_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    python = empty_environment(tmp_path / "venv")
    install(python, str(wheel))
    where = run([str(python), "-c", OPEN_PAGE_AND_SCRIPTS], cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path / "venv")
    assert "doctor" in run([str(python.with_name("pet-stream")), "--help"], cwd=tmp_path)
