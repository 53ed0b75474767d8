"""aiortc imported without what is never used, each time in a Python of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import textwrap
import urllib.request
from pathlib import Path

import pytest

from tests.browser.processes import Process
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.test_extension import CHECKOUT, run_script
from tests.webrtc.viewer import Viewer

TIMEOUT_S = 30.0

NOTHING_IS_LEFT = """
import sys
from pet_stream import late_imports
assert not [name for name in sys.modules if late_imports._is_late(name)]
assert not [finder for finder in sys.meta_path if isinstance(finder, late_imports._Finder)]
"""


def run(script: str, *arguments: str | Path) -> None:
    run_script(textwrap.dedent(script) + NOTHING_IS_LEFT, *arguments)


def test_a_viewer_is_served_without_ffmpeg(segment_name: str, tmp_path: Path) -> None:
    write_source(tmp_path / "scene", encode(320, 240, fps=30, gop=14, pictures=42))
    options = ["--port", "0", "--shm", segment_name, "--record-path", str(tmp_path / "recordings")]
    process = Process(
        [sys.executable, "-m", "pet_stream.cli", "run", *options],
        env={**os.environ, "FLASK_PET_STREAM_ICE_HOSTS": '["127.0.0.1"]'},
        cwd=CHECKOUT,
    )
    try:
        url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
        with Camera(segment_name, source=tmp_path / "scene", fps=30):
            asyncio.run(watch(f"{url}/api/webrtc/offer"))
        assert "libsrtp" in (maps := Path(f"/proc/{process.pid}/maps").read_text()), maps
        assert "libavcodec" not in maps
    finally:
        process.stop(signal.SIGTERM)


async def watch(offer_url: str) -> None:
    viewer = Viewer()

    def answer(offer: str) -> str:
        body = json.dumps({"type": "offer", "sdp": offer}).encode()
        request = urllib.request.Request(offer_url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            sdp: str = json.load(response)["sdp"]
            return sdp

    try:
        await viewer.accept(await asyncio.to_thread(answer, await viewer.offer()))
        await asyncio.wait_for(viewer.has(5), TIMEOUT_S)
    finally:
        await viewer.close()


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_aiortc_encodes_and_decodes_as_ever(codec: str) -> None:
    run(
        """
        import sys
        from pet_stream.late_imports import import_aiortc
        import_aiortc()
        assert "aiortc" in sys.modules and "av" not in sys.modules

        from aiortc import RTCRtpCodecParameters, RTCRtpSender, VideoStreamTrack
        from aiortc.codecs import get_decoder, get_encoder
        from aiortc.jitterbuffer import JitterFrame
        from aiortc.codecs import depayload
        import asyncio

        known = RTCRtpSender.getCapabilities("video").codecs
        capability = next(c for c in known if c.mimeType == "video/" + sys.argv[1])
        codec = RTCRtpCodecParameters(capability.mimeType, 90000, payloadType=97)

        async def picture():
            return await VideoStreamTrack().recv()

        frame = asyncio.run(picture())
        payloads, timestamp = get_encoder(codec).encode(frame, force_keyframe=True)
        data = b"".join(depayload(codec, payload) for payload in payloads)
        (decoded,) = get_decoder(codec).decode(JitterFrame(data, timestamp))
        import av
        assert type(decoded) is av.VideoFrame
        assert (decoded.width, decoded.height) == (frame.width, frame.height)
        """,
        codec,
    )


def test_the_stock_sender_still_takes_packets_and_tells_them_from_pictures() -> None:
    run(
        """
        import sys
        from pet_stream.late_imports import import_aiortc
        import_aiortc()
        from aiortc import rtcrtpsender
        assert not isinstance(object(), rtcrtpsender.Frame)
        assert "av" not in sys.modules

        import av
        assert not isinstance(av.Packet(b"data"), rtcrtpsender.Frame)
        assert isinstance(av.VideoFrame(16, 16, "yuv420p"), rtcrtpsender.Frame)
        """
    )


def test_what_is_left_out_is_there_when_it_is_used() -> None:
    run(
        """
        import sys
        from pet_stream.late_imports import import_aiortc
        import_aiortc()
        assert not {"av", "dns.message", "google_crc32c"} & sys.modules.keys()

        from aioice import mdns
        from aiortc import rtcsctptransport
        assert mdns.is_mdns_hostname("a.local") and not mdns.is_mdns_hostname("127.0.0.1")
        assert "dns.message" not in sys.modules
        assert rtcsctptransport.crc32c(b"123456789") == 0xE3069283
        query = mdns.dns.message.make_query("a.local", rdtype=mdns.dns.rdatatype.A)
        assert mdns.dns.message.from_wire(query.to_wire()) == query
        import dns.message
        assert type(query) is dns.message.QueryMessage
        """
    )


def test_whoever_has_av_keeps_it() -> None:
    run(
        """
        import av
        from pet_stream.late_imports import import_aiortc
        import_aiortc()
        from aiortc import rtcrtpsender
        assert rtcrtpsender.Frame is av.frame.Frame
        """
    )


AIORTCS = {
    "calls": "import av\nav.logging.get_level()",
    "looks inside": "from av.video.frame import PictureType\nKEY = PictureType.I",
    "imports all": "from av import *\nVideoFrame",
}


@pytest.mark.parametrize("source", AIORTCS.values(), ids=AIORTCS)
def test_a_release_that_needs_av_at_once_gets_it(source: str, tmp_path: Path) -> None:
    (tmp_path / "aiortc").mkdir()
    (tmp_path / "aiortc" / "__init__.py").write_text(source)
    run(
        """
        import sys
        sys.path.insert(0, sys.argv[1])
        from pet_stream.late_imports import import_aiortc
        import_aiortc()
        import aiortc, av
        assert aiortc.__file__.startswith(sys.argv[1])
        assert getattr(aiortc, "av", av) is av
        """,
        tmp_path,
    )


def test_another_thread_that_uses_av_meanwhile_gets_the_real_one(tmp_path: Path) -> None:
    (tmp_path / "aiortc").mkdir()
    (tmp_path / "aiortc" / "__init__.py").write_text(
        "import threading\n"
        "from av import VideoFrame\n"
        "other = next(t for t in threading.enumerate() if t.name == 'other')\n"
        "other.go_on.set()\n"
        "assert other.has_imported.wait(30)\n"
    )
    run(
        """
        import sys, threading
        sys.path.insert(0, sys.argv[1])
        from pet_stream.late_imports import import_aiortc
        frames = []

        def use():
            other.go_on.wait(30)
            import av
            from av.video.frame import VideoFrame
            other.has_imported.set()
            frames.append(VideoFrame(16, 16, "yuv420p"))
            try:
                av.open("/no/such/file")
            except av.error.FFmpegError:
                frames.append(av.VideoFrame(16, 16, "yuv420p"))

        other = threading.Thread(target=use, name="other", daemon=True)
        other.go_on, other.has_imported = threading.Event(), threading.Event()
        other.start()
        import_aiortc()
        other.join(30)
        import av
        assert [type(frame) for frame in frames] == [av.VideoFrame, av.VideoFrame]
        """,
        tmp_path,
    )
