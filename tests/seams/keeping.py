"""What is called for rights, places, recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from pet_stream.admission.places import Occupant
from pet_stream.rights import Grant
from tests.waiting import wait_until

from .rig import Failure, Rig
from .seam import replaced, seam

# ---- rights, places, leases


@dataclass(frozen=True)
class _Ended:
    """A right that is over, or fails."""

    is_valid: Callable[[], bool] = lambda: False
    holder: str = ""
    name: str = ""
    is_owners: bool = True


@seam("rights")
def what_a_right_had_granted(rig: Rig, fail: Failure) -> Iterator[None]:
    other_ends: list[None] = []
    grants = rig.stream.grants
    holds = [grants.hold(_Ended(), fail), grants.hold(_Ended(), lambda: other_ends.append(None))]
    grants.check_soon()
    yield
    wait_until(lambda: other_ends)
    for hold in holds:
        hold.release()
    grants.check_soon()  # its thread finds that nothing is held any more


@seam("rights")
def a_right_is_asked_for_again(rig: Rig, fail: Failure) -> Iterator[None]:
    ends: list[None] = []
    grant: Grant = _Ended(fail)
    hold = rig.stream.grants.hold(grant, lambda: ends.append(None))
    rig.stream.grants.check_soon()
    yield
    wait_until(lambda: ends)
    hold.release()
    rig.stream.grants.check_soon()


@seam("places")
def who_gives_way(rig: Rig, fail: Failure) -> Iterator[None]:
    places = rig.stream.listener_places
    taken = [
        places.acquire(Occupant(fail, holder="one device")) for _ in range(places._max_per_holder)
    ]
    newest = places.acquire(Occupant(holder="one device"))
    yield
    assert taken[0] not in places.taken
    for place in (*taken, newest):
        place.release()


@seam("places")
def who_is_taken_away(rig: Rig, fail: Failure) -> Iterator[None]:
    place = rig.stream.listener_places.acquire(Occupant(fail))
    assert rig.stream.listener_places.remove(place.id)
    yield


@seam("places")
def a_place_is_taken(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.listener_places, "_on_taken", fail):
        place = rig.stream.listener_places.acquire()
        yield
    place.release()


@seam("places")
def a_download_begins(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.downloads, "_on_taken", fail):
        download = rig.stream.downloads.acquire(None)
        yield
    download.release()


# ---- recordings


@seam("recorder")
def a_recording_is_finished(rig: Rig, fail: Failure) -> Iterator[None]:
    client = rig.app.test_client()
    with replaced(rig.stream.recorder, "_on_finished", fail):
        assert client.post("/api/recording/start").status_code == 200
        rig.see()
        stopped = client.post("/api/recording/stop")
        assert stopped.status_code == 200, stopped.get_json()
        yield


@seam("")
def a_writer_can_not_claim_the_folder(rig: Rig, fail: Failure) -> Iterator[None]:
    client = rig.app.test_client()
    starts = rig.stream.recorder._starts
    with replaced(starts, "_make_session", partial(starts._make_session, claim=fail)):
        assert client.post("/api/recording/start").status_code == 507
        yield


@seam("housekeeping")
def a_task_of_housekeeping(rig: Rig, fail: Failure) -> Iterator[None]:
    done: list[None] = []
    rig.stream.archive._housekeeper.submit(fail)
    rig.stream.archive._housekeeper.submit(lambda: done.append(None))
    yield
    wait_until(lambda: done)


@seam("library")
def who_watches_the_folder(rig: Rig, fail: Failure) -> Iterator[None]:
    watch = rig.stream.folder_watch
    with replaced(watch, "_on_change", fail), replaced(watch, "interval_s", 0.0):
        rig.stream.library.folder.mkdir(exist_ok=True)
        watch.look()
        (rig.stream.library.folder / "new").touch()
        watch.look()
        (rig.stream.library.folder / "new").unlink()
        yield
