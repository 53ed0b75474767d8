"""Unusual streams that every decoder plays, made of the same footage, so that each shows the same.

A maker takes access units in Annex B and returns what a camera's slots hold, which may be more or
fewer. Pictures are of the baseline profile: their bits can be moved without decoding them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence

from pet_stream.media.h264.bits import unescape
from tests.footage import encode
from tests.media.syntax import BitWriter, escape

GOP, PICTURES = 6, 18
LONG, SHORT = b"\0\0\0\1", b"\0\0\1"
AUD, OTHER_AUD = b"\x09\x10", b"\x09\x30"
SPS_TYPE, PPS_TYPE, IDR_TYPE = 7, 8, 5

Maker = Callable[[list[bytes]], list[bytes]]


@functools.cache
def plain(sps_id: int = 0) -> tuple[bytes, ...]:
    """The pictures that every stream here shows. x264 gives its PPS the id of the SPS."""
    x264 = (f"sps-id={sps_id}", "ref=1", "deblock=0,0")
    return tuple(encode(160, 128, gop=GOP, pictures=PICTURES, slices=2, x264=x264))


def split(unit: bytes) -> list[bytes]:
    return [nal_unit.rstrip(b"\0") for nal_unit in unit.split(SHORT)[1:]]


def joined(nal_units: Iterable[bytes]) -> bytes:
    return b"".join(LONG + nal_unit for nal_unit in nal_units)


def kind_of(nal_unit: bytes) -> int:
    return nal_unit[0] & 31


class Bits:
    """The bits of a NAL unit, to be copied element by element into others."""

    def __init__(self, nal_unit: bytes) -> None:
        rbsp = unescape(nal_unit[1:])
        bits = f"{int.from_bytes(rbsp, 'big'):0{8 * len(rbsp)}b}"
        self._header = nal_unit[:1]
        self._left = bits[: bits.rindex("1")]  # without rbsp_trailing_bits
        self._out = BitWriter()

    def keep(self, count: int) -> None:
        self._out.bits += self._left[:count]
        self._left = self._left[count:]

    def keep_ue(self) -> None:
        self.keep(2 * self._left.index("1") + 1)

    def drop_ue(self) -> None:
        self._left = self._left[2 * self._left.index("1") + 1 :]

    def put_ue(self, value: int) -> None:
        self._out.ue(value)

    def put_flag(self, value: bool) -> None:
        self._out.flag(value)

    def drop(self, count: int) -> None:
        self._left = self._left[count:]

    def nal_unit(self) -> bytes:
        self._out.bits += self._left
        return self._header + escape(self._out.rbsp())


@functools.cache
def with_pps_id(nal_unit: bytes, pps_id: int) -> bytes:
    """A PPS or a slice with another pic_parameter_set_id."""
    bits = Bits(nal_unit)
    if kind_of(nal_unit) != PPS_TYPE:
        bits.keep_ue()  # first_mb_in_slice
        bits.keep_ue()  # slice_type
    bits.drop_ue()
    bits.put_ue(pps_id)
    return bits.nal_unit()


@functools.cache
def pps_without_deblocking_control(pps: bytes) -> bytes:
    bits = Bits(pps)
    bits.keep_ue()
    bits.keep_ue()
    bits.keep(2)
    for _ in range(3):  # num_slice_groups_minus1 and the numbers of references
        bits.keep_ue()
    bits.keep(3)
    for _ in range(3):  # three quantizers
        bits.keep_ue()
    bits.drop(1)
    bits.put_flag(False)
    return bits.nal_unit()


@functools.cache
def p_slice_without_deblocking_control(nal_unit: bytes) -> bytes:
    """The same picture for a decoder that goes by the PPS above; nonsense by any other."""
    bits = Bits(nal_unit)
    for _ in range(3):  # first_mb_in_slice, slice_type, pic_parameter_set_id
        bits.keep_ue()
    bits.keep(4)  # frame_num: x264's shortest
    bits.keep(1)  # num_ref_idx_active_override_flag
    bits.keep(1)  # ref_pic_list_modification_flag_l0
    bits.keep(1)  # adaptive_ref_pic_marking_mode_flag
    bits.keep_ue()  # slice_qp_delta
    for _ in range(3):  # disable_deblocking_filter_idc and two offsets, all 0
        bits.drop_ue()
    return bits.nal_unit()


def sets_of(unit: bytes) -> tuple[bytes, bytes]:
    sps, pps = (n for n in split(unit) if kind_of(n) in (SPS_TYPE, PPS_TYPE))
    return sps, pps


def pictures_only(units: Sequence[bytes]) -> list[list[bytes]]:
    """The slices of each picture."""
    return [[n for n in split(unit) if kind_of(n) in (1, IDR_TYPE)] for unit in units]


# ---- parameter sets


def second_pps_of_p_pictures(units: Sequence[bytes], pps_id: int = 1) -> list[list[bytes]]:
    """Without any parameter set; the P pictures refer to PPS `pps_id`."""
    return [
        [n if kind_of(n) == IDR_TYPE else with_pps_id(n, pps_id) for n in slices]
        for slices in pictures_only(units)
    ]


def two_pps_once(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    first, *others = second_pps_of_p_pictures(units)
    return [joined([sps, pps, with_pps_id(pps, 1), *first]), *map(joined, others)]


def second_pps_with_the_first_p_picture(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    idr, p, *others = second_pps_of_p_pictures(units)
    return [
        joined([sps, pps, *idr]),
        joined([with_pps_id(pps, 1), *p]),
        *map(joined, others),
    ]


def second_pps_in_a_slot_of_its_own(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    idr, *others = second_pps_of_p_pictures(units)
    return [joined([sps, pps, *idr]), joined([with_pps_id(pps, 1)]), *map(joined, others)]


def second_pps_behind_the_first_picture(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    idr, *others = second_pps_of_p_pictures(units)
    return [joined([sps, pps, *idr, with_pps_id(pps, 1)]), *map(joined, others)]


def every_pps_once(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    first, *others = second_pps_of_p_pictures(units, 200)
    every = [with_pps_id(pps, n) for n in range(256)]
    return [joined([sps, *every, *first]), *map(joined, others)]


def pps_that_changes_in_mid_stream(units: list[bytes]) -> list[bytes]:
    """Within the first GOP, under its id; each IDR goes back to the first one by itself."""
    sps, pps = sets_of(units[0])
    changed = pps_without_deblocking_control(pps)
    slots = []
    for number, slices in enumerate(pictures_only(units)):
        if number % GOP == 0:
            slots.append(joined([sps, pps, *slices]))
        elif number % GOP < 3:
            slots.append(joined(slices))
        else:
            front = [changed] if number % GOP == 3 else []
            moved = [p_slice_without_deblocking_control(n) for n in slices]
            slots.append(joined([*front, *moved]))
    return slots


def pps_that_changes_and_changes_back(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    changed = pps_without_deblocking_control(pps)
    slots = []
    for number, slices in enumerate(pictures_only(units)):
        if number % GOP == 0:
            slots.append(joined([sps, pps, *slices]))
        elif number % GOP == 2:
            slots.append(joined([changed, *map(p_slice_without_deblocking_control, slices)]))
        elif number % GOP == 3:
            slots.append(joined([pps, *slices]))
        else:
            slots.append(joined(slices))
    return slots


def idr_slice_without_deblocking_control(nal_unit: bytes) -> bytes:
    bits = Bits(nal_unit)
    for _ in range(3):  # first_mb_in_slice, slice_type, pic_parameter_set_id
        bits.keep_ue()
    bits.keep(4)  # frame_num
    bits.keep_ue()  # idr_pic_id
    bits.keep(2)  # no_output_of_prior_pics_flag, long_term_reference_flag
    bits.keep_ue()  # slice_qp_delta
    for _ in range(3):  # disable_deblocking_filter_idc and two offsets, all 0
        bits.drop_ue()
    return bits.nal_unit()


def pps_that_changes_with_each_idr(units: list[bytes]) -> list[bytes]:
    """Two PPS in turn, under one id."""
    sps, pps = sets_of(units[0])
    changed = pps_without_deblocking_control(pps)
    slots = []
    for number, slices in enumerate(pictures_only(units)):
        is_changed = number // GOP % 2 == 1
        if is_changed:
            slices = [
                idr_slice_without_deblocking_control(n)
                if kind_of(n) == IDR_TYPE
                else p_slice_without_deblocking_control(n)
                for n in slices
            ]
        front = [sps, changed if is_changed else pps] if number % GOP == 0 else []
        slots.append(joined([*front, *slices]))
    return slots


def two_sps_in_turn(units: list[bytes]) -> list[bytes]:
    """All parameter sets come once; each IDR changes to the other SPS and its PPS."""
    other_sps, other_pps = sets_of(plain(1)[0])
    sps, pps = sets_of(units[0])
    slots = [
        joined([with_pps_id(n, 1) for n in slices] if number // GOP % 2 else slices)
        for number, slices in enumerate(pictures_only(units))
    ]
    return [joined([sps, other_sps, pps, other_pps]) + slots[0], *slots[1:]]


def pps_in_front_of_its_sps(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    first, *others = pictures_only(units)
    return [joined([pps, sps, *first]), *map(joined, others)]


def sets_in_slots_of_their_own(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    slots = []
    for number, slices in enumerate(pictures_only(units)):
        if number % GOP == 0:
            slots += [joined([sps]), joined([pps])]
        slots.append(joined(slices))
    return slots


def sets_with_every_picture(units: list[bytes]) -> list[bytes]:
    return [joined([*sets_of(units[0]), *slices]) for slices in pictures_only(units)]


def sets_behind_the_picture_before(units: list[bytes]) -> list[bytes]:
    """A daemon that cuts where the next slice begins."""
    sps, pps = sets_of(units[0])
    slots = []
    for number, slices in enumerate(pictures_only(units)):
        front = [AUD, sps, pps] if number == 0 else []
        behind = [AUD, sps, pps] if (number + 1) % GOP == 0 else [AUD]
        slots.append(joined([*front, *slices, *behind]))
    return slots


def malformed_sets_beside_good_ones(units: list[bytes]) -> list[bytes]:
    sps, pps = sets_of(units[0])
    slots: list[bytes] = []
    broken = [sps[:4], sps[:1] + bytes(12) + b"\1", pps[:2], b"\x68\x0f", sps + b"\xff" * 9000]
    for slices in pictures_only(units):
        front = [sps, pps] if not slots else []
        slots.append(joined([*front, *broken, *slices]))
    return slots


# ---- NAL units and bytes


def with_in_front_of_slices(*oddities: bytes) -> Maker:
    """`oddities` stand, as they are, in front of the first slice of each picture."""

    def make(units: list[bytes]) -> list[bytes]:
        slots = []
        for unit in units:
            nal_units = split(unit)
            first = next(i for i, n in enumerate(nal_units) if kind_of(n) in (1, IDR_TYPE))
            front, slices = nal_units[:first], nal_units[first:]
            slots.append(joined(front) + b"".join(oddities) + joined(slices))
        return slots

    return make


def with_around(front: bytes, behind: bytes) -> Maker:
    return lambda units: [front + unit + behind for unit in units]


def with_between_slices(oddity: bytes) -> Maker:
    return lambda units: [(LONG + oddity).join(LONG + n for n in split(unit)) for unit in units]


def nal_unit_of(kind: int) -> bytes:
    return LONG + bytes([kind]) + b"\x11\x22\x33\x44\x55\x80"


def all_at_once(units: list[bytes]) -> list[bytes]:
    """Two PPS that come once, and odd bytes everywhere."""
    slots = two_pps_once(units)
    for maker in (
        with_in_front_of_slices(LONG + AUD, nal_unit_of(28), LONG, nal_unit_of(0)),
        with_between_slices(nal_unit_of(24).removeprefix(LONG)),
        with_around(b"\xde\xad", LONG),
    ):
        slots = maker(slots)
    return slots


ODD_STREAMS: dict[str, Maker] = {
    "two PPS once": two_pps_once,
    "second PPS with the first P picture": second_pps_with_the_first_p_picture,
    "second PPS in a slot of its own": second_pps_in_a_slot_of_its_own,
    "second PPS behind the first picture": second_pps_behind_the_first_picture,
    "every PPS that there can be, once": every_pps_once,
    "a PPS that changes in mid-stream": pps_that_changes_in_mid_stream,
    "a PPS that changes and changes back": pps_that_changes_and_changes_back,
    "a PPS that changes with each IDR": pps_that_changes_with_each_idr,
    "two SPS in turn": two_sps_in_turn,
    "PPS in front of its SPS": pps_in_front_of_its_sps,
    "sets in slots of their own": sets_in_slots_of_their_own,
    "sets with every picture": sets_with_every_picture,
    "sets behind the picture before": sets_behind_the_picture_before,
    "malformed sets beside good ones": malformed_sets_beside_good_ones,
    "double start codes": with_in_front_of_slices(LONG, SHORT, LONG),
    "an empty unit with zeros": with_in_front_of_slices(LONG + bytes(7)),
    "a unit that is a header and no more": with_in_front_of_slices(LONG + b"\x65"),
    "start code at the end": with_around(b"", LONG),
    "part of a start code at the end": with_around(b"", b"\0\0"),
    "zeros around": with_around(bytes(9), bytes(9)),
    "garbage in front": with_around(b"\xde\xad\1\0\0\2", b""),
    "a unit whose forbidden bit is set": with_in_front_of_slices(LONG + b"\xe5\x88\x84"),
    "an SEI that is cut off": with_in_front_of_slices(LONG + b"\x06\x06\x30\xff"),
    "an SEI without a message": with_in_front_of_slices(LONG + b"\x06\x80"),
    "delimiter behind the sets": with_in_front_of_slices(LONG + AUD),
    "delimiters everywhere": with_between_slices(AUD),
    "two delimiters": with_around(LONG + AUD + LONG + OTHER_AUD, LONG + AUD),
    "end of sequence between slices": with_between_slices(b"\x0a"),
    "end of stream behind each picture": with_around(b"", LONG + b"\x0b"),
    "filler": with_in_front_of_slices(LONG + b"\x0c" + b"\xff" * 500 + b"\x80"),
    "empty filler between slices": with_between_slices(b"\x0c"),
    **{
        f"a NAL unit of type {kind}": with_in_front_of_slices(nal_unit_of(kind))
        for kind in (0, *range(13, 32))
    },
    "private units between slices": with_between_slices(nal_unit_of(28).removeprefix(LONG)),
    "all at once": all_at_once,
}
"""Each of them shows the pictures of `plain()`, all of them, in any decoder."""
