"""How long one picture's way is: the modules that it enters, and the Python calls that it costs.

    python -m benchmarks.path                    without viewers, and with one
    python -m benchmarks.path --functions        which functions they are

From the shared memory to `sendmsg`, over the camera's thread and the event loop, counted by
sys.setprofile. So the figures are the same on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

from flask.testing import FlaskClient

import pet_stream
from pet_stream.broadcaster import Broadcaster
from pet_stream.fan_out import FanOut
from pet_stream.ingest.shm_reader import ShmReader
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.waiting import wait_until
from tests.webrtc.viewer import Viewer

PACKAGE = Path(pet_stream.__file__).parent
BITS_PER_SECOND = 8_000_000
"""What the board's encoder sends by default."""
SETTLE_S = 1.0
"""Until the reader knows when pictures come, and a viewer has caught up."""
PICTURE, LOOK, TAKE = (
    function.__code__ for function in (Broadcaster.publish, ShmReader._run_once, FanOut._drain)
)


@dataclass(slots=True)
class Thread:
    """What one thread did, in spans: the camera's from look to look, the loop's from taking a
    picture to taking the next one."""

    name: str
    begins: CodeType
    """The function that begins a span."""
    has: CodeType
    """The function without which a span was not about a picture."""
    spans: list[Counter[CodeType]] = field(default_factory=lambda: [Counter()])

    @property
    def calls(self) -> int:
        return sum(map(Counter.total, self.spans))

    @property
    def calls_of_a_picture(self) -> float:
        """The calls of a usual span that was about one picture."""
        spans = [span for span in self.about_pictures if span[self.has] == 1]
        return statistics.median(map(Counter.total, spans))

    @property
    def about_pictures(self) -> list[Counter[CodeType]]:
        """The spans from their beginning to their end."""
        return [span for span in self.spans[1:-1] if self.has in span]


@dataclass(frozen=True, slots=True)
class Way:
    """What was counted over `pictures` pictures."""

    pictures: int
    camera: Thread
    loop: Thread

    @property
    def modules(self) -> list[str]:
        """Those of the package that most pictures enter, below the package."""
        entered: set[str] = set()
        for thread in (self.camera, self.loop):
            spans = [
                {module_of(code) for code in span if is_ours(code)}
                for span in thread.about_pictures
            ]
            often = Counter(module for span in spans for module in span)
            entered |= {module for module, count in often.items() if 2 * count > len(spans)}
        return sorted(entered)

    def calls(self, thread: Thread) -> float:
        """Calls a picture, everything included that the thread does meanwhile."""
        return thread.calls / self.pictures


def measure(viewers: int, pictures: int) -> Way:
    """Count over at least this many pictures of a camera in another process."""
    segment = f"/pet_bench_path_{os.getpid()}_{viewers}"
    camera = Thread("camera", LOOK, PICTURE)
    loop = Thread("loop", TAKE, TAKE)
    is_counting = threading.Event()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event != "call" or not is_counting.is_set():
            return
        thread = threads.get(threading.get_ident())
        if thread is not None:
            if frame.f_code is thread.begins:
                thread.spans.append(Counter())
            thread.spans[-1][frame.f_code] += 1

    with (
        tempfile.TemporaryDirectory() as folder,
        Camera(segment, fps=30, gop=14, width=1280, height=720, bitrate=BITS_PER_SECOND),
        mounted_app(Path(folder), SHM=segment, DETECTIONS_SHM=None) as app,
    ):
        stream = stream_of(app)
        with profiled(note):
            stream.start()
        idents = {each.name: each.ident for each in threading.enumerate()}
        threads = {idents[f"pet-stream-{each.name}"]: each for each in (camera, loop)}
        counts = stream.reader.counts
        wait_until(lambda: counts.frames_processed)

        async def watch() -> int:
            watching = [await connected(app.test_client()) for _ in range(viewers)]
            await asyncio.sleep(SETTLE_S)
            before = counts.frames_processed
            is_counting.set()
            while counts.frames_processed < before + pictures:
                await asyncio.sleep(0.02)
            is_counting.clear()
            counted = counts.frames_processed - before
            for viewer in watching:
                await viewer.close()
            return counted

        return Way(asyncio.run(watch()), camera, loop)


@contextmanager
def profiled(note: object) -> Iterator[None]:
    """Have `note` called for each call in threads that begin meanwhile."""
    threading.setprofile(note)  # type: ignore[arg-type]
    try:
        yield
    finally:
        threading.setprofile(None)


async def connected(client: FlaskClient) -> Viewer:
    viewer = Viewer()
    offer = {"type": "offer", "sdp": await viewer.offer()}
    answer = await asyncio.to_thread(client.post, "/api/webrtc/offer", json=offer)
    await viewer.accept(answer.get_json()["sdp"])
    await viewer.has(1)
    return viewer


def is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(f"{PACKAGE}{os.sep}")


def module_of(code: CodeType) -> str:
    parts = Path(code.co_filename).relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.path", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--pictures", type=int, default=150, help="to count over")
    parser.add_argument("--viewers", type=int, action="append", help="how many (repeatable)")
    parser.add_argument("--functions", action="store_true", help="name them, with their calls")
    arguments = parser.parse_args()
    for viewers in arguments.viewers or (0, 1):
        way = measure(viewers, arguments.pictures)
        print(
            f"{viewers} viewers: {len(way.modules)} modules; calls a picture: "
            f"{way.calls(way.camera):.0f} in the camera's thread, {way.calls(way.loop):.0f} on "
            "the event loop"
        )
        print(f"    {' '.join(way.modules)}")
        for thread in (way.camera, way.loop) if arguments.functions else ():
            print(f"  {thread.name}")
            for code, count in sorted(sum(thread.spans, Counter()).items(), key=by_file):
                name = module_of(code) if is_ours(code) else Path(code.co_filename).stem
                print(f"  {count / way.pictures:8.2f}  {name}:{code.co_name}")
    return 0


def by_file(item: tuple[CodeType, int]) -> tuple[bool, str, int]:
    code, count = item
    return not is_ours(code), code.co_filename, -count


if __name__ == "__main__":
    sys.exit(main())
