"""Headers of requests that no browser sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..apps import mounted_app

NAME = "recording_20260101_000000.h264"
PATHS = (f"/api/recordings/{NAME}", "/pet-stream/static/js/player.js", "/pet-stream/")
HUGE = "9" * 30
DATES = (
    f"Mon, {HUGE} Jan 2020 00:00:00 GMT",
    f"Mon, 01 Jan {HUGE} 00:00:00 GMT",
    f"Mon, 01 Jan 2020 00:00:00 +{HUGE}",
)


@pytest.mark.parametrize("header", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
def test_a_date_that_no_clock_shows_is_ignored(tmp_path: Path, header: str) -> None:
    """It was an OverflowError of Werkzeug's, and a 500."""
    with mounted_app(tmp_path) as app:
        folder = tmp_path / "recordings"
        folder.mkdir()
        (folder / NAME).write_bytes(bytes(1000))
        client = app.test_client()
        for path in PATHS:
            for date in DATES:
                with client.get(path, headers={header: date, "Range": "bytes=0-1"}) as answer:
                    has_range = header != "If-Range" and path != "/pet-stream/"
                    assert answer.status_code == (206 if has_range else 200), (path, date)
