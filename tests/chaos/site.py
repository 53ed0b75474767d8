"""What disturbances happen to: a camera, a server, its recordings, and who watches."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pet_stream.event_loop import EventLoopThread
from pet_stream.recording.disk import PART_SUFFIX
from tests.browser.processes import Process
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.server_process import CHECKOUT
from tests.waiting import TIMEOUT_S

from .audience import PeerViewer, SocketViewer
from .serving import ADDRESS, CLOCK_FILE, WAYS, as_nobody, with_faked_clock

FPS = 30
GOP = 14


@dataclass(frozen=True, slots=True)
class Kept:
    """What the server holds, as the kernel counts it."""

    descriptors: int
    threads: int
    children: int

    def more_than(self, before: Kept) -> dict[str, int]:
        """Returns by how much each is more than before, where it is."""
        then, now = asdict(before), asdict(self)
        return {name: now[name] - then[name] for name in now if now[name] > then[name]}


class Site:
    """Used from one thread. `disk`: where the recordings are."""

    def __init__(
        self,
        folder: Path,
        segment: str,
        way: str = "host",
        *,
        disk: Path | None = None,
        as_user: bool = False,
        fakes_clock: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.segment = segment
        self.disk = disk or folder
        self.recordings = self.disk / "recordings"
        self.process: Process | None = None
        self.url = ""
        self._way = way
        self._environment = dict(environment or {})
        if fakes_clock:
            self._environment |= with_faked_clock(folder / CLOCK_FILE)
        self._prefix = as_nobody() if as_user and not os.getuid() else ()
        self._source = folder / "scene"
        self._loop = EventLoopThread("audience")
        self.camera = self._make_camera()
        self.audiences: list[SocketViewer | PeerViewer] = []

    # ---- its parts

    def start(self) -> None:
        write_source(self._source, encode(320, 240, fps=FPS, gop=GOP, pictures=6 * GOP))
        self.camera.start()
        self.start_server()
        self._loop.start()

    def stop(self) -> None:
        for audience in self.audiences:
            audience.close()
        self._loop.stop()
        self.stop_server(signal.SIGTERM)
        self.camera.stop()

    def start_server(self) -> None:
        self.process = Process(
            [*self._prefix, sys.executable, "-m", *WAYS[self._way]],
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "1",
                "PYTHONWARNINGS": "ignore",
                "HOME": str(self.folder),
                "FLASK_PET_STREAM_SHM": self.segment,
                "FLASK_PET_STREAM_DETECTIONS_SHM": f"{self.segment}_detections",
                "FLASK_PET_STREAM_RECORD_PATH": str(self.recordings),
                "FLASK_PET_STREAM_PAUSE_FILE": str(self.folder / "pause.json"),
                "FLASK_PET_STREAM_ICE_HOSTS": '["127.0.0.1"]',
                "FLASK_PET_STREAM_AUTH": "off",
                "FLASK_PET_STREAM_MIN_FREE_MB": "2",
                **self._environment,
            },
            cwd=CHECKOUT,
        )
        self.url = f"http://{self.process.wait_for_line(ADDRESS, TIMEOUT_S)[1]}"

    def stop_server(self, with_signal: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.stop(with_signal)

    @property
    def has_ended(self) -> bool:
        """Whether nothing of the server runs any more, even if one of its threads waits for a disk,
        which keeps the kernel from taking the process away."""
        assert self.process is not None
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        except OSError:
            return True
        return stat.rpartition(")")[2].split()[0] == "Z"

    def restart_camera(self) -> None:
        """After its death, as its own supervisor does."""
        self.camera.abandon()
        self.camera = self._make_camera()
        self.camera.start()

    def watch(self) -> None:
        """Have a viewer of each kind watch from now on."""
        self.audiences.append(SocketViewer(lambda: self.url))
        self.audiences.append(PeerViewer(lambda: self.url, self._loop))

    def _make_camera(self) -> Camera:
        return Camera(self.segment, source=self._source, fps=FPS)

    # ---- what can be asked

    @property
    def pid(self) -> int:
        """Of the process that serves; gunicorn's is a child of the one that was started."""
        assert self.process is not None
        if self._way != "gunicorn":
            return self.process.pid
        return int(self.ask("/chaos/kept")["pid"])

    def ask(
        self, path: str, method: str = "GET", body: object = None, timeout_s: float = TIMEOUT_S
    ) -> dict[str, Any]:
        """Raises OSError (HTTPError is one)."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with _opened(request, timeout_s) as answer:
            text = answer.read()
        try:
            told: dict[str, Any] = json.loads(text)
        except ValueError:
            told = {}
        return told

    def kept(self) -> Kept:
        folder = Path(f"/proc/{self.pid}")
        children = 0
        for task in (folder / "task").iterdir():
            with contextlib.suppress(OSError):
                children += len((task / "children").read_text().split())
        threads = len(os.listdir(folder / "task"))
        return Kept(len(os.listdir(folder / "fd")), threads, children)

    def record(self, name: str) -> None:
        self.ask("/api/recording/start", "POST", {"filename": name, "preroll_s": 0})

    def stop_recording(self) -> dict[str, Any]:
        return self.ask("/api/recording/stop", "POST")

    @property
    def is_recording(self) -> bool:
        return bool(self.ask("/api/recording/status")["recording"])

    def left_segments(self) -> list[str]:
        """Shared memory of ours but the camera's."""
        name = self.segment.removeprefix("/")
        return [path.name for path in Path("/dev/shm").glob(f"{name}*") if path.name != name]

    def unfinished_files(self) -> list[str]:
        return [path.name for path in self.recordings.glob(f"*{PART_SUFFIX}")]

    def is_live_since(self, since_ns: int) -> bool:
        """Whether every viewer has had a picture of a later time, and machines are told so."""
        if not all(audience.seen_ns > since_ns for audience in self.audiences):
            return False
        try:
            self.ask("/readyz")
        except OSError:
            return False
        return True

    def wait_until_live(self, timeout_s: float = TIMEOUT_S) -> float:
        """Returns how many seconds it took from now on. Raises TimeoutError."""
        began_ns = time.monotonic_ns()
        while not self.is_live_since(began_ns):
            if time.monotonic_ns() - began_ns > timeout_s * 1e9:
                seen = [f"{(began_ns - a.seen_ns) / 1e9:.1f} s ago" for a in self.audiences]
                with contextlib.suppress(OSError):
                    seen.append(str(self.ask("/health").get("reasons")))
                raise TimeoutError(f"not live within {timeout_s:g} s: {', '.join(seen)}")
            time.sleep(0.02)
        return (time.monotonic_ns() - began_ns) / 1e9


@contextmanager
def open_site(folder: Path, segment: str, way: str = "host", **options: Any) -> Iterator[Site]:
    site = Site(folder, segment, way, **options)
    with ExitStack() as stack:
        stack.callback(site.stop)
        site.start()
        site.watch()
        site.wait_until_live()
        yield site


@contextmanager
def _opened(request: urllib.request.Request, timeout_s: float) -> Iterator[Any]:
    """As urlopen, but an error says what the server has said."""
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            yield answer
    except urllib.error.HTTPError as exc:
        exc.msg = f"{exc.msg}: {exc.read(500)!r}"
        raise
