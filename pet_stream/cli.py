"""The command line: `pet-stream demo | run | feed | doctor`.

Exit codes: 0 all went well, 1 it failed (one line on the error output says why) or `doctor` found a
problem, 2 the command line or a setting is wrong, 130 interrupted. Each command's own modules are
imported when it is chosen: `run` on a small board need not load what `feed` needs.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from .config import SETTINGS
from .demo.defaults import KEEP_FREE_MB, MAX_RECORDING_MINUTES
from .errors import ConfigError, PetStreamError
from .media.segment_url import parse_segment_url
from .version import __version__

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080

_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
_OTHER_SETTINGS = "Other settings come from the environment, such as FLASK_PET_STREAM_KEEP_DAYS=7."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Usage errors exit with 2 (argparse)."""
    parsed = build_parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if parsed.verbose else parsed.log_level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for name in ("aiortc", "aioice", "asyncio", "libav", "werkzeug"):
        logging.getLogger(name).setLevel(logging.WARNING)  # each packet, otherwise
    command: Callable[[argparse.Namespace], int] = parsed.command
    try:
        return command(parsed)
    except ConfigError as exc:
        print(f"pet-stream: {exc}", file=sys.stderr)
        return 2
    except PetStreamError as exc:
        print(f"pet-stream: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pet-stream", description="Live H.264 from a camera's shared memory in the browser."
    )
    parser.add_argument("--version", action="version", version=f"pet-stream {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_demo(commands.add_parser("demo", help="serve an embedded camera: nothing else needed"))
    _add_run(commands.add_parser("run", help="serve a camera's shared memory"))
    _add_feed(commands.add_parser("feed", help="write any video into shared memory, as a camera"))
    _add_doctor(
        commands.add_parser("doctor", help="check camera, ports, folder, and say what to do")
    )
    for command in commands.choices.values():
        command.add_argument("--verbose", action="store_true", help="log every detail")
    return parser


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Serve an embedded camera that shows a cat: nothing else is needed. " + _OTHER_SETTINGS
    )
    parser.add_argument(
        "--shm",
        type=_segment,
        metavar="NAME",
        help="the shared memory that it makes and writes (one named after the process)",
    )
    _add_host_options(parser)
    parser.add_argument(
        "--no-open",
        dest="open",
        action="store_false",
        help="don't open the page in this desktop's browser",
    )
    parser.set_defaults(command=_demo, log_level=logging.WARNING)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Serve live view, recording and metrics of a camera's shared memory. The oldest recordings "
        f"are deleted while less than {KEEP_FREE_MB} MB are free on the disk "
        "(FLASK_PET_STREAM_KEEP_FREE_MB; 0: never), and none is longer than "
        f"{MAX_RECORDING_MINUTES} minutes (FLASK_PET_STREAM_MAX_RECORDING_MINUTES; 0: no limit). "
        + _OTHER_SETTINGS
    )
    parser.add_argument(
        "--shm", metavar="NAME", help=f"the stream's shared memory ({_DEFAULTS['shm']})"
    )
    parser.add_argument(
        "--detections-shm",
        metavar="NAME",
        help=f"the detector's shared memory, or none ({_DEFAULTS['detections_shm']})",
    )
    _add_host_options(parser)
    parser.set_defaults(command=_run, open=False, log_level=logging.INFO)


def _add_feed(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a video file, a network camera (rtsp://…) or a device (/dev/video0) into shared "
        "memory as the camera daemon would. H.264 that browsers can play is passed through, "
        "anything else is encoded."
    )
    parser.add_argument("source", metavar="SOURCE", help="a file, a URL or a device")
    parser.add_argument(
        "--shm",
        type=_segment,
        metavar="NAME",
        default=_DEFAULTS["shm"],
        help="the shared memory to write (%(default)s)",
    )
    parser.add_argument("--loop", action="store_true", help="begin a file again at its end")
    parser.add_argument(
        "--fps",
        type=_rate,
        metavar="N",
        help="pictures a second: of a file, instead of its own times; wanted of a device",
    )
    parser.add_argument(
        "--encode", action="store_true", help="encode even what could be passed through"
    )
    parser.add_argument(
        "--input-option",
        action="append",
        type=_option,
        default=[],
        metavar="KEY=VALUE",
        help="an option for FFmpeg's demuxer, such as video_size=1280x720 (repeatable)",
    )
    parser.set_defaults(command=_feed, log_level=logging.INFO)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Look at everything that has to be right, and say what to do where it isn't."
    )
    parser.add_argument(
        "--shm",
        type=_segment,
        metavar="NAME",
        default=_DEFAULTS["shm"],
        help="the stream's shared memory (%(default)s)",
    )
    _add_address_options(parser)
    parser.add_argument(
        "--record-path",
        metavar="FOLDER",
        default=_DEFAULTS["record_path"],
        help="folder of the recordings (%(default)s)",
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=3.0,
        metavar="S",
        help="how long to watch the camera (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(command=_doctor, log_level=logging.WARNING)


def _add_address_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        default=DEFAULT_HOST,
        help="address to listen on; 0.0.0.0: everybody on your network (%(default)s)",
    )
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="(%(default)s)")


def _add_host_options(parser: argparse.ArgumentParser) -> None:
    _add_address_options(parser)
    parser.add_argument(
        "--record-path",
        metavar="FOLDER",
        help=f"folder of the recordings ({_DEFAULTS['record_path']})",
    )
    parser.add_argument(
        "--max-clients",
        type=int,
        metavar="N",
        help=f"viewers at the same time ({_DEFAULTS['max_clients']})",
    )
    parser.add_argument(
        "--ice-server",
        action="append",
        type=_ice_server,
        metavar="URL[,USER,PASSWORD]",
        help="a STUN or TURN server for viewers from outside, such as stun:stun.example.org:3478 "
        "(repeatable; none)",
    )


def _demo(arguments: argparse.Namespace) -> int:
    from .demo.command import run_demo

    return run_demo(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from .demo.command import run_host

    return run_host(arguments)


def _feed(arguments: argparse.Namespace) -> int:
    from .feed.command import run_feed

    return run_feed(arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    from .doctor.command import run_doctor

    return run_doctor(arguments)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port (0 to 65535; 0: any free one)")
    return port


def _segment(text: str) -> str:
    try:
        parse_segment_url(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {exc}") from exc
    return text


def _rate(text: str) -> float:
    rate = float(text)
    if not 0.1 <= rate <= 120:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 120")
    return rate


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.5 <= seconds <= 60:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.5 and 60")
    return seconds


def _option(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not key or not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def _ice_server(text: str) -> dict[str, str]:
    fields = text.split(",", 2)
    if len(fields) == 2:
        raise argparse.ArgumentTypeError(f"{fields[0]} needs both a user and a password")
    return dict(zip(("urls", "username", "credential"), fields, strict=False))


if __name__ == "__main__":
    sys.exit(main())
