"""One disturbance of a site, and what must be so afterwards."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.frozen_disk import freezable_disk

from .disturbance import Disturbance
from .site import Site, open_site
from .verdict import check_recordings

LIVE_AGAIN_S = 3.0
SETTLE_S = 20.0
"""Until what has gone is given back: leases, sockets, files that are repaired."""
RECORDED_S = 1.0
OF_THE_LAST_MINUTE = {
    "pictures_overwritten",
    "pictures_left_out",
    "read_errors",
    "malformed_pictures",
    "viewers_lose_pictures",
    "viewers_fail",
    "recording_loses",
}
"""Reasons in `/health` that are about what has been, for a while."""


def endure(site: Site, disturbance: Disturbance, live_again_s: float = LIVE_AGAIN_S) -> str:
    """Returns how it went, in a line. Raises AssertionError, OSError, or TimeoutError."""
    before = site.kept()
    visits = [audience.visit_count for audience in site.audiences]
    site.record(f"in_the_middle_of_{disturbance.name.replace(' ', '_')}")
    time.sleep(RECORDED_S)
    with disturbance.disturb(site):
        pass
    live_s = site.wait_until_live(live_again_s)
    if disturbance.is_mild:
        assert visits == [audience.visit_count for audience in site.audiences], "they came anew"
    with contextlib.suppress(OSError):  # it may have ended
        site.stop_recording()
    site.record(f"after_{disturbance.name.replace(' ', '_')}")
    time.sleep(RECORDED_S)
    assert site.stop_recording()["frame_count"]
    settle(lambda: set(site.ask("/health")["reason_codes"]) - OF_THE_LAST_MINUTE, set())
    settle(site.left_segments, [])
    settle(site.unfinished_files, [])
    if disturbance.way != "gunicorn":  # whose new worker makes its threads when it needs them
        settle(lambda: site.kept().more_than(before), {})
    count = check_recordings(site.recordings)
    return f"live again after {live_s:.2f} s, {count} pictures recorded, {site.kept()}"


def settle(tell: Callable[[], object], wanted: object) -> None:
    """Wait until it tells what is wanted."""
    deadline_s = time.monotonic() + SETTLE_S
    while (told := tell()) != wanted:
        assert time.monotonic() < deadline_s, f"still {told}"
        time.sleep(0.05)


@contextmanager
def site_for(disturbance: Disturbance, segment: str) -> Iterator[Site]:
    """A site of its own, as the disturbance needs it, warm: what is made once is made. Skips where
    this user may not mount a disk, or become another user."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pet_stream_chaos_")))
        folder.chmod(0o777)
        disk = stack.enter_context(freezable_disk(folder)) if disturbance.needs_disk else folder
        site = stack.enter_context(
            open_site(
                folder,
                segment,
                disturbance.way,
                disk=disk,
                as_user=disturbance.as_user,
                fakes_clock=disturbance.fakes_clock,
            )
        )
        warm_up(site)
        yield site


def warm_up(site: Site) -> None:
    site.record("warm_up")
    time.sleep(0.5)
    site.stop_recording()
    for path in ("/metrics", "/api/recordings", "/health", "/pet-stream/"):
        site.ask(path)
    held = site.kept()
    steady_since_s = time.monotonic()
    while time.monotonic() - steady_since_s < 1.0:
        if (now := site.kept()) != held:
            held, steady_since_s = now, time.monotonic()
        time.sleep(0.1)
