"""Which SRTP cipher is measured as the fastest, and taken."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from aiortc import rtcdtlstransport

from pet_stream.webrtc.private import cipher_costs

from ..conftest import Streaming

AES_CM = "SRTP_AES128_CM_SHA1_80"
WITHOUT_AES = {
    "x86_64": {"OPENSSL_ia32cap": "~0x200000200000000"},
    "aarch64": {"OPENSSL_armcap": "0x1"},
}
"""Hides a CPU's instructions for AES and carry-less multiplication from OpenSSL."""
ONE_VIEWER = """
from pet_stream.webrtc.private import cipher_costs
from tests.webrtc.conftest import Streaming

streaming = Streaming()
viewer, _ = streaming.connect()
print(*(cost.name for cost in cipher_costs()))
print(viewer.cipher)
streaming.stop()
"""


def test_everything_that_aiortc_has_is_measured_once() -> None:
    costs = cipher_costs()
    known = [profile.openssl_profile.decode() for profile in rtcdtlstransport.SRTP_PROFILES]
    assert sorted(cost.name for cost in costs) == sorted(known)
    assert all(1e-8 < cost.packet_s < 1e-3 for cost in costs)
    assert cipher_costs() is costs


def test_a_viewer_gets_the_fastest(streaming: Streaming) -> None:
    viewer, _ = streaming.connect()
    assert viewer.cipher == cipher_costs()[0].name


@pytest.mark.slow
@pytest.mark.skipif(
    platform.machine() not in WITHOUT_AES, reason="no way to hide its instructions is known"
)
def test_without_instructions_for_aes_it_is_aes_cm() -> None:
    """aiortc's viewer offers AES-GCM first: the choice is ours."""
    result = subprocess.run(
        [sys.executable, "-c", ONE_VIEWER],
        env={**os.environ, **WITHOUT_AES[platform.machine()]},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    order, taken = result.stdout.splitlines()
    assert order.split()[0] == AES_CM
    assert taken == AES_CM
