from __future__ import annotations

import errno
import io
from pathlib import Path

from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import AnnexBContainer

from .playback import annex_b, decoded_count, pictures_in


def test_annex_b_is_the_units_one_after_the_other(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    path = tmp_path / "a.h264"
    with io.FileIO(path, "xb") as file:
        container = AnnexBContainer(file)
        container.write(pictures[:3])
        container.write(pictures[3:])
        container.close()
    assert pictures_in(path) == annex_b(pictures)
    assert container.bytes_written == path.stat().st_size
    assert container.frame_count == len(pictures) == decoded_count(path)


def test_a_picture_that_does_not_fit_is_cut_off_whole(
    small_disk: Path, pictures: list[AccessUnit]
) -> None:
    path = small_disk / "a.h264"
    written: list[AccessUnit] = []
    with io.FileIO(path, "xb") as file:
        container = AnnexBContainer(file)
        try:
            while len(written) < 100 * len(pictures):
                container.write(pictures)
                written += pictures
        except OSError as exc:
            assert exc.errno in (errno.ENOSPC, errno.EFBIG)  # noqa: PT017
        container.close()
    assert container.frame_count < 100 * len(pictures)
    written += pictures[: container.frame_count - len(written)]
    assert pictures_in(path) == annex_b(written)
    assert container.bytes_written == path.stat().st_size
    assert container.frame_count == len(written) == decoded_count(path)
