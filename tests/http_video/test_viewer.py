"""One viewer over plain HTTP, and all of them."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from pet_stream.admission.grants import Grants
from pet_stream.admission.places import Places
from pet_stream.broadcaster import Broadcaster
from pet_stream.errors import Full, NoPicture
from pet_stream.http_video.formats import LiveAnnexB
from pet_stream.http_video.viewer import PIECE_BYTES, HttpViewer, LiveLimits
from pet_stream.http_video.viewers import HttpViewers
from pet_stream.media.access_unit import AccessUnit
from pet_stream.rights import EVERYBODYS
from tests.footage import encode
from tests.recording.playback import GOP, Camera, access_unit

QUICK = LiveLimits(first_picture_s=0.05, look_s=0.01, unread_sweeps=3)


class Viewing:
    """A camera, and viewers who see it over HTTP."""

    def __init__(self, max_clients: int = 3) -> None:
        self.broadcaster = Broadcaster()
        pictures = [access_unit(data) for data in encode(gop=GOP, pictures=2 * GOP)]
        self.camera = Camera(self.broadcaster, pictures)
        self.places = Places(max_clients)
        self.grants = Grants("test")
        self.viewers = HttpViewers(self.places, self.grants)
        self.viewers.limits = QUICK

    def watch(
        self,
        is_over: Callable[[], bool] = lambda: False,
        server_socket: socket.socket | None = None,
    ) -> HttpViewer:
        return self.viewers.watch(
            self.broadcaster,
            LiveAnnexB(),
            "h264",
            client="10.0.0.1",
            grant=EVERYBODYS,
            server_socket=server_socket,
            is_over=is_over,
        )

    def assert_nothing_is_left(self) -> None:
        assert (self.places.active_count, self.viewers.active_count) == (0, 0)
        assert not self.broadcaster.subscriptions


@pytest.fixture
def viewing() -> Viewing:
    return Viewing()


def test_a_viewer_begins_with_the_gop_and_goes_on(viewing: Viewing) -> None:
    seen = viewing.camera.publish(GOP + 3)[GOP:]
    viewer = viewing.watch()
    expected = b"".join(unit.to_annex_b() for unit in seen)
    sent = next(viewer)
    while len(sent) < len(expected):
        sent += next(viewer)
    assert sent == expected
    [unit] = viewing.camera.publish(1)
    assert next(viewer) == unit.to_annex_b()
    assert [place.occupant.transport for place in viewing.places.taken] == ["h264"]
    viewer.close()
    assert list(viewer) == []
    viewing.assert_nothing_is_left()


def test_what_is_large_comes_in_pieces(viewing: Viewing) -> None:
    [unit] = viewing.camera.publish(1)
    filler = b"\x0c" + bytes(3 * PIECE_BYTES)
    large = replace(unit, nal_units=(*unit.nal_units, filler), sequence=1)
    viewing.broadcaster.publish(large)
    viewer = viewing.watch()
    pieces = [next(viewer) for _ in range(4)]
    assert [len(piece) for piece in pieces[:3]] == 3 * [PIECE_BYTES]
    assert b"".join(pieces) == large.to_annex_b()
    viewer.close()


def test_a_slow_viewer_loses_whole_gops_and_the_camera_waits_for_nobody(viewing: Viewing) -> None:
    viewing.viewers.limits = replace(QUICK, lag_s=0.2)
    first = viewing.camera.publish(1)
    viewer = viewing.watch()
    published = first + viewing.camera.publish(3 * GOP)  # while nobody reads
    sent = next(viewer) + next(viewer)
    published += viewing.camera.publish(GOP + 1)
    while not sent.endswith(published[-1].to_annex_b()):
        sent += next(viewer)
    shown = numbers_of(sent, published)
    assert viewing.viewers.dropped_count == len(published) - len(shown) > GOP
    begin_again = next(b for a, b in itertools.pairwise(shown) if b != a + 1)
    assert published[begin_again].is_entry_point
    viewer.close()
    assert viewing.viewers.dropped_count > GOP  # also of those that have gone


def numbers_of(sent: bytes, published: Sequence[AccessUnit]) -> list[int]:
    """Which of the `published` pictures are in `sent`."""
    numbers, at = [], 0
    for number, unit in enumerate(published):
        data = unit.to_annex_b()
        if sent.startswith(data, at):
            numbers.append(number)
            at += len(data)
    assert at == len(sent)
    return numbers


def test_without_a_picture_nobody_is_let_in(viewing: Viewing) -> None:
    with pytest.raises(NoPicture):
        viewing.watch()
    viewing.assert_nothing_is_left()


def test_a_viewer_waits_for_the_first_picture(viewing: Viewing) -> None:
    viewing.viewers.limits = replace(QUICK, first_picture_s=30)
    threading.Timer(0.05, viewing.camera.publish, [1]).start()
    viewer = viewing.watch()
    assert next(viewer)
    viewer.close()


def test_more_than_there_are_places_are_refused(viewing: Viewing) -> None:
    viewing.camera.publish(1)
    viewers = [viewing.watch() for _ in range(3)]
    with pytest.raises(Full):
        viewing.watch()
    for viewer in viewers:
        viewer.close()
    viewing.assert_nothing_is_left()


def test_a_viewer_who_waits_ends_when_it_is_over(viewing: Viewing) -> None:
    viewing.camera.publish(1)
    over = threading.Event()
    viewer = viewing.watch(over.is_set)
    threading.Timer(0.05, over.set).start()
    assert len(list(viewer)) == 1
    viewing.assert_nothing_is_left()


@pytest.mark.parametrize("why", ["removed", "unread"])
def test_whoever_is_ended_hears_it_from_the_connection(viewing: Viewing, why: str) -> None:
    viewing.camera.publish(1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        viewer = viewing.watch(server_socket=ours)
        if why == "removed":
            assert viewing.places.remove(viewing.places.taken[0].id)
        else:
            assert [viewing.viewers.sweep() for _ in range(4)] == [True, True, True, False]
        assert theirs.recv(1) == b""
        assert list(viewer) == []
    viewing.assert_nothing_is_left()


def test_who_reads_or_waits_for_pictures_is_not_swept_away(viewing: Viewing) -> None:
    viewing.camera.publish(1)
    viewer = viewing.watch()
    for _ in range(10):
        assert viewing.viewers.sweep()
        assert viewing.places.sweep()
        viewing.camera.publish(1)
        assert next(viewer)
    assert viewing.places.active_count == 1
    viewer.close()


def test_what_is_held_by_one_who_has_ended_is_given_back_at_once(viewing: Viewing) -> None:
    viewing.camera.publish(1)
    viewer = viewing.watch()
    viewer.end()
    given_back: list[bool] = []
    viewer.hold(lambda: given_back.append(True))
    assert given_back == [True]
