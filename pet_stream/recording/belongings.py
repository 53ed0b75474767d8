"""What lies beside a recording and belongs to it. Pure.

Whoever renames, deletes or restores a recording asks here; what is to go with it needs a line here,
and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .names import names_before

STAR_SUFFIX = ".star"
"""An empty file, which marks a recording to be kept."""
THUMBNAIL_SUFFIX = ".jpg"
DETECTIONS_SUFFIX = ".detections"

OF_RECORDING = (STAR_SUFFIX, THUMBNAIL_SUFFIX)
"""The endings of what there is once for a recording, behind its name: `cat.mp4.star`."""
OF_FILE = (DETECTIONS_SUFFIX,)
"""The endings of what each of its files has, behind the file's name: `cat.001.mp4.detections`. It
is renamed with its file, beside an unfinished one it is `cat.mp4.detections`."""


def of_file(name: str) -> list[str]:
    """Returns what may belong to the file `name` alone."""
    return [name + suffix for suffix in OF_FILE]


def of_recording(
    name: str, files: Iterable[str], is_other: Callable[[str], bool] = lambda name: False
) -> Iterator[str]:
    """Yields what may belong to the recording `name` with these finished `files`.

    What lies beside it may have an earlier name of it, from before it went on in a second file, or
    was repaired. `is_other` tells whether that is the name of another recording's file now.
    """
    files = tuple(files)
    own = dict.fromkeys((name, *files))
    before = dict.fromkeys(earlier for one in own for earlier in names_before(one))
    for known in (*own, *(one for one in before if one not in own and not is_other(one))):
        yield from (known + suffix for suffix in OF_RECORDING)
    for file in files:
        yield from of_file(file)
