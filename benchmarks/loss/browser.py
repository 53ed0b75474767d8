"""One viewer in headless Chromium; prints what its getStats says about a window, as JSON.

    python -m benchmarks.loss.browser http://10.213.7.1:8080 --seconds 60
    python -m benchmarks.loss.browser http://10.213.7.1:8080 --joins 20

With `--times` it prints a line with the first picture, and at the end when each was shown. With
`--joins` it comes and goes, and prints what its first two seconds were like, each time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
SETTLE_MS = 3000
JOIN_MS = 2000
LOOK_MS = 1500
LOOK = "async () => { await fetch('/api/webrtc/config'); }"
"""A person looks at the player's page before pressing play; our server imports aiortc meanwhile."""

WATCH = """async () => {
    const begun = performance.now();
    const peer = window.peer = new RTCPeerConnection();
    const transceiver = peer.addTransceiver('video', {direction: 'recvonly'});
    const codecs = RTCRtpReceiver.getCapabilities('video').codecs;
    transceiver.setCodecPreferences(codecs.filter((codec) =>
        ['video/H264', 'video/rtx'].includes(codec.mimeType)));
    const video = document.body.appendChild(document.createElement('video'));
    video.muted = true;
    const decoded = new Promise((resolve) => {
        peer.ontrack = ({track}) => {
            video.srcObject = new MediaStream([track]);
            video.requestVideoFrameCallback(() => resolve(performance.now() - begun));
            video.play();
        };
    });
    await peer.setLocalDescription();
    const response = await fetch('/api/webrtc/offer', {
        method: 'POST',
        headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({type: 'offer', sdp: peer.localDescription.sdp}),
    });
    if (!response.ok) throw new Error(await response.text());
    await peer.setRemoteDescription(await response.json());
    const timeout = new Promise((_, reject) =>
        setTimeout(() => reject(new Error('no picture within 20 s')), 20000));
    return await Promise.race([decoded, timeout]);
}"""
PLAY_BY_WEBSOCKET = """async () => {
    await import('/pet-stream/static/js/player.js');
    const player = document.createElement('pet-stream');
    player.setAttribute('transport', 'websocket');
    document.body.append(player);
    await new Promise((resolve) => player.video.requestVideoFrameCallback(resolve));
}"""
NOTE_TIMES = """() => {
    window.shown = [];
    const video = document.querySelector('video') ?? document.querySelector('pet-stream').video;
    const note = (now) => { window.shown.push(now); video.requestVideoFrameCallback(note); };
    video.requestVideoFrameCallback(note);
}"""
STATS = """async () => {
    for (const report of (await window.peer.getStats()).values())
        if (report.type === 'inbound-rtp' && report.kind === 'video') return report;
}"""
COUNTS = (
    "framesDecoded",
    "framesDropped",
    "framesReceived",
    "freezeCount",
    "totalFreezesDuration",
    "packetsReceived",
    "packetsLost",
    "nackCount",
    "pliCount",
    "retransmittedPacketsReceived",
    "jitterBufferDelay",
    "jitterBufferEmittedCount",
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--joins", type=int, default=0)
    parser.add_argument("--times", type=float, default=0, help="seconds")
    parser.add_argument("--websocket", action="store_true", help="by the page's player")
    arguments = parser.parse_args()
    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("chromium is not installed")
    result: object
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        if arguments.joins:
            result = [_join(browser, arguments.url) for _ in range(arguments.joins)]
        elif arguments.times:
            result = _note_times(_open(browser, arguments.url), arguments)
        else:
            result = _watch(_open(browser, arguments.url), arguments.seconds)
        browser.close()
    print(json.dumps(result), flush=True)


def _open(browser: Browser, url: str) -> Page:
    page = browser.new_page()
    page.goto(url)
    page.evaluate(LOOK)
    page.wait_for_timeout(LOOK_MS)
    return page


def _watch(page: Page, seconds: float) -> dict[str, float]:
    result: dict[str, float] = {"first_picture_ms": page.evaluate(WATCH)}
    page.wait_for_timeout(SETTLE_MS)
    before = page.evaluate(STATS)
    result["begin_ns"] = time.monotonic_ns()
    page.wait_for_timeout(seconds * 1000)
    after = page.evaluate(STATS)
    result["end_ns"] = time.monotonic_ns()
    for name in COUNTS:
        result[name] = after.get(name, 0) - before.get(name, 0)
    return result


def _note_times(page: Page, arguments: argparse.Namespace) -> dict[str, object]:
    page.evaluate(PLAY_BY_WEBSOCKET if arguments.websocket else WATCH)
    print("shown", flush=True)
    begun_ns = time.monotonic_ns() - round(page.evaluate("performance.now()") * 1e6)
    page.evaluate(NOTE_TIMES)
    page.wait_for_timeout(arguments.times * 1000)
    return {"begun_ns": begun_ns, "shown_ms": page.evaluate("window.shown")}


def _join(browser: Browser, url: str) -> dict[str, float]:
    page = _open(browser, url)
    result: dict[str, float] = {"first_picture_ms": page.evaluate(WATCH)}
    page.wait_for_timeout(JOIN_MS)
    stats = page.evaluate(STATS)
    page.close()
    return result | {name: stats.get(name, 0) for name in COUNTS}


if __name__ == "__main__":
    main()
