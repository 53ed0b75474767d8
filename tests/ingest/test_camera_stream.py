"""What one camera has sent decides what its next picture is worth."""

import pytest

from pet_stream.errors import BitstreamError, ParameterSetUnknown
from pet_stream.ingest.access_units import DecodableStream
from pet_stream.ingest.camera_stream import CameraStream, SlotCopy
from pet_stream.media.access_unit import START_CODE
from pet_stream.media.h264.continuity import Continuity
from pet_stream.media.ring import FORMAT_H264, SlotHeader
from tests.media.syntax import Sps, pps, slice_nal_unit

SPS, PPS = Sps().nal_unit(), pps()
LONGER = Sps(log2_max_frame_num=9)
LONGER_SPS, LONGER_IDR = LONGER.nal_unit(), slice_nal_unit(idr=True, sps=LONGER)
IDR = slice_nal_unit(idr=True)
SEI = b"\x06\x01\x01\x12\x80"
P = slice_nal_unit(1)


def slot_copy(*nal_units: bytes, number: int = 0, camera_id: int = 0) -> SlotCopy:
    data = b"".join(START_CODE + nal_unit for nal_unit in nal_units)
    header = SlotHeader(number, 1, number, camera_id, 320, 240, FORMAT_H264, len(data))
    return SlotCopy(header, data)


class Stream:
    """What was read of a camera, and what was published of that."""

    def __init__(self) -> None:
        self.read = CameraStream()
        self.published = DecodableStream()


def deliver(stream: Stream, *nal_units: bytes) -> tuple[bytes, ...] | None:
    """What is published of a picture that is delivered."""
    coded = stream.read.parse(slot_copy(*nal_units))
    stream.read.advance(coded)
    return stream.published.complete(coded)


def stream_with(*nal_units: bytes) -> Stream:
    stream = Stream()
    deliver(stream, *nal_units)
    return stream


def test_the_bytes_of_a_copy_are_parsed_once() -> None:
    stream = stream_with(SPS, PPS, IDR)
    for copy in (slot_copy(P), slot_copy(SPS, PPS, IDR), slot_copy(LONGER_SPS, LONGER_IDR)):
        coded = stream.read.parse(copy)
        assert stream.read.check(coded) is Continuity.NEXT
        assert stream.read.parse(copy) is coded


def test_a_copy_is_parsed_again_when_the_parameter_sets_have_changed() -> None:
    stream = stream_with(SPS, PPS, IDR)
    copy = slot_copy(slice_nal_unit(1, sps=LONGER))
    stream.read.parse(copy)
    deliver(stream, LONGER_SPS, LONGER_IDR)
    coded = stream.read.parse(copy)
    assert coded.sps is not None
    assert coded.sps.log2_max_frame_num == 9
    assert coded.slice_header is not None
    assert coded.slice_header.frame_num == 1
    assert stream.read.check(coded) is Continuity.NEXT


def test_parsing_takes_no_parameter_sets() -> None:
    stream = Stream()
    assert stream.read.parse(slot_copy(SPS, PPS, IDR)).sps is not None
    assert stream.read.parse(slot_copy(IDR)).sps is None


def test_an_idr_is_completed_with_what_the_camera_had_sent_by_then() -> None:
    """A look at the ring delivers several pictures before the first of them is published."""
    stream = stream_with(SPS, PPS, IDR)
    earlier = stream.read.parse(slot_copy(IDR))
    stream.read.advance(earlier)
    later = stream.read.parse(slot_copy(LONGER_SPS, PPS, LONGER_IDR))
    stream.read.advance(later)
    assert stream.published.complete(earlier) == (SPS, PPS, IDR)
    assert stream.published.complete(later) == (LONGER_SPS, PPS, LONGER_IDR)


def test_nothing_can_be_decoded_before_the_first_idr() -> None:
    stream = Stream()
    assert deliver(stream, SPS, PPS) is None
    assert deliver(stream, P) is None
    assert deliver(stream, IDR) == (SPS, PPS, IDR)
    assert deliver(stream, P) == (P,)


def test_an_interruption_lasts_to_the_next_idr() -> None:
    stream = stream_with(SPS, PPS, IDR)
    stream.published.awaits_entry_point = True
    assert deliver(stream, P) is None
    assert deliver(stream, IDR) == (SPS, PPS, IDR)
    assert deliver(stream, P) == (P,)


