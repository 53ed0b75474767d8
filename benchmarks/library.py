"""The list and the day strip with ten thousand recordings: real, small files, in a temporary
folder.

    python -m benchmarks.library [--count 10000]

It asks twice: a server that knows none of the files, and the next one. In milliseconds of a core,
by a test client in the server's process, medians; the machine has the files in its memory.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from .children import CHECKOUT, ENVIRONMENT

COUNT = 10_000
ON_ONE_DAY = 500
REPEATS = 9
TIMEOUT_S = 600

_PROGRAM = """
import json, sys, time
from pathlib import Path
import flask
import pet_stream
folder, day, repeats = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
app = flask.Flask("bench")
app.config.update(PET_STREAM_RECORD_PATH=str(folder), PET_STREAM_SHM="/pet_bench_absent")
app.config.update(PET_STREAM_PAUSE_FILE=str(folder.parent / "pause.json"))
stream = pet_stream.PetStream(app)
client = app.test_client()
client.get("/livez")

def ask(url, **headers):
    begin = time.thread_time()
    answer = client.get(url, headers=headers)
    return 1000 * (time.thread_time() - begin), answer

def median(url, before=lambda: None, **headers):
    samples = []
    for _ in range(repeats):
        before()
        samples.append(ask(url, **headers)[0])
    return sorted(samples)[repeats // 2]

def change():
    (folder / "changed").touch()
    (folder / "changed").unlink()

timeline, days = f"/api/recordings/timeline?day={day}", "/api/recordings/days"
begin = time.perf_counter()
first_ms, answer = ask(timeline)
while client.get(days).get_json()["reading"]:
    time.sleep(0.05)
read_s = time.perf_counter() - begin
time.sleep(4)  # until the folder is believed
etag = ask(timeline)[1].headers["ETag"]
told = {
    "day, first after the start": first_ms,
    "day": median(timeline),
    "day, not changed": median(timeline, **{"If-None-Match": etag}),
    "day, the folder has just changed": median(timeline, change),
    "calendar": median(days),
    "list, 30 rows": median("/api/recordings?limit=30"),
}
stream.stop()
print(json.dumps({"ms": told, "all_read_s": read_s, "spans": len(answer.get_json()["spans"])}))
"""


def make_recordings(folder: Path, count: int) -> str:
    """Returns the day of the newest, on which there are ON_ONE_DAY."""
    from pet_stream.recording.containers import Mp4Container
    from tests.footage import encode
    from tests.recording.playback import access_unit

    units = [access_unit(data) for data in encode(160, 128, gop=15, pictures=30)]
    with (folder / "first").open("wb+", buffering=0) as raw:
        assert isinstance(raw, io.FileIO)
        container = Mp4Container(raw)
        container.write(
            [replace(unit, sequence=n, capture_ns=n * 33_000_000) for n, unit in enumerate(units)]
        )
        container.close()
    data = (folder / "first").read_bytes()
    (folder / "first").unlink()
    noon = time.mktime((2026, 6, 15, 12, 0, 0, 0, 0, -1))
    for number in range(count):
        ago_s = number * 40 if number < ON_ONE_DAY else 86_400 + number * 600
        path = folder / time.strftime("recording_%Y%m%d_%H%M%S.mp4", time.localtime(noon - ago_s))
        path.write_bytes(data)
        os.utime(path, (noon - ago_s + 1, noon - ago_s + 1))
    return "2026-06-15"


def measure(folder: Path, day: str) -> dict[str, Any]:
    output = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(folder), day, str(REPEATS)],
        cwd=CHECKOUT,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        check=True,
        timeout=TIMEOUT_S,
    ).stdout
    told: dict[str, Any] = json.loads(output)
    return told


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=COUNT, help="recordings")
    count = options.parse_args().count
    with tempfile.TemporaryDirectory(prefix="pet_bench_") as name:
        folder = Path(name) / "recordings"
        folder.mkdir()
        day = make_recordings(folder, count)
        cold, warm = measure(folder, day), measure(folder, day)
        kept_bytes = (folder / ".pet_stream" / "facts.json").stat().st_size
    on_day, kept_mb = cold["spans"], kept_bytes / 1e6
    print(f"{count} recordings, {on_day} of them on the day; {kept_mb:.1f} MB are kept")
    print(f"{'':34}   the first run   the next run")
    for what, cold_ms in cold["ms"].items():
        print(f"{what:34}  {cold_ms:11.1f} ms  {warm['ms'][what]:10.1f} ms")
    cold_s, warm_s = cold["all_read_s"], warm["all_read_s"]
    print(f"{'all files are known after':34}  {cold_s:11.1f} s   {warm_s:10.1f} s")


if __name__ == "__main__":
    main()
