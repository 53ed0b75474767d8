"""`pet-stream feed`: any source becomes a camera."""

from __future__ import annotations

import logging

import click

from ..media.ring import FIRST_LAYOUT, RING_LAYOUTS
from .log_options import log_options
from .options import DEFAULTS, number_from, segment


def _key_and_value(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not key or not separator:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE")
    return key, value


@click.command(
    "feed",
    short_help="write any video into shared memory, as a camera",
    help="Write a video file, a network camera (rtsp://…) or a device (/dev/video0) into shared "
    "memory as the camera daemon would.\n\nH.264 that browsers can play is passed through, "
    "anything else is encoded.",
)
@click.argument("source", metavar="SOURCE")
@click.option(
    "--shm",
    type=segment,
    envvar="FLASK_PET_STREAM_SHM",
    metavar="NAME",
    default=DEFAULTS["shm"],
    help=f"the shared memory to write ({DEFAULTS['shm']})",
)
@click.option(
    "--layout",
    "layout_name",
    type=click.Choice([layout.name for layout in RING_LAYOUTS.values()]),
    default=FIRST_LAYOUT.name,
    help="write as this version of the camera daemons does, for other readers of the segment "
    f"({FIRST_LAYOUT.name})",
)
@click.option("--loop", is_flag=True, help="play a file again when it ends")
@click.option(
    "--fps",
    type=number_from(0.1, 120),
    metavar="N",
    help="pictures a second: for a file, in place of its own times; for a device, to ask it for",
)
@click.option(
    "--stream",
    "video_stream",
    type=click.IntRange(1),
    metavar="N",
    help="the video stream to play if there are several (1 is the first); else as players choose",
)
@click.option("--encode", is_flag=True, help="encode even what could be passed through")
@click.option(
    "--input-option",
    "input_options",
    type=_key_and_value,
    multiple=True,
    metavar="KEY=VALUE",
    help="an option for FFmpeg's demuxer, such as video_size=1280x720 (repeatable)",
)
@log_options(logging.INFO)
def command(
    source: str,
    shm: str,
    layout_name: str,
    loop: bool,
    fps: float | None,
    video_stream: int | None,
    encode: bool,
    input_options: tuple[tuple[str, str], ...],
) -> None:
    from ..feed.feeding import feed
    from ..feed.source_picture import SourceOptions
    from ..process.stop_signals import StopSignals

    options = SourceOptions(
        url=source,
        fps=fps,
        must_encode=encode,
        demuxer_options=tuple(input_options),
        video_stream=video_stream,
    )
    [layout] = [each for each in RING_LAYOUTS.values() if each.name == layout_name]
    with StopSignals() as stop_signals:
        feed(options, shm, layout, stop_signals, is_looping=loop)
