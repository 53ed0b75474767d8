"""How long a person waits for the first picture, over a link with a delay, in headless Chromium.

    python -m benchmarks.first_picture                     a round trip of 150 ms
    python -m benchmarks.first_picture --delay-ms 40 --visits 10
    python -m benchmarks.first_picture --trace             what the page asks for, and when
    python -m benchmarks.first_picture --packages ../node_modules

The page's scripts are bundled as in a wheel where the packages for that are installed (`make lint`
does it), else they are modules as in a checkout. The time is from the beginning of the navigation,
connections included, to the first picture that the player shows. Cold: a browser that was never
here. Warm: the same browser again. As root.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .camera import WRITINGS, make_footage, open_camera, temporary_folder
from .children import CHECKOUT
from .loss.browser import ARGUMENTS
from .loss.namespaces import SERVER_ADDRESS, Link, open_link

PORT = 8080
STREAM_BITS_PER_SECOND = 2_000_000
MEGABITS = 50.0
SETTLE_MS = 3_000
"""Between two visits: the server has given the place back."""
UDP = "17"
FIRST_PICTURE = """
addEventListener("pet-stream:state", ({ detail }) => {
    if (detail.state === "live") window.live ??= { at: performance.now(), way: detail.transport };
});
"""
NOTE_STEPS = """
window.steps = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
        super(...options);
        const note = (what) => steps.push([performance.now(), 0, what]);
        note("a connection is made");
        this.addEventListener("iceconnectionstatechange", () =>
            note(`ICE ${this.iceConnectionState}`));
        this.addEventListener("connectionstatechange", () => note(this.connectionState));
    }
};
"""
WAIT = "window.live ?? null"
WAIT_FOR_SERVER = f"""
import socket, time
while socket.socket().connect_ex(("{SERVER_ADDRESS}", {PORT})):
    time.sleep(0.1)
"""
STEPS = """["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
    .map(({ startTime, responseEnd, name }) => [startTime, responseEnd, name])
    .concat(steps, [[window.live.at, 0, "first picture"]])
    .sort(([one], [other]) => one - other)
    .map(([at, end, what]) =>
        `${at.toFixed(0).padStart(5)} ${end.toFixed(0).padStart(5)} ${what}`)"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--delay-ms", type=float, default=75.0, help="one way")
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--packages", type=Path, default=CHECKOUT / "node_modules")
    arguments = parser.parse_args()
    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("chromium is not installed")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(temporary_folder()))
        footage = make_footage(folder, STREAM_BITS_PER_SECOND)
        camera = stack.enter_context(open_camera(WRITINGS["once"], footage=footage))
        link = stack.enter_context(
            open_link(
                megabits=MEGABITS, delay_ms=arguments.delay_ms, loss_percent=0.0, both_ways=True
            )
        )
        package = as_in_a_wheel(folder, arguments.packages)
        stack.enter_context(serving(link, camera.segment, folder, package))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=in_namespace(link, folder, executable), args=ARGUMENTS
        )
        stack.callback(browser.close)
        scripts = "modules" if package is None else "bundled"
        print(f"round trip {2 * arguments.delay_ms:g} ms, scripts {scripts}; first picture in ms")
        first = browser.new_context()
        for _ in range(2 if arguments.trace else 1):  # the server imports aiortc meanwhile
            visit(first, arguments.trace)
        for title, is_udp_blocked in (("", False), ("without UDP, ", True)):
            with without_udp(link) if is_udp_blocked else ExitStack():
                tell(title, browser, arguments.visits)
    return 0


def tell(title: str, browser: Browser, visits: int) -> None:
    cold, warm = [], []
    for _ in range(visits):
        context = browser.new_context()
        cold.append(visit(context))
        warm.append(visit(context))
        context.close()
    for name, waits in (("cold", cold), ("warm", warm)):
        times = sorted(ms for ms, _ in waits)
        ways = ", ".join(sorted({way for _, way in waits}))
        print(
            f"{title + name:20} median {statistics.median(times):5.0f}"
            f"  least {times[0]:5.0f}  most {times[-1]:5.0f}  {ways}",
            flush=True,
        )


def visit(context: BrowserContext, trace: bool = False) -> tuple[float, str]:
    page = context.new_page()
    page.add_init_script(FIRST_PICTURE + NOTE_STEPS)
    page.goto(f"http://{SERVER_ADDRESS}:{PORT}/pet-stream/", wait_until="commit")
    live = wait_for(page)
    if trace:
        print("\n".join(page.evaluate(STEPS)))
    page.close()
    return live


def wait_for(page: Page) -> tuple[float, str]:
    for _ in range(600):
        if live := page.evaluate(WAIT):
            page.wait_for_timeout(SETTLE_MS)
            return live["at"], live["way"]
        page.wait_for_timeout(50)
    sys.exit("no picture within 30 s")


def as_in_a_wheel(folder: Path, packages: Path) -> Path | None:
    """A folder with the package and its bundled scripts; None without the packages for that."""
    if not packages.is_dir():
        return None
    root = folder / "installed"
    package = root / "pet_stream"
    shutil.copytree(CHECKOUT / "pet_stream", package)
    shutil.copytree(CHECKOUT / "templates", package / "templates")
    shutil.copytree(CHECKOUT / "static", root / "static")
    shutil.copytree(CHECKOUT / "tools", root / "tools")
    (root / "node_modules").symlink_to(packages.resolve())
    run(["node", str(root / "tools/bundle.mjs"), str(root / "static"), str(package / "static")])
    return root


@contextmanager
def serving(link: Link, segment: str, folder: Path, package: Path | None) -> Iterator[None]:
    """`pet-stream run`, at the link's other end."""
    options = ["--shm", segment, "--detections-shm", "none", "--record-path", str(folder)]
    command = [sys.executable, "-m", "pet_stream.command_line", "run", "--auth", "off"]
    address = ["--host", SERVER_ADDRESS, "--port", str(PORT)]
    process = subprocess.Popen(
        [*link.in_server, *command, *address, *options], stdout=subprocess.DEVNULL, cwd=package
    )
    try:
        run([*link.in_server, sys.executable, "-c", WAIT_FOR_SERVER])
        yield
    finally:
        process.terminate()
        process.wait(15)


def in_namespace(link: Link, folder: Path, executable: str) -> str:
    """A program that runs `executable` at the viewer's end."""
    wrapper = folder / "browser"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(link.in_viewer)} {executable} "$@"\n')
    wrapper.chmod(0o755)
    return str(wrapper)


@contextmanager
def without_udp(link: Link) -> Iterator[None]:
    """No datagram of the viewer's gets through, as through some firewalls."""
    rule = ("ipproto", UDP, "pref", "100", "blackhole")
    run([*link.in_viewer, "ip", "rule", "add", *rule])
    yield
    run([*link.in_viewer, "ip", "rule", "delete", *rule])


def run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, timeout=60)


if __name__ == "__main__":
    sys.exit(main())
