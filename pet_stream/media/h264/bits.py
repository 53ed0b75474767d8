"""Reads the bits of an RBSP: fixed-length and Exp-Golomb codes (H.264 7.2 and 9.1)."""

from __future__ import annotations

from ...errors import BitstreamError

_ENDS_EARLY = "The NAL unit ends in the middle of its header"


def unescape(payload: bytes) -> bytes:
    """The RBSP of a NAL unit's payload: without emulation prevention bytes (H.264 7.3.1)."""
    return payload.replace(b"\x00\x00\x03", b"\x00\x00")


class BitReader:
    """Reads an RBSP from its first bit on. Every method raises BitstreamError at its end.

    The bits not yet read are one integer, so counting leading zeros is a subtraction. This suits
    the few bytes of a header, not slice data.
    """

    __slots__ = ("_bits_left", "_value")

    def __init__(self, rbsp: bytes) -> None:
        self._value = int.from_bytes(rbsp, "big")
        self._bits_left = len(rbsp) * 8

    def u(self, bit_count: int) -> int:
        """An unsigned integer of `bit_count` bits."""
        bits_left = self._bits_left - bit_count
        if bits_left < 0:
            raise BitstreamError(_ENDS_EARLY)
        value = self._value >> bits_left
        self._value ^= value << bits_left
        self._bits_left = bits_left
        return value

    def flag(self) -> bool:
        return self.u(1) == 1

    def ue(self) -> int:
        """An unsigned Exp-Golomb code: n zeros, then a number of n + 1 bits, minus 1."""
        value = self._value
        zeros = self._bits_left - value.bit_length()
        if zeros > 31:
            raise BitstreamError("An Exp-Golomb code is longer than 32 bits")
        bits_left = self._bits_left - 2 * zeros - 1
        if bits_left < 0:
            raise BitstreamError(_ENDS_EARLY)
        code = value >> bits_left
        self._value = value ^ code << bits_left
        self._bits_left = bits_left
        return code - 1

    def se(self) -> int:
        """A signed Exp-Golomb code: 0, 1, −1, 2, −2 …"""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)

    def ue_up_to(self, maximum: int, name: str) -> int:
        """`ue()`, refused above `maximum`; `name` is the syntax element for the message."""
        value = self.ue()
        if value > maximum:
            raise BitstreamError(f"{name} is {value}, more than {maximum}")
        return value
