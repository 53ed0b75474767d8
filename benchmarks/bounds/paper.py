"""Upper bounds from first principles: what no program on such a board could exceed.

For a board with Cortex-A55 cores, of which none was measured: cycles are those that OpenSSL's
authors note for the Cortex-A53, which is the same kind of core, a generation older.
"""

from __future__ import annotations

from dataclasses import dataclass

from pet_stream.media.rtp.packets import MAX_PACKET_BYTES

from .cost import FPS, Processor, packets_per_s, wire_megabits
from .measured import SEGMENTS, Calls

CLOCK_HZ = (1.4e9, 2.0e9)
"""Of boards with Cortex-A55 cores: from older ones to those of 2023."""
PLAIN_CYCLES_PER_BYTE = 18.1 + 8.0
"""AES-128 in counter mode with NEON, and SHA-1 (OpenSSL, vpaes-armv8.pl and sha1-armv8.pl)."""
AES_CYCLES_PER_BYTE = 1.4 + 2.2
"""The same with the core's instructions for both (aesv8-armx.pl, sha1-armv8.pl)."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a network carries, in Mbit/s of a cable's bits; at worst and at best."""

    name: str
    megabits: tuple[float, float]


WIFI = Link("Wi-Fi, 2.4 GHz", (20, 40))
FAST_ETHERNET = Link("Ethernet, 100 Mbit/s", (100, 100))
GIGABIT = Link("Ethernet, 1 Gbit/s", (1000, 1000))
LINKS = (WIFI, FAST_ETHERNET, GIGABIT)


def encryption_percent(bits_per_second: float, clock_hz: float, cycles_per_byte: float) -> float:
    """Of a core, for each viewer, and nothing but the encryption."""
    cycles = packets_per_s(bits_per_second) * MAX_PACKET_BYTES * cycles_per_byte
    return 100 * cycles / clock_hz


def by_encryption(bits_per_second: float, clock_hz: float, cycles_per_byte: float) -> int:
    """Viewers whose packets one core can encrypt, if it does nothing else."""
    return int(100 / encryption_percent(bits_per_second, clock_hz, cycles_per_byte))


def by_link(bits_per_second: float, megabits: float) -> int:
    """Viewers whose packets a network can carry, if nobody else uses it."""
    return int(megabits / wire_megabits(bits_per_second))


def by_calls(bits_per_second: float, calls: Calls, slower: float, *, is_segmented: bool) -> int:
    """Viewers for whom one core can make the system calls, if it does nothing else. Segmented:
    as many packets go with one call as the measured one had, or a picture's."""
    packets = packets_per_s(bits_per_second)
    if is_segmented:
        together = min(float(SEGMENTS), packets / FPS)
        each_us = (calls.segmented_us - calls.packet_us) / (SEGMENTS - 1)
        us_per_s = packets / together * (calls.packet_us + (together - 1) * each_us)
    else:
        us_per_s = packets * calls.packet_us
    return int(1e6 / (us_per_s * slower))


def by_lock(processor: Processor, bits_per_second: float, slower: float) -> int:
    """Viewers for whom one core's time is enough, by what all of the program costs. More cores do
    not help: what sends is one thread, and Python's lock lets one run at a time."""
    return processor.viewers(bits_per_second, 100 / slower)


def newcomers_per_s(connect_ms: float, slower: float) -> float:
    """How many can come each second, if one core does nothing but let them in."""
    return 1000 / (connect_ms * slower)
