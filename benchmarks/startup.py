"""What loading costs: the time that a host's start takes longer with pet_stream in it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

from .children import CHECKOUT, ENVIRONMENT

REPEATS = 7
TIMEOUT_S = 60

_PROGRAM = """
import json, time
begin = time.perf_counter()
import flask
after_flask = time.perf_counter()
import pet_stream
after_import = time.perf_counter()
app = flask.Flask("bench")
pet_stream.PetStream().init_app(app)
after_init = time.perf_counter()
print(json.dumps([after_flask - begin, after_import - after_flask, after_init - after_import]))
"""


def measure_startup() -> dict[str, float]:
    """Milliseconds, medians of several interpreters with everything in the file cache."""
    samples = []
    for _ in range(REPEATS + 1):
        output = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            cwd=CHECKOUT,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            check=True,
            timeout=TIMEOUT_S,
        ).stdout
        samples.append([1000 * part_s for part_s in json.loads(output)])
    flask_ms, import_ms, init_ms = map(statistics.median, zip(*samples[1:], strict=True))
    return {"flask_ms": flask_ms, "import_ms": import_ms, "init_app_ms": init_ms}
