"""Everything is in setup.cfg; this only keeps an old build/ from leaking deleted files."""

import shutil

from setuptools import setup
from setuptools.command.build import build


class CleanBuild(build):
    """`build` copies over what an earlier build left, and the wheel takes the whole folder."""

    def run(self) -> None:
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(cmdclass={"build": CleanBuild})
