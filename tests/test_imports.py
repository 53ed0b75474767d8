"""Who imports whom, held against the table in docs/architecture.md.

Every import counts: those for type checkers only, and those inside functions, too.
"""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.test_extension import CHECKOUT, run_script

PACKAGE = CHECKOUT / "pet_stream"
TABLE = re.compile(r"<!-- imports -->\n(.*?)<!-- /imports -->", re.DOTALL)


def module_of(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}


@cache
def nodes_of(module: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(MODULES[module].read_text())))


def imported_by(module: str) -> set[str]:
    """The modules of the package that `module` imports."""
    is_package = MODULES[module].name == "__init__.py"
    package = module.split(".") if is_package else module.split(".")[:-1]
    found = set()
    for node in nodes_of(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                found.add(inner if inner in MODULES else origin)
    return found & MODULES.keys()


@pytest.fixture(scope="module")
def imports() -> Mapping[str, set[str]]:
    return {module: imported_by(module) for module in MODULES}


def room_of(module: str) -> str:
    """A folder of the package, or a module of its own."""
    _, *names = module.split(".")
    if names[:2] == ["webrtc", "private"]:
        return "webrtc.private"
    return names[0] if names else "pet_stream"


def rows() -> Iterator[tuple[list[str], set[str]]]:
    match = TABLE.search((CHECKOUT / "docs" / "architecture.md").read_text())
    assert match is not None
    for line in match[1].splitlines()[2:]:
        _, rooms, allowed, _ = line.split("|")
        yield re.findall(r"`([a-z_.]+)`", rooms), set(re.findall(r"`([a-z_.]+)`", allowed))


def test_no_file_imports_itself_by_way_of_others(imports: Mapping[str, set[str]]) -> None:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as exc:
        pytest.fail(" → ".join(exc.args[1]))


def test_rooms_import_what_the_table_allows_and_nothing_else(
    imports: Mapping[str, set[str]],
) -> None:
    used: dict[str, set[str]] = {}
    for module, imported in imports.items():
        room = room_of(module)
        used.setdefault(room, set()).update({room_of(other) for other in imported} - {room})
    allowed = {room: others for rooms, others in rows() for room in rooms}
    assert used.keys() == allowed.keys()
    for room, others in used.items():
        assert others <= allowed[room], f"{room} must not import {others - allowed[room]}"


def test_the_table_allows_nothing_that_nobody_uses(imports: Mapping[str, set[str]]) -> None:
    for rooms, allowed in rows():
        used = {
            room_of(other)
            for module, imported in imports.items()
            if room_of(module) in rooms
            for other in imported
        }
        assert allowed <= used, f"{rooms} do not import {allowed - used}"


def test_every_package_that_is_imported_is_declared() -> None:
    setup = configparser.ConfigParser()
    setup.read(CHECKOUT / "setup.cfg")
    extras = setup["options.extras_require"]["json-log"]
    declared = {
        re.split(r"[<>=]", line)[0].replace("python-", "").replace("-", "_")
        for line in f"{setup['options']['install_requires']} {extras}".split()
    }
    imported = {
        name.partition(".")[0].replace("pythonjsonlogger", "json_logger")
        for module in MODULES
        for node in nodes_of(module)
        for name in _absolute_names(node)
    }
    of_newer_pythons = {"tomllib"}
    for_hosts = {"prometheus_flask_exporter"}
    ours = imported - sys.stdlib_module_names - of_newer_pythons - {"pet_stream"}
    assert ours == declared - for_hosts


def _absolute_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [str(node.module)]
    return []


def test_settings_and_help_need_none_of_the_parts() -> None:
    run_script(
        """
        import sys
        from pet_stream.command_line import COMMANDS, main
        from pet_stream.config import Config
        Config.from_mapping({})
        for command in "", *COMMANDS:
            main([*command.split(), "--help"], standalone_mode=False)
        assert not {"sysv_ipc", "flask", "aiortc", "av"} & sys.modules.keys(), sys.modules.keys()
        """
    )
