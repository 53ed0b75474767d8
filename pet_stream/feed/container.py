"""Opens what PyAV can open, and chooses the video stream that is played."""

from __future__ import annotations

from typing import TypeAlias

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from ..errors import SourceError
from .source_picture import SourceOptions

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 5.0
LAVFI = "lavfi:"
"""Pictures that FFmpeg itself makes, such as lavfi:testsrc2=size=1280x720:rate=30."""

_DEVICES = "/dev/"
_ATTACHED_PICTURE = 0x400  # AV_DISPOSITION_ATTACHED_PIC
_PICTURE_CODECS = frozenset({"bmp", "gif", "mjpeg", "png", "tiff", "webp"})

VideoPacket: TypeAlias = "Packet[VideoStream]"


def is_device(url: str) -> bool:
    return url.startswith(_DEVICES)


def is_network(url: str) -> bool:
    return "://" in url


def open_container(options: SourceOptions) -> InputContainer:
    """Takes up to OPEN_TIMEOUT_S. Raises SourceError."""
    demuxer_options = dict(options.demuxer_options)
    file_format = None
    if options.url.startswith(("rtsp://", "rtsps://")):
        demuxer_options.setdefault("rtsp_transport", "tcp")
    elif is_device(options.url):
        file_format = "v4l2"
        if options.fps:
            demuxer_options.setdefault("framerate", f"{options.fps:g}")
    elif options.url.startswith(LAVFI):
        file_format = "lavfi"
    try:
        container = av.open(
            options.url.removeprefix(LAVFI),
            format=file_format,
            options=demuxer_options,
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
        )
    except (av.FFmpegError, OSError, ValueError) as exc:
        raise SourceError(f"{options.url} can't be opened: {reason_of(exc)}") from exc
    assert isinstance(container, InputContainer)
    return container


def choose_stream(container: InputContainer, options: SourceOptions) -> VideoStream:
    """Returns the video stream that players choose, or the one that is wanted.

    Cover pictures are left out, and streams of a single picture where there are others. Of the rest
    FFmpeg chooses: default ones first, then those with more pictures, then those with more bits.
    Raises SourceError if there is none.
    """
    streams = container.streams.video
    wanted = options.video_stream
    if wanted is not None:
        if not 0 < wanted <= len(streams):
            raise SourceError(f"{options.url} has no video stream {wanted}: it has {len(streams)}")
        chosen = streams[wanted - 1]
    else:
        chosen = _choose(container, options.url)
    if chosen.codec_context is None:
        raise SourceError(f"{options.url}: FFmpeg can't decode its video stream {wanted}")
    return chosen


def words_of_choice(container: InputContainer, chosen: VideoStream) -> str:
    streams = container.streams.video
    if len(streams) < 2:
        return ""
    codec = chosen.codec_context
    return (
        f"video stream {streams.index(chosen) + 1} of {len(streams)} is played, "
        f"{codec.width}×{codec.height} {codec.name}"
    )


def pixel_aspect_of(stream: VideoStream) -> float:
    """Returns a pixel's width divided by its height."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return aspect if 0.1 < aspect < 10 else 1.0


def _choose(container: InputContainer, url: str) -> VideoStream:
    streams = container.streams
    candidates = [s for s in streams.video if s.codec_context is not None and not _is_cover(s)]
    if not candidates:
        raise SourceError(f"{url} has no video{_instead(container)}")
    moving = [s for s in candidates if s.frames != 1] or candidates
    best = streams.best("video")
    if best in moving:
        return best
    return max(moving, key=lambda s: s.codec_context.width * s.codec_context.height)


def _instead(container: InputContainer) -> str:
    streams = container.streams
    if any(s.codec_context is not None for s in streams.video):
        return ": its only picture is a cover"
    if streams.video:
        return " of a kind that FFmpeg can decode"
    return ": it has audio only" if streams.audio else ""


def _is_cover(stream: VideoStream) -> bool:
    """Older PyAVs don't tell the disposition; a cover is then a picture without a rate."""
    disposition = getattr(stream, "disposition", None)
    if disposition is not None:
        return bool(int(disposition) & _ATTACHED_PICTURE)
    return stream.average_rate is None and stream.codec_context.name in _PICTURE_CODECS


def reason_of(exc: Exception) -> str:
    return getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
