"""What a day writes to a disk, and how long a card lasts that is written like that."""

from __future__ import annotations

from .measured import DEFAULTS, Measured
from .storage import (
    CARDS_GB,
    ENDURANCE,
    GB,
    ORDINARY,
    CardClass,
    card_years,
    recording_day,
)
from .texts import Cell, RateRow, by_rate, lifetime, thousands

SYNC_S = DEFAULTS["sync_seconds"]
RARE_SYNC_S = 30
EVENTS = 100
"""Of webhooks, a day."""


def writing_table(measured: Measured) -> str:
    disk = measured.disk

    def written(sync_s: float, *, boxes: bool = False) -> Cell:
        return lambda bits: _gb(recording_day(bits, disk, sync_s, boxes=boxes).written_bytes)

    often, rarely = (
        thousands(recording_day(0, disk, sync_s).flushes) for sync_s in (SYNC_S, RARE_SYNC_S)
    )
    told = thousands(EVENTS * disk.flushes_per_event)
    rows: list[RateRow] = [
        ("no recording", lambda _: _gb(disk.idle_bytes), "0"),
        (f"a recording, a sync each {SYNC_S:g} s", written(SYNC_S), often),
        ("… with as many detections as may be kept", written(SYNC_S, boxes=True), often),
        (f"… instead with a sync each {RARE_SYNC_S} s", written(RARE_SYNC_S), rarely),
        (
            f"{EVENTS} events for a webhook",
            lambda _: _gb(EVENTS * disk.bytes_per_event),
            told,
        ),
    ]
    return by_rate(rows, "GB a day", "flushes a day")


def cards_table(measured: Measured) -> str:
    def lasts(card_gb: int, card: CardClass) -> Cell:
        return lambda bits: lifetime(
            *card_years(card_gb, card, recording_day(bits, measured.disk, SYNC_S))
        )

    rows: list[RateRow] = [
        (f"{card_gb} GB, {card.name}", lasts(card_gb, card), "{} to {} times".format(*card.writes))
        for card_gb in CARDS_GB
        for card in (ORDINARY, ENDURANCE)
    ]
    return by_rate(rows, "a card of", "can be written")


def _gb(written_bytes: float) -> str:
    return f"{written_bytes / GB:.2f}" if written_bytes < GB else f"{written_bytes / GB:.1f}"
