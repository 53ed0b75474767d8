"""Everything is in setup.cfg, but for how the page's files get into a wheel."""

import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build import build
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
STATIC = Path("pet_stream", "static")


class CleanBuild(build):
    """Keeps an old build/ from leaking deleted files: `build` copies over what an earlier build
    left, and the wheel takes the whole folder."""

    def run(self) -> None:
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


class BundlingBuild(build_py):
    """Puts the page's scripts together, where the packages for that are installed (`make wheel`).
    Otherwise the wheel has the modules as they are, which work as well and load more slowly."""

    def run(self) -> None:
        super().run()
        bundle, packages = HERE / "tools/bundle.mjs", HERE / "node_modules"
        if self.editable_mode:
            return
        if not (bundle.is_file() and packages.is_dir()):
            self.warn("the page's scripts are not bundled: see `make wheel`")
            return
        folder = Path(self.build_lib, STATIC)
        shutil.rmtree(folder)
        subprocess.run(["node", bundle, HERE / "static", folder], check=True)


setup(cmdclass={"build": CleanBuild, "build_py": BundlingBuild})
