"""A viewer who asks for more than anybody needs, as fast as it can."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Callable

from ..viewer import Viewer, use_only
from ..viewers import Crowd
from .target import Target

PLIS = 100
"""In one packet; RFC 4585 section 6.3.1."""
NACKS = 280
"""In one packet, 17 packets of RTP each; RFC 4585 section 6.2.1."""
BURST = 50
CONNECT_TIMEOUT_S = 5.0
_RTPFB, _PSFB = 205, 206
_NACK, _PLI = 1, 1


def plis(target: Target) -> str:
    """a viewer whose every RTCP packet holds 100 picture loss indications"""
    return asyncio.run(_storm(target, _plis))


def nacks(target: Target) -> str:
    """a viewer who asks for the last 4 760 packets again, with each RTCP packet"""
    return asyncio.run(_storm(target, _nacks))


def _plis(viewer: Viewer) -> bytes:
    return struct.pack(">BBHII", 0x80 | _PLI, _PSFB, 2, 1, viewer.check.ssrc) * PLIS


def _nacks(viewer: Viewer) -> bytes:
    newest = viewer.check.highest_sequence
    head = struct.pack(">BBHII", 0x80 | _NACK, _RTPFB, 2 + NACKS, 1, viewer.check.ssrc)
    lost = ((newest - 17 * number) & 0xFFFF for number in range(1, NACKS + 1))
    return head + b"".join(struct.pack(">HH", number, 0xFFFF) for number in lost)


async def _storm(target: Target, packet: Callable[[Viewer], bytes]) -> str:
    """One that is ended comes back."""
    use_only()
    count = connects = 0
    while target.is_on:
        crowd = Crowd(f"{target.url}/api/webrtc/offer", CONNECT_TIMEOUT_S)
        serving = asyncio.create_task(crowd.serve())
        with contextlib.suppress(OSError):  # not let in, or ended
            await crowd.add(1)
            connects += 1
            while target.is_on:
                data = packet(crowd.viewers[0])
                for _ in range(BURST):
                    await crowd.viewers[0].send_rtcp(data)
                count += BURST
                await asyncio.sleep(0)
        serving.cancel()
        await crowd.close()
        await asyncio.sleep(0.2)
    return f"{count} packets, let in {connects} ×"
