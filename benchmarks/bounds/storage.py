"""What a day writes to a disk, how much fits on it, and how long a memory card lasts."""

from __future__ import annotations

from dataclasses import dataclass

from pet_stream.recording.sidecars import BYTES_PER_S

from .measured import DEFAULTS, MP4_FACTOR, Disk

CARDS_GB = (32, 64, 128, 256)
DAY_S = 86_400
GB = 1e9
KEPT_FREE_GB = 0.5
"""What `pet-stream run` keeps free."""
FORMAT_FACTOR = 0.93
"""Of what a card's label says: the file system's own part, and 5 % that ext4 keeps for root."""
PAGE_BYTES = 4096
WRITEBACK_S = 30
"""Linux writes what nobody has synced after this long, whole pages of it."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a recording that never ends gives the disk."""

    written_bytes: float
    """By the device's own count."""
    flushes: float
    """How often the device is told to keep what it has."""


@dataclass(frozen=True, slots=True)
class CardClass:
    """How often all of a card can be written, at least and at most."""

    name: str
    writes: tuple[int, int]


ORDINARY = CardClass("ordinary", (300, 1000))
"""An assumption: makers seldom say. Flash of three bits a cell is taken to bear this."""
ENDURANCE = CardClass("endurance", (900, 4000))
"""From what makers promise: 10 000 h (SanDisk High Endurance) to 43 800 h (Samsung PRO Endurance)
of 26 Mbit/s on 128 GB."""
AMPLIFICATION = (1.1, 3.0)
"""Bytes that the flash gets for each one that the card is given; an assumption. A recording is one
long run, which is kind to a card, but each sync writes some small blocks of a journal."""


def recording_day(bits_per_second: float, disk: Disk, sync_s: float, *, boxes: bool = False) -> Day:
    """A day of recording without an end. `sync_s`: from one sync to the next; `boxes`: with as many
    detections as may be kept."""
    files = 24 * 60 / DEFAULTS["segment_minutes"]
    written = (
        bits_per_second / 8 * DAY_S * MP4_FACTOR.value
        + DAY_S / sync_s * disk.bytes_per_sync
        + files * disk.bytes_per_file
    )
    if boxes:
        written += DAY_S * (BYTES_PER_S + PAGE_BYTES / WRITEBACK_S)
    return Day(written, DAY_S / sync_s * disk.flushes_per_sync)


def hours_that_fit(card_gb: float, bits_per_second: float) -> float:
    """Of recordings, on a card that has nothing else but what is kept free."""
    room = card_gb * GB * FORMAT_FACTOR - KEPT_FREE_GB * GB
    return room / (bits_per_second / 8 * MP4_FACTOR.value) / 3600


def card_years(card_gb: float, card: CardClass, day: Day) -> tuple[float, float]:
    """How long a card lasts that is written like that day after day, at worst and at best."""
    few, many = card.writes
    least, most = AMPLIFICATION
    per_year = day.written_bytes * 365
    return card_gb * GB * few / (per_year * most), card_gb * GB * many / (per_year * least)
