"""Commands of README and docs that end by themselves are run as they stand there, beside a demo."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.processes import Process
from tests.waiting import TIMEOUT_S
from tools.reference_tables import CHECKOUT

from .snippets import ALL, Snippet

pytestmark = pytest.mark.slow

ENDS_BY_ITSELF = re.compile(
    r"pet-stream (status|snapshot|doctor|config|invite|token|people)\b"
    r"|pet-stream recordings (list|export|prune --dry-run)\b"
    r"|flask --app \w+ pet-stream (config|recordings list)\b"
    r"|curl |export "
)
"""And changes nothing but the demo."""
STAND_INS = {
    r"https?://cam\.example\.org|http://[\w.]+:8080": "{url}",
    r"/media/usb": "{folder}/usb",
    r"pst_…": "pst_" + 32 * "a",
    r"cat\.mp4": "recording_20260501_120000.mp4",
    r"--from 1:30 --to 2:00": "--from 0:00 --to 0:01",
    r"from=60&to=90": "from=0&to=1",
    r'"from_s": 60, "to_s": 90': '"from_s": 0, "to_s": 1',
    r"\bcurl ": "curl -sS --fail-with-body ",
}
"""For what is elsewhere in the pages' examples. The demo's recordings have a second or so."""
HOST = """
from flask import Flask
from pet_stream import PetStream
app = Flask(__name__)
PetStream(app)
"""


def is_run(snippet: Snippet) -> bool:
    lines = snippet.text.replace("\\\n", " ").splitlines()
    return (
        snippet.language == "console"
        and not snippet.is_generated
        and not snippet.why_not_run
        and all(map(ENDS_BY_ITSELF.match, lines))
    )


def environment() -> dict[str, str]:
    """`pet-stream` is that of this checkout."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(CHECKOUT)}


@dataclass(frozen=True)
class Demo:
    url: str
    folder: Path

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """In the demo's folder, and with its address for those in the pages."""
        for example, here in STAND_INS.items():
            script = re.sub(example, here.format(url=self.url, folder=self.folder), script)
        return subprocess.run(
            ["bash", "-euc", script],
            cwd=self.folder,
            env=environment() | {"PET_STREAM_URL": self.url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Everybody may do everything; it has a recording that the pages name."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "usb").mkdir()
    (folder / "web_monitor.py").write_text(HOST)
    command = [sys.executable, "-m", "pet_stream.command_line", "demo"]
    process = Process(
        [*command, "--auth=off", "--port=0", "--no-open"],
        env=environment(),
        cwd=folder,
    )
    try:
        url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
        demo = Demo(url, folder)
        made = demo.run(
            f"""
            curl -X POST {url}/api/recording/start -H 'Content-Type: application/json' \\
                 -d '{{"filename": "recording_20260501_120000"}}'
            until curl {url}/api/recording/status | grep -Eq '"frame_count": *[1-9]'
            do sleep 0.1; done
            curl -X POST {url}/api/recording/stop
            """
        )
        assert made.returncode == 0, made.stdout + made.stderr
        yield demo
    finally:
        process.stop(signal.SIGTERM)


@pytest.mark.parametrize("snippet", [each for each in ALL if is_run(each)], ids=str)
def test_it_does_what_its_page_says(snippet: Snippet, demo: Demo) -> None:
    there = set(demo.folder.iterdir())
    try:
        result = demo.run(snippet.text)
    finally:  # another page may make a file of the same name
        for path in set(demo.folder.iterdir()) - there:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    said = result.stdout + result.stderr
    assert "Traceback" not in said
    # the doctor may find something; what follows it is run all the same
    assert result.returncode == 0 or "pet-stream doctor" in snippet.text, said
    assert '"error"' not in said


SERVERS = sorted(
    {
        re.sub(r"^\.venv/bin/|\s+#.*", "", line)
        for snippet in ALL
        if snippet.language == "console" and not snippet.is_generated
        for line in snippet.text.splitlines()
        if re.match(r"([A-Z_]+=\w+ |\.venv/bin/)?pet-stream run\b", line)
    }
)


@pytest.mark.parametrize("command", SERVERS)
def test_it_serves_until_it_is_stopped(command: str, segment_name: str, tmp_path: Path) -> None:
    command = command.replace("0.0.0.0", "127.0.0.1")
    process = Process(
        ["bash", "-euc", f"{command} --port 0 --shm {segment_name}"],
        env=environment(),
        cwd=tmp_path,
    )
    try:
        process.wait_for_line(r"Ctrl-C stops it", TIMEOUT_S)
    finally:
        code = process.stop(signal.SIGTERM, is_for_group=True)
    assert code == 0, process.log
