"""Players of others, as npm has them: pinned by `package-lock.json`, and installed into a folder
outside the checkout when a test first asks for them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

_HERE = Path(__file__).parent
_MANIFESTS = ("package.json", "package-lock.json")
_INSTALL_TIMEOUT_S = 120
_BUNDLE_TIMEOUT_S = 30


def node_modules() -> Path:
    """The folder of all packages. Nothing is fetched once they are there."""
    pinned = b"".join((_HERE / name).read_bytes() for name in _MANIFESTS)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "pet_stream-tests" / f"players-{hashlib.sha256(pinned).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of other test processes
        if not (folder / "is_complete").exists():
            for name in _MANIFESTS:
                shutil.copy(_HERE / name, folder)
            # no script of a package runs
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            subprocess.run(
                ["npm", "ci", *quiet], cwd=folder, check=True, timeout=_INSTALL_TIMEOUT_S
            )
            (folder / "is_complete").touch()
    return folder / "node_modules"


def bundle(name: str) -> str:
    """The script `name` of this folder and all that it imports, as one."""
    modules = node_modules()
    made = subprocess.run(
        [modules / ".bin" / "esbuild", _HERE / name, "--bundle", "--format=esm"],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        check=True,
        text=True,
        timeout=_BUNDLE_TIMEOUT_S,
    )
    return made.stdout
