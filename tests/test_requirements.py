"""Every dependency has a floor and a ceiling, and `make test-newest` looks beyond it."""

from __future__ import annotations

import configparser
import re
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement

from tools import requirements
from tools.reference_tables import CHECKOUT

ALL = list(requirements.requirements())


@pytest.mark.parametrize("requirement", ALL, ids=str)
def test_each_has_a_floor_and_a_ceiling(requirement: Requirement) -> None:
    assert sorted(each.operator for each in requirement.specifier) == ["<", ">="]


def test_so_has_what_the_build_needs() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text()
    [line] = re.findall(r'(?m)^requires = \["(.*)"\]$', text)
    test_each_has_a_floor_and_a_ceiling(Requirement(line))


def test_one_that_stands_twice_has_the_same_ceiling() -> None:
    """wsproto, say: the tests use it, too."""
    ceilings: dict[str, set[str]] = {}
    for requirement in ALL:
        found = {each.version for each in requirement.specifier if each.operator == "<"}
        ceilings.setdefault(requirement.name, set()).update(found)
    assert {name for name, found in ceilings.items() if len(found) > 1} == set()


def test_without_its_ceiling_anything_newer_is_permitted() -> None:
    lifted = requirements.lifted(Requirement('tomli>=2,<3; python_version < "3.11"'))
    assert str(lifted) == 'tomli>=2; python_version < "3.11"'
    assert lifted.specifier.contains("99")


def test_what_is_beyond_its_ceiling_is_named() -> None:
    assert list(requirements.beyond(ALL)) == []  # in this environment, which pip has made
    too_old = Requirement("flask>=0.1,<0.2")
    found = f"flask {version('flask')} (permitted: <0.2,>=0.1)"
    assert list(requirements.beyond([too_old, Requirement("no-such-package>=1,<2")])) == [found]


def test_every_package_is_in_the_wheel() -> None:
    """What is missing there is missed only outside of a checkout."""
    config = configparser.ConfigParser()
    config.read(CHECKOUT / "setup.cfg")
    inits = (CHECKOUT / "pet_stream").rglob("__init__.py")
    packages = {".".join(path.parent.relative_to(CHECKOUT).parts) for path in inits}
    assert set(config["options"]["packages"].split()) == packages | {
        "pet_stream.static",
        "pet_stream.templates",
    }
