"""Sends what schemathesis makes of our description to a real server (`make api-test`).

    python -m tests.api .venv-api/bin [OPTIONS OF schemathesis run]

The camera is live, our accounts decide, and the program's token has every right. What never ends by
itself is left out. Ends with 1 for a 500, and for an answer that is not described.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pet_stream.accounts.accounts import Accounts
from pet_stream.profiling.limits import ProfileLimits
from pet_stream.rights import Right
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.websocket.client import served

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
HOOKS = Path(__file__).parent / "hooks.py"
BUDGET = ("--phases=coverage,fuzzing", "--max-examples=5", "--max-time=120")
"""Values for each operation; seconds for all of it, after which the run is cut off."""


def main(programs: str, *options: str) -> int:
    schemathesis = Path(programs).absolute() / "schemathesis"
    with TemporaryDirectory() as name:
        folder = Path(name)
        segment, accounts = f"/pet_test_{os.getpid()}_api", folder / "accounts.json"
        write_source(folder / "scene", encode(320, 240, fps=30, gop=14, pictures=42))
        with (
            Camera(segment, source=folder / "scene", fps=30),
            mounted_app(folder, SHM=segment, AUTH="builtin", ACCOUNTS=accounts) as app,
            served(app) as address,
        ):
            stream_of(app).profile_limits = ProfileLimits(default_s=0.1, max_s=0.5)
            token = Accounts(accounts).add_token("Test", [r.value for r in Right], by="test")
            command = [str(schemathesis), f"--config-file={CONFIGURATION}", "--no-color", "run"]
            command += [f"--header=Authorization: Bearer {token}"]
            command += ["--exclude-by=/x-endless == true", *BUDGET, *options]
            command += [address.replace("ws://", "http://") + "/api/openapi.json"]
            hooks = {"PYTHONPATH": str(HOOKS.parent), "SCHEMATHESIS_HOOKS": HOOKS.stem}
            environment = {**os.environ, **hooks}
            return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
