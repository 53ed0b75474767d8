"""Prefers the SRTP cipher that this CPU encrypts with fastest.

A CPU with instructions for AES and carry-less multiplication is quicker with AES-GCM, one without
(a Cortex-A55 need not have them) with AES-CM and SHA-1. The DTLS server chooses among what both
sides offer, and that is us: see `offer_for_aiortc`.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from time import perf_counter_ns
from typing import Any

import pylibsrtp
from aiortc import RTCDtlsTransport, rtcdtlstransport

from ...media.rtp.packets import HEADER, MAX_PACKET_BYTES, VERSION_2
from .srtp import PROTECT, address_of

logger = logging.getLogger(__name__)

_BATCHES = 4
_BATCH_PACKETS = 8
"""All three ciphers together take about a millisecond on a slow CPU."""
_NOISE = 1.05
"""A cipher goes before one that aiortc prefers if that one costs more than this times as much."""

_dtls: Any = rtcdtlstransport
_libsrtp: Any = pylibsrtp


@dataclass(frozen=True)
class CipherCost:
    """What an SRTP protection profile costs on this machine."""

    name: str
    """As IANA registers it (RFC 5764 section 4.1.2, RFC 7714 section 14.2)."""
    packet_s: float
    """CPU time to encrypt a packet of 1 200 bytes."""
    profile: Any


@cache
def cipher_costs() -> tuple[CipherCost, ...]:
    """Returns all that libsrtp here and aiortc have, the preferred one first. The first call
    measures, which takes a millisecond; on whatever thread.

    Empty when this release does not let us measure or choose: then aiortc's order counts.
    """
    try:
        costs = [
            CipherCost(profile.openssl_profile.decode(), _packet_s(profile), profile)
            for profile in _dtls.SRTP_PROFILES
        ]
    except (AttributeError, TypeError, pylibsrtp.Error) as exc:
        logger.warning("viewers get any cipher: the fastest one is unknown: %s", exc)
        return ()
    return tuple(_in_order(costs))


def prefer_fastest(transport: RTCDtlsTransport) -> None:
    """Choose the fastest cipher that the viewer has. Call it before the DTLS handshake."""
    if costs := cipher_costs():
        dtls: Any = transport
        dtls._srtp_profiles = [cost.profile for cost in costs]


def _in_order(costs: list[CipherCost]) -> Iterator[CipherCost]:
    """aiortc's order, except for those that are clearly faster."""
    rest = list(costs)
    while rest:
        fastest_s = min(cost.packet_s for cost in rest)
        preferred = next(cost for cost in rest if cost.packet_s <= fastest_s * _NOISE)
        rest.remove(preferred)
        yield preferred


def _packet_s(profile: Any) -> float:
    """Returns the time for a packet, encrypted as `SrtpBuffer` does: the best of some batches."""
    policy = pylibsrtp.Policy(
        key=os.urandom(profile.key_length + profile.salt_length),
        ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=profile.libsrtp_profile,
    )
    session: Any = pylibsrtp.Session(policy)
    context = address_of(session._srtp[0])
    protect = PROTECT(address_of(_libsrtp.ffi.addressof(_libsrtp.lib, "srtp_protect")))
    packet = ctypes.create_string_buffer(MAX_PACKET_BYTES + 64)
    length = ctypes.c_int()
    arguments = context, ctypes.addressof(packet), ctypes.addressof(length)
    batches_ns = []
    for batch in range(_BATCHES):
        started_ns = perf_counter_ns()
        for index in range(_BATCH_PACKETS):
            HEADER.pack_into(packet, 0, VERSION_2, 0, batch * _BATCH_PACKETS + index, 0, 1)
            length.value = MAX_PACKET_BYTES
            if protect(*arguments):
                raise pylibsrtp.Error("srtp_protect")
        batches_ns.append(perf_counter_ns() - started_ns)
    return min(batches_ns) / _BATCH_PACKETS / 1e9
