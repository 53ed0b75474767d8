from __future__ import annotations

import pytest

from pet_stream.qr_code import qr_text


def test_a_qr_code_is_a_square_of_blocks() -> None:
    lines = qr_text("http://192.168.1.20:8080/").splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) == pytest.approx(2 * len(lines), abs=1)
    assert set("".join(lines)) <= set("█▀▄ ")
