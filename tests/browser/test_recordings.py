"""The list of recordings: seen, played, kept, deleted and brought back; clips; files that grow or
change format."""

from __future__ import annotations

import io
import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import Mp4Container
from tests.camera.camera import Camera
from tests.footage import encode
from tests.recording.mp4_files import film
from tests.recording.playback import access_unit
from tests.recording.test_mp4_container import timed
from tests.waiting import wait_until as until

from .bidi import BidiSession
from .chromium import wait_until
from .conftest import Server
from .player import LIST
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

TIMEOUT_S = 30.0

SHOWN = """async ([seconds, size]) => {
    const video = document.querySelector('[data-playback] video');
    if (video.readyState < 2 || video.seeking) return false;
    return Math.abs(video.currentTime - seconds) < 0.5 && (!size || video.videoWidth === size);
}"""


NOTE_LOST_FOCUS = f"""() => {{
    globalThis.lost = false;
    {LIST}.addEventListener('focusout', ({{ relatedTarget }}) => {{
        if (!relatedTarget) globalThis.lost = true;
    }});
}}"""


def film_units(width: int, height: int, seconds: int) -> list[AccessUnit]:
    encoded = encode(width, height, pictures=30 * seconds, gop=15)
    return timed([replace(access_unit(d), width=width, height=height) for d in encoded])


def write_mp4(
    path: Path,
    units: Sequence[AccessUnit],
    *,
    is_complete: bool = True,
) -> None:
    path.parent.mkdir(exist_ok=True)
    with io.FileIO(path, "xb+") as file:
        container = Mp4Container(file)
        container.write(units)
        if is_complete:
            container.close()


def seek(page: Page, seconds: float, width: int = 0) -> None:
    page.evaluate(
        "(t) => { const v = document.querySelector('[data-playback] video');"
        " v.pause(); v.currentTime = t; }",
        seconds,
    )
    wait_until(page, SHOWN, arg=[seconds, width])


def test_a_recording_is_seen_played_kept_deleted_and_brought_back(
    server: Server, page: Page, screenshots: Path
) -> None:
    units = film_units(320, 180, 6)
    for name in ("recording_20260102_030405", "recording_20260102_040506"):
        write_mp4(server.recordings / f"{name}.mp4", units)
    page.goto(f"{server.url}/pet-stream/")
    name = "recording_20260102_040506.mp4"
    row = f'[data-recording="{name}"]'
    image = f"{LIST}.querySelector('{row} img')"
    wait_until(page, f"{image}?.complete && {image}.naturalWidth === 320")
    assert "0:06" in page.inner_text(f"{row} .thumbnail")
    assert page.is_hidden(f"{row} .details")
    page.click(f"{row} .more")
    assert name in page.inner_text(f"{row} .details")
    assert "320" in page.inner_text(f"{row} .details")
    assert "free on the disk" in page.inner_text("[data-disk]")

    page.click(f"{row} [data-play]")
    wait_until(page, "document.querySelector('[data-playback] video')?.currentTime > 0.3")
    duration_s = page.evaluate("document.querySelector('[data-playback] video').duration")
    assert duration_s == pytest.approx(6, abs=0.05)
    seek(page, 4.5)
    seek(page, 1.0)
    (screenshots / "playback.png").write_bytes(page.screenshot(full_page=True))

    # the stars have names that tell them apart, and a kept one is asked for harder
    names = page.eval_on_selector_all(".star", "all => all.map((star) => star.ariaLabel)")
    assert len({*names}) == 2, names
    page.click(f"{row} .star")
    page.wait_for_selector(f'{row} .star[aria-pressed="true"]')
    assert (server.recordings / f"{name}.star").exists()
    page.click(f"{row} .delete")
    page.wait_for_selector(f"{row} .remove")
    assert "kept" in page.inner_text(f"{row} .question")
    assert page.evaluate(f"{LIST}.activeElement.className") == "answer cancel"
    (screenshots / "delete.png").write_bytes(page.screenshot(full_page=True))
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{row} .delete")
    assert page.evaluate(f"{LIST}.activeElement.className") == "action delete"
    page.click(f"{row} .star")
    page.wait_for_selector(f'{row} .star[aria-pressed="false"]')

    # one that is not goes at once, and can be had back
    page.focus(f"{row} .delete")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{row}[data-deleted] .undo")
    assert page.evaluate(f"{LIST}.activeElement.className") == "undo"
    assert page.inner_text("pet-stream-recordings [role=status]") == "The recording is deleted."
    page.wait_for_selector("[data-playback]", state="hidden")
    wait_until_gone(server.recordings / name)
    page.evaluate(NOTE_LOST_FOCUS)
    page.keyboard.press("Enter")
    wait_until(page, f"{LIST}.activeElement.className === 'action delete'")
    assert not page.evaluate("globalThis.lost")
    assert (server.recordings / name).exists()


