import pytest

from pet_stream.ingest.picture_order import Order, PictureOrder
from pet_stream.media.ring import FORMAT_H264, SlotHeader

MS = 1_000_000


def header(number: int, *, capture_ms: float | None = None, camera_id: int = 0) -> SlotHeader:
    capture_ns = int((number * 33 if capture_ms is None else capture_ms) * MS) + 10**9
    return SlotHeader(
        frame_number=number,
        capture_s=capture_ns // 10**9,
        capture_ns=capture_ns % 10**9,
        camera_id=camera_id,
        width=640,
        height=480,
        format=FORMAT_H264,
        data_size=100,
    )


def place(order: PictureOrder, picture: SlotHeader) -> Order:
    """Place it, and take it if it is newer, as the reader does where each is written once."""
    place = order.place(picture)
    if place is Order.NEWER:
        order.take(picture)
    return place


def test_each_new_picture_is_newer() -> None:
    order = PictureOrder()
    assert [place(order, header(n)) for n in range(5)] == [Order.NEWER] * 5
    assert order.is_once_each
    assert not order.is_relayed


def test_repeats_show_a_relay() -> None:
    order = PictureOrder()
    assert [place(order, header(n)) for n in (0, 0, 1, 1, 1)] == [
        Order.NEWER,
        Order.SAME,
        Order.NEWER,
        Order.SAME,
        Order.SAME,
    ]
    assert order.is_relayed
    assert not order.is_once_each


def test_a_relay_is_not_forgotten_when_it_stops_repeating() -> None:
    order = PictureOrder()
    for n in (0, 0, 1, 2, 3, 4, 5, 6, 7):
        place(order, header(n))
    assert order.is_relayed
    assert not order.is_once_each


def test_a_picture_from_a_turn_ago_is_older() -> None:
    order = PictureOrder()
    for n in range(40):
        place(order, header(n))
    assert place(order, header(10)) is Order.OLDER
    assert place(order, header(39)) is Order.SAME
    assert place(order, header(40)) is Order.NEWER


def test_frame_numbers_may_skip_and_start_again() -> None:
    order = PictureOrder()
    place(order, header(100, capture_ms=0))
    assert place(order, header(105, capture_ms=33)) is Order.NEWER
    assert place(order, header(0, capture_ms=66)) is Order.NEWER


def test_the_other_camera_is_newer_by_its_capture_time() -> None:
    order = PictureOrder()
    place(order, header(100, capture_ms=1000))
    assert place(order, header(3, capture_ms=900, camera_id=1)) is Order.OLDER
    assert place(order, header(4, capture_ms=1400, camera_id=1)) is Order.NEWER


HOURS_MS = 5 * 3_600_000


def relayed_order(count: int = 30) -> PictureOrder:
    """Behind a relay, after pictures 0 to `count` - 1; it may bring back any of the last ones."""
    order = PictureOrder()
    for n in range(count):
        place(order, header(n, capture_ms=10_000 + 33 * n))
        place(order, header(n, capture_ms=10_000 + 33 * n))
    assert order.is_relayed
    return order


@pytest.mark.parametrize("step_ms", [-HOURS_MS, -300, 300, HOURS_MS])
def test_a_clock_that_is_set_costs_no_picture(step_ms: int) -> None:
    order = relayed_order()
    orders = [place(order, header(n, capture_ms=10_000 + 33 * n + step_ms)) for n in range(30, 60)]
    assert orders == [Order.NEWER] * 30


@pytest.mark.parametrize("wrong_by_ms", [-HOURS_MS, -300, 300, HOURS_MS])
@pytest.mark.parametrize("every", [2, 10])
def test_a_wrong_stamp_costs_no_picture_and_brings_back_none(every: int, wrong_by_ms: int) -> None:
    order = relayed_order()
    for n in range(30, 90):
        wrong_ms = wrong_by_ms if n % every == 0 else 0
        assert place(order, header(n, capture_ms=10_000 + 33 * n + wrong_ms)) is Order.NEWER
        for older in range(n - 28, min(n, 30)):
            assert place(order, header(older, capture_ms=10_000 + 33 * older)) is Order.OLDER


def test_a_wrong_stamp_is_no_measure_for_pictures_that_were_never_taken() -> None:
    order = relayed_order()
    assert place(order, header(31, capture_ms=10_000 + 33 * 31)) is Order.NEWER
    assert place(order, header(32, capture_ms=10_000 + 33 * 32 - HOURS_MS)) is Order.NEWER
    assert place(order, header(30, capture_ms=10_000 + 33 * 30)) is Order.OLDER


@pytest.mark.parametrize("stamp_ms", [0, 1234])
def test_equal_stamps_leave_the_order_to_the_numbers(stamp_ms: int) -> None:
    order = PictureOrder()
    for n in range(100):
        assert place(order, header(n, capture_ms=stamp_ms)) is Order.NEWER
        assert place(order, header(n, capture_ms=stamp_ms)) is Order.SAME
        if n:
            assert place(order, header(n - 1, capture_ms=stamp_ms)) is Order.OLDER


def test_after_equal_stamps_a_restarted_camera_repeats_its_identities() -> None:
    order = PictureOrder()
    for n in range(10):
        place(order, header(n, capture_ms=0))
    order.attach()
    assert [place(order, header(n, capture_ms=0)) for n in range(10)] == [Order.NEWER] * 10


def test_where_each_is_written_once_a_restarted_camera_loses_nothing() -> None:
    order = PictureOrder()
    for n in range(30):
        place(order, header(n, capture_ms=10_000 + 33 * n))
    orders = [place(order, header(n, capture_ms=33 * n)) for n in range(12)]
    assert orders == [Order.NEWER] * 12


def test_behind_a_relay_a_restarted_camera_is_believed_after_some_pictures() -> None:
    order = relayed_order()
    orders = [place(order, header(n, capture_ms=33 * n)) for n in range(12)]
    assert orders == [Order.OLDER] * 7 + [Order.NEWER] * 5


def test_behind_a_relay_numbers_from_before_a_restart_are_older() -> None:
    order = relayed_order(200)
    assert place(order, header(0, capture_ms=20_000)) is Order.NEWER
    assert place(order, header(201, capture_ms=10_000 + 33 * 201)) is Order.OLDER
    assert place(order, header(1, capture_ms=20_033)) is Order.NEWER


def test_old_pictures_in_any_number_are_no_clock_that_was_set_back() -> None:
    order = PictureOrder()
    for n in range(40):
        place(order, header(n))
    assert all(place(order, header(n)) is Order.OLDER for n in range(5, 39))


def test_a_new_segment_may_have_an_earlier_clock_but_repeats_nothing() -> None:
    order = PictureOrder()
    for n in range(10):
        place(order, header(n, capture_ms=10_000 + 33 * n))
    order.attach()
    assert place(order, header(9, capture_ms=10_000 + 33 * 9)) is not Order.NEWER
    assert place(order, header(0, capture_ms=5)) is Order.NEWER


def test_what_is_not_taken_stays_new() -> None:
    order = PictureOrder()
    assert order.place(header(1)) is Order.NEWER
    assert order.place(header(1)) is Order.NEWER
    order.take(header(1))
    assert order.place(header(1)) is Order.SAME