CHANGED_PPS, OTHER_PPS = pps(init_qp=3), pps(1)


def test_an_entry_point_has_what_only_later_pictures_use() -> None:
    """The case of two PPS that come once, the IDR's and the one of all P pictures."""
    stream = stream_with(SPS, PPS, OTHER_PPS, IDR)
    assert deliver(stream, slice_nal_unit(1, pps_id=1)) == (slice_nal_unit(1, pps_id=1),)
    assert deliver(stream, IDR) == (SPS, PPS, OTHER_PPS, IDR)


@pytest.mark.parametrize(
    "units",
    [
        pytest.param(((CHANGED_PPS, P), (slice_nal_unit(2),)), id="with a picture"),
        pytest.param(((CHANGED_PPS,), (P,)), id="alone"),
        pytest.param(((SEI, CHANGED_PPS), (SEI,), (P,)), id="alone and earlier"),
    ],
)
def test_a_parameter_set_that_changes_in_mid_stream_counts_from_then_on(
    units: tuple[tuple[bytes, ...], ...],
) -> None:
    """Viewers in mid-stream get it, and whoever begins at the next IDR."""
    stream = stream_with(SPS, PPS, IDR)
    published = [unit for nal_units in units if (unit := deliver(stream, *nal_units))]
    assert published[0] == (CHANGED_PPS, P)
    assert all(CHANGED_PPS not in unit for unit in published[1:]), "once is enough"
    assert deliver(stream, IDR) == (SPS, CHANGED_PPS, IDR)


def test_a_parameter_set_behind_a_picture_goes_in_front_of_the_next() -> None:
    stream = stream_with(SPS, PPS, IDR)
    assert deliver(stream, P, CHANGED_PPS) == (P,)
    assert deliver(stream, slice_nal_unit(2)) == (CHANGED_PPS, slice_nal_unit(2))


def test_parameter_sets_that_come_during_an_interruption_are_with_the_next_idr() -> None:
    stream = stream_with(SPS, PPS, IDR)
    stream.published.awaits_entry_point = True
    assert deliver(stream, CHANGED_PPS, P) is None
    assert deliver(stream, IDR) == (SPS, CHANGED_PPS, IDR)
    assert deliver(stream, P) == (P,)


def test_each_entry_point_has_the_sets_of_its_own_sps() -> None:
    other = Sps(sps_id=1, width_mbs=40).nal_unit()
    stream = stream_with(SPS, other, PPS, pps(1, sps_id=1), IDR)
    other_idr = slice_nal_unit(idr=True, pps_id=1)
    for _ in range(2):
        assert deliver(stream, other_idr) == (other, pps(1, sps_id=1), other_idr)
        assert deliver(stream, IDR) == (SPS, PPS, IDR)


def test_a_picture_whose_parameter_sets_never_came_is_an_interruption() -> None:
    stream = stream_with(SPS, PPS, IDR)
    with pytest.raises(ParameterSetUnknown, match="picture parameter set 7"):
        deliver(stream, slice_nal_unit(1, pps_id=7))
    assert deliver(stream, slice_nal_unit(2, pps_id=7)) is None
    assert deliver(stream, IDR) == (SPS, PPS, IDR)


def test_an_idr_without_its_parameter_sets_is_an_interruption() -> None:
    stream = stream_with(SPS, PPS, IDR)
    with pytest.raises(ParameterSetUnknown):
        deliver(stream, slice_nal_unit(idr=True, pps_id=7))
    assert deliver(stream, P) is None
    assert deliver(stream, IDR) == (SPS, PPS, IDR)


@pytest.mark.parametrize("nal_units", [(SPS, PPS), (SEI,)])
def test_parameter_sets_and_sei_alone_are_no_picture(nal_units: tuple[bytes, ...]) -> None:
    stream = stream_with(SPS, PPS, IDR)
    assert deliver(stream, *nal_units) is None
    assert deliver(stream, P) == (P,)


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\1", b"no start code", b"\0\0\1\x41", b"\0\0\1\x41\x9a"]
)
def test_bytes_that_are_no_picture_change_nothing(data: bytes) -> None:
    stream = stream_with(SPS, PPS, IDR)
    copy = SlotCopy(slot_copy(P).header, data)
    for _ in range(2):
        with pytest.raises(BitstreamError):
            stream.read.parse(copy)
    assert copy.coded is None
    assert deliver(stream, P) == (P,)