def wait_until_gone(path: Path) -> None:
    until(lambda: not path.exists())


def test_what_just_happened_is_saved_by_a_button(
    camera: Camera, server: Server, page: Page
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.click("[data-clip]")
    page.wait_for_selector("[data-recordings] [data-play]")
    assert re.match("Recording saved: 0:", page.inner_text("[data-record-message]"))
    page.click("[data-recordings] [data-play]")
    wait_until(page, "document.querySelector('[data-playback] video')?.currentTime > 0")


@pytest.mark.parametrize("is_complete", [True, False])
def test_several_files_and_those_that_broke_off_play_and_can_be_sought_in(
    server: Server, page: Page, is_complete: bool
) -> None:
    small, large = film_units(320, 180, 4), film_units(640, 360, 4)
    write_mp4(server.recordings / "cat.001.mp4", small)
    write_mp4(server.recordings / "cat.002.mp4", large)
    write_mp4(server.recordings / "dog.mp4", small, is_complete=is_complete)
    page.goto(f"{server.url}/pet-stream/")
    page.click('[data-recording="dog.mp4"] [data-play]')
    wait_until(page, "document.querySelector('[data-playback] video')?.currentTime > 0.3")
    seek(page, 3.0)
    page.click('[data-recording="cat.mp4"] [data-play]')
    wait_until(page, "document.querySelector('[data-playback] video')?.duration > 7.9")
    seek(page, 2.0, 320)
    seek(page, 6.0, 640)
    seek(page, 1.0, 320)


def test_a_raw_file_is_offered_for_download_only(server: Server, page: Page) -> None:
    server.recordings.mkdir(exist_ok=True)
    units = film_units(320, 180, 1)
    data = b"".join(unit.to_annex_b() for unit in units)
    (server.recordings / "cat.h264").write_bytes(data)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector('[data-recording="cat.h264"] .download')
    assert page.query_selector("[data-play]") is None
    assert "H.264 files play" in page.inner_text("pet-stream-recordings .raw:visible")


# ---- very many


SCROLL_TO_THE_END = """async () => {
    for (;;) {
        const list = document.querySelector('pet-stream-recordings').shadowRoot;
        const older = list.querySelector('[data-older]');
        if (older.hidden) return list.querySelectorAll('[data-recording]').length;
        older.scrollIntoView();
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}"""

DAYS = f"""[...{LIST}.querySelectorAll('[data-recordings] section')].map((section) => [
    section.querySelector('h3').textContent,
    [...section.querySelectorAll('[data-recording]')].map((row) => row.dataset.recording),
])"""


def many_recordings(folder: Path, count: int) -> list[str]:
    """Names of recordings, newest first: one an hour."""
    folder.mkdir(exist_ok=True)
    first = folder / f"recording_{time.strftime('%Y%m%d_%H%M%S', time.localtime(HOURS_BEGIN))}.mp4"
    write_mp4(first, film_units(320, 180, 1))
    names = [first.name]
    for number in range(1, count):
        begun = time.localtime(HOURS_BEGIN - 3600 * number)
        name = f"recording_{time.strftime('%Y%m%d_%H%M%S', begun)}.mp4"
        os.link(first, folder / name)
        names.append(name)
    return names


HOURS_BEGIN = 1_767_000_000.0


def test_all_of_600_recordings_are_reached_by_scrolling(server: Server, page: Page) -> None:
    names = many_recordings(server.recordings, 600)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(f'[data-recording="{names[0]}"]')
    assert "600 recordings" in page.inner_text("pet-stream-recordings .count")
    assert page.locator("[data-recording]").count() < 200
    kept = f"{LIST}.querySelector('[data-recording=\"{names[3]}\"]')"
    page.evaluate(f"window.kept = {kept}")
    assert page.evaluate(SCROLL_TO_THE_END) == 600

    days = page.evaluate(DAYS)
    assert [name for _, those in days for name in those] == names
    titles = [title for title, _ in days]
    assert len({*titles}) == len(titles) == len({name[10:18] for name in names})
    for _, those in days:
        assert len({name[10:18] for name in those}) == 1
    assert page.evaluate(f"kept === {kept}")

    # the oldest can be played; one that goes away elsewhere goes here, and nothing else does
    page.click(f'[data-recording="{names[-1]}"] [data-play]')
    wait_until(page, "document.querySelector('[data-playback] video')?.readyState > 1")
    gone = names.pop(300)
    (server.recordings / gone).unlink()
    page.wait_for_selector(f'[data-recording="{gone}"]', state="detached")
    assert [name for _, those in page.evaluate(DAYS) for name in those] == names


def test_older_ones_are_reached_by_the_keyboard(server: Server, page: Page) -> None:
    names = many_recordings(server.recordings, 90)
    page.add_init_script("delete window.IntersectionObserver.prototype.observe")
    page.add_init_script("IntersectionObserver.prototype.observe = () => {}")
    page.goto(f"{server.url}/pet-stream/")
    for shown in (30, 60):
        page.wait_for_selector(f'[data-recording="{names[shown - 1]}"]')
        assert page.locator("[data-recording]").count() == shown
        page.focus("[data-older]")
        page.keyboard.press("Enter")
        page.wait_for_selector(f'[data-recording="{names[shown]}"]')
        first = f"{LIST}.querySelector('[data-recording=\"{names[shown]}\"] [data-play]')"
        wait_until(page, f"{LIST}.activeElement === {first}")
    assert page.is_hidden("[data-older]")


# ---- what takes its time


def test_a_deletion_says_that_it_is_at_it(server: Server, page: Page) -> None:
    write_mp4(server.recordings / "cat.mp4", film_units(320, 180, 1))
    held: list[Route] = []
    page.goto(f"{server.url}/pet-stream/")
    page.route(
        "**/api/recordings/cat.mp4",
        lambda route: held.append(route) if route.request.method == "DELETE" else route.continue_(),
    )
    row = '[data-recording="cat.mp4"]'
    wait_until(page, f"{LIST}.querySelector('{row} img')?.naturalWidth === 320")
    page.click(f"{row} .delete")
    page.wait_for_selector(f"{row} .working")
    assert page.inner_text(f"{row} .working") == "Deleting…"
    assert page.is_hidden(f"{row} .delete")
    held[0].continue_()
    page.wait_for_selector(f"{row} .undo")


def test_what_was_deleted_waits_at_the_end_of_the_list(
    server: Server, page: Page, screenshots: Path
) -> None:
    units = film_units(320, 180, 1)
    for name in ("cat.mp4", "dog.mp4"):
        write_mp4(server.recordings / name, units)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector('[data-recording="dog.mp4"]')
    assert page.is_hidden(".bin")
    images = f"[...{LIST}.querySelectorAll('img')]"
    wait_until(page, f"{images}.filter((image) => image.naturalWidth).length === 2")
    for name in ("cat.mp4", "dog.mp4"):
        page.click(f'[data-recording="{name}"] .delete')
        page.wait_for_selector(f'[data-recording="{name}"] .undo')
    page.reload()  # nobody is at an Undo any more
    page.click(".bin summary")
    page.wait_for_selector('[data-binned="cat.mp4"]')
    (screenshots / "bin.png").write_bytes(page.screenshot(full_page=True))
    page.click('[data-binned="cat.mp4"] .restore')
    page.wait_for_selector('[data-recording="cat.mp4"] [data-play]')
    page.wait_for_selector('[data-binned="cat.mp4"]', state="detached")
    page.click('[data-binned="dog.mp4"] .forget')
    assert page.evaluate(f"{LIST}.activeElement.className") == "answer cancel"
    page.click('[data-binned="dog.mp4"] .remove')
    page.wait_for_selector(".bin", state="hidden")
    assert page.locator("[data-recording]").count() == 1


def test_a_deletion_that_fails_leaves_the_recording_and_says_why(
    server: Server, page: Page, page_errors: list[str]
) -> None:
    write_mp4(server.recordings / "cat.mp4", film_units(320, 180, 1))
    refusal = {"error": "The recording can't be deleted: the disk failed", "code": "storage"}
    page.goto(f"{server.url}/pet-stream/")
    page.route(
        "**/api/recordings/cat.mp4",
        lambda route: route.fulfill(status=507, json=refusal),
    )
    row = '[data-recording="cat.mp4"]'
    page.click(f"{row} .delete")
    said = "That did not work: The recording can't be deleted: the disk failed"
    page.wait_for_selector(f"text={said}")
    assert page.inner_text("pet-stream-recordings .message") == said
    assert page.is_visible(f"{row} .delete")
    page_errors.clear()  # the console tells the 507


def test_a_recovered_recording_says_what_that_means(server: Server, page: Page) -> None:
    write_mp4(server.recordings / "cat_recovered.mp4", film_units(320, 180, 1))
    page.goto(f"{server.url}/pet-stream/")
    row = '[data-recording="cat_recovered.mp4"]'
    page.wait_for_selector(row)
    assert "Recovered" in page.inner_text(f"{row} .facts")
    page.click(f"{row} .more")
    assert "may be missing" in page.inner_text(f"{row} .details")


def test_the_recording_that_runs_shows_its_picture_and_grows(
    camera: Camera, server: Server, page: Page
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.click("[data-record]")
    row = f"{LIST}.querySelector('.running')"
    wait_until(page, f"{row}?.querySelector('img')?.naturalWidth === 320")
    page.evaluate(f"window.image = {row}.querySelector('img')")
    page.click(".running .more")
    assert "1280" in page.inner_text(".running .details")
    length = page.inner_text(".running .length")
    wait_until(page, f"{row}.querySelector('.length').textContent !== '{length}'")
    assert page.evaluate(f"image === {row}.querySelector('img')")  # no flicker
    page.click("[data-record]")
    page.wait_for_selector("[data-recordings] [data-play]")


def test_the_list_does_not_say_that_a_server_records_which_is_gone(
    camera: Camera, server: Server, page: Page, page_errors: list[str]
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.click("[data-record]")
    page.wait_for_selector(".row.running")
    assert page.inner_text(".row.running .facts") == "Recording now"
    server.process.stop(signal.SIGKILL)
    facts = f"{LIST}.querySelector('.row .facts').innerText"
    wait_until(page, f"{facts} === 'Was being recorded when the server was last heard'")
    assert page.query_selector(".row.running") is None
    page_errors.clear()  # the console tells that nobody answers


def test_times_are_the_cameras_and_agree_with_the_names_of_files(
    server: Server, browser: Browser
) -> None:
    write_mp4(server.recordings / "recording_20260102_040506.mp4", film_units(320, 180, 1))
    camera_is_ahead_h = time.localtime(1_767_326_706).tm_gmtoff / 3600
    elsewhere = "Asia/Tokyo" if camera_is_ahead_h != 9 else "UTC"
    for locale, title in (("en-GB", "4:05:06"), ("ja-JP", "4:05:06")):
        context = browser.new_context(locale=locale, timezone_id=elsewhere)
        page = context.new_page()
        page.goto(f"{server.url}/pet-stream/")
        page.wait_for_selector(".row")
        assert page.inner_text(".row .when") == title
        assert "UTC" in page.inner_text("pet-stream-recordings .hint")
        page.wait_for_selector("[data-day-strip] .hint:has-text('UTC')")
        context.close()


EMBED = """async () => {
    document.documentElement.lang = "ja";
    await import("/pet-stream/static/js/recordings.js");
    const list = document.createElement("pet-stream-recordings");
    list.setAttribute("read-only", "");
    document.querySelector("pet-stream").replaceWith(list);
}"""


def test_any_page_can_show_the_list_and_play_by_itself(server: Server, page: Page) -> None:
    write_mp4(server.recordings / "cat.mp4", film_units(320, 180, 1))
    page.goto(f"{server.url}/")  # the host's own
    page.evaluate(EMBED)
    play = '[data-recording="cat.mp4"] [data-play]'
    page.wait_for_selector(play)
    assert page.locator(".delete, .star").count() == 2
    assert not page.locator(".delete:visible, .star:visible").count(), "it is read-only"
    color = f"getComputedStyle({LIST}.querySelector('.when')).color"
    assert page.evaluate(color) == "rgb(27, 32, 33)", "it brings its own colours"
    with page.context.expect_page() as opened:  # nobody takes it
        page.click(play)
    assert opened.value.url.endswith("/api/recordings/cat.mp4")
    page.evaluate("""document.addEventListener("pet-stream:play", (event) => {
        event.preventDefault();
        globalThis.played = event.detail;
        document.querySelector("pet-stream-recordings").setAttribute("playing", "cat.mp4");
    })""")
    page.click(play)
    wait_until(page, "globalThis.played?.name === 'cat.mp4' && played.recording.format === 'mp4'")
    page.wait_for_selector('.row[aria-current="true"]')
    assert "再生中" in page.inner_text(".row .facts")


# ---- in Firefox, too


def test_firefox_plays_seeks_keeps_and_deletes(
    server: Server, firefox_session: BidiSession
) -> None:
    units = film_units(320, 180, 6)
    write_mp4(server.recordings / "cat.001.mp4", units)
    write_mp4(server.recordings / "cat.002.mp4", units)
    write_mp4(server.recordings / "dog.mp4", units)
    session = firefox_session
    session.goto(f"{server.url}/pet-stream/")
    video = "document.querySelector('[data-playback] video')"
    for name, duration_s in (("dog.mp4", 6), ("cat.mp4", 12)):
        row = f'[data-recording="{name}"]'
        present = f"{LIST}.querySelector('{row} [data-play]')"
        session.wait_until(present, TIMEOUT_S)
        session.wait_until(f"{LIST}.querySelector('{row} img')?.naturalWidth === 320", TIMEOUT_S)
        session.click(f"{row} [data-play]")
        playing = f"{video}?.currentTime > 0.3 && Math.abs({video}.duration - {duration_s}) < 0.1"
        session.wait_until(playing, TIMEOUT_S)
        session.evaluate(f"{video}.pause()")
        for seconds in (duration_s - 1.5, 1.0):
            session.evaluate(f"{video}.currentTime = {seconds}")
            there = f"!{video}.seeking && {video}.readyState > 1"
            session.wait_until(f"{there} && Math.abs({video}.currentTime - {seconds}) < 0.3")
    session.click('[data-recording="cat.mp4"] .star')
    pressed = '[data-recording="cat.mp4"] .star[aria-pressed="true"]'
    session.wait_until(f"{LIST}.querySelector('{pressed}')", TIMEOUT_S)
    assert (server.recordings / "cat.mp4.star").exists()
    row = '[data-recording="dog.mp4"]'
    session.click(f"{row} .delete")
    session.wait_until(f"{LIST}.querySelector('{row}[data-deleted]')", TIMEOUT_S)
    assert not (server.recordings / "dog.mp4").exists()
    session.click(f"{row} .undo")
    session.wait_until(f"{LIST}.querySelector('{row}:not([data-deleted])')", TIMEOUT_S)
    assert (server.recordings / "dog.mp4").exists()
    size = (
        f"fetch({LIST}.querySelector('[data-recording=\"cat.mp4\"] .download').href)"
        ".then((answer) => answer.arrayBuffer()).then((data) => data.byteLength)"
    )
    assert session.evaluate(size) > 2 * 0.9 * (server.recordings / "cat.001.mp4").stat().st_size
    assert session.javascript_errors() == []


def test_a_recording_is_downloaded_by_a_click(server: Server, page: Page, tmp_path: Path) -> None:
    units = film_units(320, 180, 3)
    for number in (1, 2):
        path = server.recordings / f"cat.00{number}.mp4"
        write_mp4(path, units)
    page.goto(f"{server.url}/pet-stream/")
    with page.expect_download() as download:
        page.click('[data-recording="cat.mp4"] .download')
    assert download.value.suggested_filename == "cat.mp4"
    download.value.save_as(tmp_path / "saved.mp4")
    shown = film(tmp_path / "saved.mp4")
    assert len(shown.pictures) == shown.decoded_count == 180
