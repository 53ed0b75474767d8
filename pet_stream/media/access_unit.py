"""The one value that travels from the camera to every viewer and file."""

from __future__ import annotations

from dataclasses import dataclass, field

from .h264.recovery_point import RecoveryPoint

START_CODE = b"\x00\x00\x00\x01"
"""The 4-byte start code (H.264 B.1.1: zero_byte and start_code_prefix_one_3bytes)."""


def ticks_90k(time_ns: int) -> int:
    """Nanoseconds of CLOCK_MONOTONIC on the 90 kHz RTP clock, not wrapped."""
    return time_ns * 9 // 100_000


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture, ready to be sent or recorded.

    An entry point always carries its parameter sets: they stand in front of the first slice.
    """

    nal_units: tuple[bytes, ...]
    """NAL units without start codes, in decoding order."""
    sequence: int
    """Number of this access unit since streaming started, without gaps."""
    capture_ns: int
    """When the picture was taken, nanoseconds of this machine's CLOCK_MONOTONIC."""
    is_idr: bool
    is_discontinuity: bool
    """Pictures are missing, or the camera changed, before this one. Such a unit is an entry
    point."""
    width: int
    """Pixels, cropped as the SPS says."""
    height: int
    camera_id: int
    frame_number: int
    """The camera's own number of this picture: what detections refer to."""
    stamp_ns: int | None = None
    """The camera's own time of this picture, on whatever clock: what some detections refer to.
    None: it is `capture_ns`."""
    recovery_point: RecoveryPoint | None = None
    """What the camera says of a picture that is no IDR, but one to begin with."""
    pic_order: int | None = None
    """Its place in the order of showing, counted from the last IDR on, with gaps. None: pictures
    are shown as they are decoded."""
    is_leading: bool = False
    """Shown before the recovery point that it follows. Who begins to decode there leaves it out: it
    may refer to pictures from before."""

    is_entry_point: bool = field(init=False)
    """Whether decoding can begin here: at an IDR, or at a recovery point. Every viewer asks."""

    def __post_init__(self) -> None:
        is_entry_point = self.is_idr or self.recovery_point is not None
        object.__setattr__(self, "is_entry_point", is_entry_point)

    @property
    def starts_clean(self) -> bool:
        """Whether this picture and all later ones are right if decoding begins here; otherwise the
        picture builds up (gradual refresh)."""
        return self.is_idr or (
            self.recovery_point is not None and not self.recovery_point.frame_count
        )

    @property
    def pts_90k(self) -> int:
        """Capture time in ticks of the 90 kHz RTP clock, not wrapped (RFC 6184 section 8.2.1)."""
        return ticks_90k(self.capture_ns)

    @property
    def size_bytes(self) -> int:
        """Bytes of the NAL units, start codes not counted."""
        return sum(map(len, self.nal_units))

    def to_annex_b(self) -> bytes:
        """The byte stream of H.264 Annex B, a 4-byte start code in front of each NAL unit."""
        return START_CODE + START_CODE.join(self.nal_units)
