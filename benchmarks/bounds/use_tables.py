"""What an owner reads before buying, and what each use takes."""

from __future__ import annotations

from ..report import markdown_table
from .board import LEAST_SLOWER, MOST_SLOWER, percents, watchers
from .cost import MEGABIT, Memory, Processor, replay_mb, wire_megabits
from .measured import DEFAULTS, Measured
from .modes import MODES, Mode, use_of
from .paper import (
    CLOCK_HZ,
    FAST_ETHERNET,
    GIGABIT,
    PLAIN_CYCLES_PER_BYTE,
    WIFI,
    Link,
    encryption_percent,
)
from .storage import (
    CARDS_GB,
    DAY_S,
    ENDURANCE,
    GB,
    ORDINARY,
    CardClass,
    Day,
    card_years,
    hours_that_fit,
    recording_day,
)
from .texts import (
    Cell,
    RateRow,
    by_rate,
    duration,
    lifetime,
    number,
    span,
    thousands,
)

TYPICAL = {1: "640×480", 2: "1280×720", 4: "1920×1080", 8: "1920×1080, moving much"}
COUNTS = (1, 5, 10, 20, 50)
CARD_GB = 64
"""Whose life the first table has."""
SYNC_S = DEFAULTS["sync_seconds"]


def owners_table(measured: Measured) -> str:
    processor, memory = Processor.of(measured), Memory.of(measured)

    def can_watch(link: Link) -> Cell:
        return lambda bits: watchers(processor, bits, link.megabits)

    def fits(card_gb: int) -> Cell:
        return lambda bits: duration(hours_that_fit(card_gb, bits))

    def lasts(card: CardClass) -> Cell:
        return lambda bits: lifetime(*card_years(CARD_GB, card, day(bits)))

    def day(bits: float) -> Day:
        return recording_day(bits, measured.disk, SYNC_S)

    rows: list[RateRow] = [
        ("a picture of about", lambda bits: TYPICAL[int(bits / MEGABIT)], "rule of thumb"),
        ("can watch at once, Wi-Fi of 20 to 40 Mbit/s", can_watch(WIFI), "simulated"),
        ("… a cable of 100 Mbit/s", can_watch(FAST_ETHERNET), "simulated"),
        ("… a cable of 1 Gbit/s", can_watch(GIGABIT), "simulated"),
        ("… behind a media server", lambda _: "as many as it serves", "its documentation"),
        ("10 watch: of one A55 core, %", ten_watch(measured), "estimate"),
        ("… if it has no AES instructions, %", ten_watch(measured, has_aes=False), "estimate"),
        ("… of the network, Mbit/s", lambda bits: number(wire_megabits(bits, 10)), "on paper"),
        (
            "… memory, MB",
            lambda bits: number(memory.mb(10, replay_mb(bits, DEFAULTS["replay_seconds"]))),
            "measured",
        ),
        (
            "a recording that never ends writes a day, GB",
            lambda bits: number(day(bits).written_bytes / GB),
            "measured",
        ),
        ("… and syncs", lambda _: thousands(DAY_S / SYNC_S), "measured"),
        *((f"fits on a card of {card} GB", fits(card), "on paper") for card in CARDS_GB),
        (f"an ordinary card of {CARD_GB} GB lasts", lasts(ORDINARY), "estimate"),
        (f"an endurance card of {CARD_GB} GB lasts", lasts(ENDURANCE), "estimate"),
    ]
    return by_rate(rows, "a camera of", "how known")


def ten_watch(measured: Measured, *, has_aes: bool = True) -> Cell:
    """Per cent of a core of the board: at best, and at worst."""
    processor = Processor.of(measured)
    slow, quick = CLOCK_HZ

    def text(bits: float) -> str:
        percent = processor.percent(bits, 10)
        if has_aes:  # as the machine that was measured
            return percents(percent)
        least, most = (
            10 * encryption_percent(bits, clock_hz, PLAIN_CYCLES_PER_BYTE)
            for clock_hz in (quick, slow)
        )
        return span(percent * LEAST_SLOWER + least, percent * MOST_SLOWER + most)

    return text


def modes_table(measured: Measured) -> str:
    """Of a camera of 2 Mbit/s."""
    header = (
        "the camera",
        "a core here, %",
        "an A55 core, %",
        "network, Mbit/s",
        "memory, MB",
        "a day: GB, syncs",
        "nearest limit, Wi-Fi of 20 Mbit/s",
        "… a cable of 100 Mbit/s",
    )
    return markdown_table(header, [_mode_row(mode, measured) for mode in MODES]) + "\n"


def _mode_row(mode: Mode, measured: Measured) -> tuple[str, ...]:
    use = use_of(mode, 2 * MEGABIT, measured)
    syncs = thousands(DAY_S / SYNC_S)
    return (
        mode.name,
        number(use.cpu_percent),
        percents(use.cpu_percent),
        number(use.wire_megabits),
        number(use.memory_mb),
        f"{number(use.day.written_bytes / GB)}, {syncs}" if mode.is_recording else "0, 0",
        _reached(*use.reached_first(MOST_SLOWER, WIFI.megabits[0])),
        _reached(*use.reached_first(MOST_SLOWER, FAST_ETHERNET.megabits[0])),
    )


def viewers_table(measured: Measured) -> str:
    """Of an A55 core and of the network, by viewers and bit rates."""
    processor = Processor.of(measured)

    def cell(count: int) -> Cell:
        return lambda bits: (
            f"{percents(processor.percent(bits, count))} %; "
            f"{number(wire_megabits(bits, count))} Mbit/s"
        )

    return by_rate([(f"{count}", cell(count), "") for count in COUNTS], "watch")


def _reached(name: str, share: float) -> str:
    return f"{name}, {number(100 * share)} %" if share <= 1 else f"{name}: **too much**"
