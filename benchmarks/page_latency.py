"""From the camera's capture to the picture on the page, in headless Chromium.

    python -m benchmarks.page_latency [--seconds 10]

Each row leaves out something that the page and the server do for latency. The camera stamps a
picture when it begins to write it into shared memory. The page compares that time, which comes
with each IDR (`abs-capture-time`), with `receiveTime` and `expectedDisplayTime` of
`requestVideoFrameCallback`. Both clocks are this machine's. Needs Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import running_server
from tests.camera.camera import Camera
from tests.footage import encode, write_source

NO_HINTS = """
for (const name of ['jitterBufferTarget', 'playoutDelayHint'])
    delete RTCRtpReceiver.prototype[name];
"""
NO_PLAYOUT_DELAY = """
const set = RTCPeerConnection.prototype.setLocalDescription;
RTCPeerConnection.prototype.setLocalDescription = async function () {
    const offer = await this.createOffer();
    const sdp = offer.sdp.replace(/a=extmap:.*playout-delay\\r\\n/g, '');
    return set.call(this, { type: 'offer', sdp });
};
"""
VARIANTS = {
    "as it is": "",
    "without the receiver's hints": NO_HINTS,
    "without playout-delay": NO_PLAYOUT_DELAY,
    "without both": NO_HINTS + NO_PLAYOUT_DELAY,
}
MEASURE = """(seconds) => new Promise((resolve) => {
    const { video } = document.querySelector('pet-stream');
    const [receiver] = window.peer.getReceivers();
    const values = [];
    const ends = performance.now() + seconds * 1000;
    const look = (now, frame) => {
        const [source] = receiver.getSynchronizationSources();
        if (source?.captureTimestamp) {
            const sinceMs = ((frame.rtpTimestamp - source.rtpTimestamp) | 0) / 90;
            const capturedMs = source.captureTimestamp - 2208988800000 + sinceMs;
            values.push({
                shown: performance.timeOrigin + frame.expectedDisplayTime - capturedMs,
                received: performance.timeOrigin + (frame.receiveTime ?? now) - capturedMs,
            });
        }
        if (performance.now() < ends) video.requestVideoFrameCallback(look);
        else resolve(values);
    };
    video.requestVideoFrameCallback(look);
})"""
KEEP_PEER = """
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) { super(...args); window.peer = this; }
};
"""
SETTLE_MS = 3000
LIVE = 'pet-stream[data-player-state="live"]'


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("chromium is not installed")
    segment = f"/pet_page_latency_{os.getpid()}"
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        source = folder / "scene"
        write_source(source, encode(1280, 720, fps=30, gop=14, pictures=56, bit_rate=2_000_000))
        with (
            Camera(segment, source=source, fps=30),
            running_server(segment, folder) as server,
        ):
            print(f"{'':30} {'pictures':>8} {'received p50':>13} {'shown p50':>10} {'p95':>6} ms")
            for title, script in VARIANTS.items():
                browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
                page = browser.new_page()
                page.add_init_script(script + KEEP_PEER)
                page.goto(f"{server.url}/pet-stream/?transport=webrtc")
                page.wait_for_selector(LIVE, timeout=20_000)
                page.wait_for_timeout(SETTLE_MS)
                values = page.evaluate(MEASURE, arguments.seconds)
                browser.close()
                shown = sorted(value["shown"] for value in values)
                received = sorted(value["received"] for value in values)
                print(
                    f"{title:30} {len(values):8} {at(received, 0.5):13.1f}"
                    f" {at(shown, 0.5):10.1f} {at(shown, 0.95):6.1f}",
                    flush=True,
                )


def at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


if __name__ == "__main__":
    main()
