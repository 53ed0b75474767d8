"""The requirements of setup.cfg, their ceilings lifted, or compared with what is installed.

python -m tools.requirements lifted     each without its ceiling, for `pip install -r`
python -m tools.requirements beyond     what is installed here, and newer than permitted
"""

from __future__ import annotations

import configparser
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools.reference_tables import CHECKOUT

NEVER_LIFTED = ("fuzz",)
"""An extra whose package has no wheels for a newer Python."""


def requirements(*, all_extras: bool = True) -> Iterator[Requirement]:
    config = configparser.ConfigParser()
    config.read(CHECKOUT / "setup.cfg")
    extras = config["options.extras_require"]
    texts = [config["options"]["install_requires"]]
    texts += [text for name, text in extras.items() if all_extras or name not in NEVER_LIFTED]
    for text in texts:
        yield from (Requirement(line) for line in text.split("\n") if line.strip())


def lifted(requirement: Requirement) -> Requirement:
    """Returns it without its ceiling."""
    found = Requirement(str(requirement))
    found.specifier = SpecifierSet(",".join(str(s) for s in found.specifier if s.operator != "<"))
    return found


def beyond(permitted: Iterable[Requirement]) -> Iterator[str]:
    """Yields what is installed in this environment and not permitted."""
    for requirement in permitted:
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            yield f"{requirement.name} {installed} (permitted: {requirement.specifier})"


if __name__ == "__main__":
    if sys.argv[1:] == ["lifted"]:
        lines: Iterable[str] = map(str, map(lifted, requirements(all_extras=False)))
    elif sys.argv[1:] == ["beyond"]:
        lines = beyond(requirements())
    else:
        raise SystemExit(__doc__)
    print("\n".join(lines))
