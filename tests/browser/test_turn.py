"""Chromium elsewhere, where no UDP gets through to the camera: it takes the relay."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.certificates import write_certificate
from tests.webrtc.networks import HOME_ADDRESS, PUBLIC_ADDRESS, Networks, networks, turn_server

from .chromium import EXECUTABLE, KEEP_PEERS, chromium
from .conftest import running_server
from .test_live_view import LIVE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces"),
]

TRUSTING = "--ignore-certificate-errors"
"""As if the TURN server's certificate were of an authority that it knows."""
SECRET = "0123456789-of-the-test"
URLS = [
    f"turn:{PUBLIC_ADDRESS}:3478?transport=udp",
    f"turn:{PUBLIC_ADDRESS}:3478?transport=tcp",
    f"turns:{PUBLIC_ADDRESS}:5349?transport=tcp",
]
ONLY_THE_NAMED_URL = """
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor({ iceServers: [server], ...rest }) {
        const urls = [server.urls[new URLSearchParams(location.search).get("url")]];
        super({ ...rest, iceServers: [{ ...server, urls }] });
    }
};
"""
USED = """async () => {
    const reports = [...(await window.peers.at(-1).getStats()).values()];
    const pair = reports.find(({ type, nominated }) => type === "candidate-pair" && nominated);
    const own = reports.find(({ id }) => id === pair.localCandidateId);
    return [own.candidateType, own.relayProtocol];
}"""


@pytest.fixture(scope="module")
def made() -> Iterator[Networks]:
    with networks() as made:
        made.cross(udp=False)
        yield made


@pytest.fixture(scope="module")
def far_page(made: Networks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    wrapper = tmp_path_factory.mktemp("far") / "browser"
    wrapper.write_text(f'#!/bin/sh\nexec ip netns exec {made.away} {EXECUTABLE} "$@"\n')
    wrapper.chmod(0o755)
    with chromium(str(wrapper), TRUSTING) as browser:
        page = browser.new_context(locale="en-GB").new_page()
        page.add_init_script(KEEP_PEERS)
        page.add_init_script(ONLY_THE_NAMED_URL)
        yield page


def test_chromium_takes_the_relay_over_udp_tcp_and_tls(
    made: Networks, far_page: Page, camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    certificate = tmp_path / "certificate.pem"
    write_certificate(certificate, address=PUBLIC_ADDRESS)
    with (
        turn_server(made, tmp_path, SECRET, certificate),
        running_server(
            segment_name,
            tmp_path,
            address=HOME_ADDRESS,
            at=("ip", "netns", "exec", made.home),
            ICE_SERVERS=json.dumps([{"urls": URLS}]),
            TURN_SECRET=SECRET,
        ) as server,
    ):
        for index, protocol in enumerate(("udp", "tcp", "tls")):
            far_page.goto(f"{server.url}/pet-stream/?transport=webrtc&url={index}")
            far_page.wait_for_selector(LIVE)
            assert far_page.evaluate(USED) == ["relay", protocol]
        far_page.goto("about:blank")
