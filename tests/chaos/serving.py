"""How the server is started: in which way, by whom, and with which clock."""

from __future__ import annotations

from pathlib import Path

ADDRESS = r"(?:Serving on|Listening at|On this machine):? +http://(127\.0\.0\.1:\d+)"
CLOCK_FILE = "clock"
"""In the folder of a site."""
WAYS = {
    "host": ("tests.chaos.host",),
    "run": ("pet_stream.command_line", "run", "--port", "0", "--host", "127.0.0.1"),
    "gunicorn": (
        "gunicorn",
        "--bind",
        "127.0.0.1:0",
        "--threads",
        "16",
        "--graceful-timeout",
        "5",
        "tests.chaos.host:app",
    ),
}
"""How the app is served: what follows `python -m`."""


def with_faked_clock(clock: Path) -> dict[str, str]:
    """The wall clock is what the file says; only in this process, and no other clock."""
    clock.write_text("+0")
    [library, *_] = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def as_nobody() -> tuple[str, ...]:
    """What starts a program as a user without rights, but to all files: this checkout may lie in
    a folder that only root may enter."""
    capabilities = "+dac_override,+dac_read_search"
    user = ("--reuid", "65534", "--regid", "65534", "--clear-groups")
    return (
        "setpriv",
        *user,
        "--inh-caps",
        capabilities,
        "--ambient-caps",
        capabilities,
        "--pdeathsig",
        "KILL",
        "--",
    )
