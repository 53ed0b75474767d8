"""Every attack by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import datagrams, files, offers, rtcp, slow_http, stall, websockets
from .honest import Honest, gets_detections, gets_pictures_by_websocket
from .target import Target


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    run: Callable[[Target], str]
    """In a process of its own; returns what it did. Its docstring is what it does."""
    seconds: float
    """It ends by then."""
    server: str = "run"
    """Who serves: see served.py."""
    addresses: int = 1
    """How many the attacker has."""
    environment: Mapping[str, str] = field(default_factory=dict)
    honest: Honest | None = None
    """What somebody honest must be able to do meanwhile, beside becoming a viewer."""
    warm_up_s: float = 0.0
    stops_server: bool = False
    """Nothing can be asked of the server meanwhile; its viewers must stay."""
    max_disk_mb: float = 1.0
    max_rss_growth_mb: float = 10.0
    is_even: bool = False
    """The viewers' p95 stays about what it was: see table.py."""
    servers_own: frozenset[str] = frozenset()
    """Complaints that are not ours but the web server's: docs/deployment.md."""
    max_p95_over: tuple[str, float] | None = None
    """The viewers' p95 may be so many milliseconds above what it is during this other attack."""

    @property
    def does(self) -> str:
        assert self.run.__doc__ is not None
        does = self.run.__doc__
        return does if self.addresses == 1 else f"{does}; from {self.addresses} addresses"


_ALLOCATORS_MB = 25.0
"""glibc keeps the heaps of threads that have ended; the same attack once more adds next to nothing.
See the README."""

_WITH_REPLAY = {"FLASK_PET_STREAM_REPLAY_SECONDS": "30"}

ATTACKS = {
    attack.name: attack
    for attack in (
        Attack("sweep", datagrams.sweep, 5),
        Attack("hellos", datagrams.hellos, 15),
        Attack("flood", datagrams.flood, 7),
        Attack("stun", datagrams.bogus_stun, 7),
        Attack("checks", datagrams.checks, 7),
        Attack("pages", offers.page_flood, 15),
        Attack(
            "offers",
            offers.offer_flood,
            30,
            max_p95_over=("pages", 5.0),
            max_rss_growth_mb=_ALLOCATORS_MB,
        ),
        Attack(
            "offers-addresses",
            offers.offer_flood,
            30,
            addresses=8,
            max_rss_growth_mb=_ALLOCATORS_MB,
        ),
        Attack(
            "websockets-silent",
            websockets.silent,
            15,
            honest=gets_pictures_by_websocket,
            max_rss_growth_mb=_ALLOCATORS_MB,
        ),
        Attack(
            "websockets-talking",
            websockets.talking,
            15,
            honest=gets_pictures_by_websocket,
            max_rss_growth_mb=_ALLOCATORS_MB,
        ),
        Attack(
            "websockets-half",
            websockets.half_open,
            15,
            honest=gets_pictures_by_websocket,
            max_rss_growth_mb=_ALLOCATORS_MB,
        ),
        Attack(
            "listeners",
            websockets.listeners,
            15,
            server="app.run",
            honest=gets_detections,
            servers_own=frozenset({"descriptors"}),
        ),
        Attack("slow-run", slow_http.slow_clients, 15, max_rss_growth_mb=_ALLOCATORS_MB),
        Attack(
            "slow-addresses",
            slow_http.slow_clients,
            15,
            addresses=8,
            max_rss_growth_mb=_ALLOCATORS_MB,
        ),
        Attack(
            "slow-gunicorn",
            slow_http.slow_clients,
            15,
            server="gunicorn",
            servers_own=frozenset({"newcomers", "health"}),
            max_rss_growth_mb=_ALLOCATORS_MB,
        ),
        Attack(
            "slow-app.run",
            slow_http.slow_clients,
            15,
            server="app.run",
            max_rss_growth_mb=_ALLOCATORS_MB,
        ),
        Attack("plis", rtcp.plis, 7, is_even=True),
        Attack("nacks", rtcp.nacks, 7, is_even=True),
        Attack("clips", files.clips, 10, environment=_WITH_REPLAY, warm_up_s=25, max_disk_mb=100),
        Attack("cuts", files.cuts, 10),
        Attack("stall", stall.stall, 15, stops_server=True),
    )
}
