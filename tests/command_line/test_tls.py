"""`run` and `demo` over HTTPS."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import urllib.request
from pathlib import Path

import pytest

from pet_stream.command_line import addresses, main, tls
from pet_stream.command_line.tls import SELF_SIGNED_NAME, names_of
from tests.certificates import trusting, write_certificate
from tests.waiting import TIMEOUT_S

from .test_hosting import StartCommand, start_command

__all__ = ["start_command"]


def test_a_certificate_of_our_own_is_made_once_and_its_fingerprint_shown(
    start_command: StartCommand, segment_name: str, tmp_path: Path
) -> None:
    path, shown = tmp_path / SELF_SIGNED_NAME, set()
    for _ in range(2):
        process = start_command(
            *("run", "--port", "0", "--shm", segment_name, "--tls-self-signed"),
            *("--record-path", str(tmp_path / "recordings")),
            FLASK_PET_STREAM_ACCOUNTS=str(tmp_path / "accounts.json"),
        )
        url = process.wait_for_line(r"(https://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
        process.wait_for_line("Ctrl-C stops it", TIMEOUT_S)
        with urllib.request.urlopen(
            f"{url}/health", timeout=TIMEOUT_S, context=trusting(path)
        ) as answer:
            assert json.load(answer)["status"] == "camera_offline"
        served = ssl.get_server_certificate(("127.0.0.1", int(url.rpartition(":")[2])))
        assert process.stop() == 0
        lines = re.findall(r"(?m)^  ((?:[0-9A-F]{2}:?){16})$", process.log)
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(served)).hexdigest()
        assert "".join(lines).replace(":", "").lower() == digest
        shown.add(digest)
    assert len(shown) == 1


def test_a_certificate_is_served(
    start_command: StartCommand, segment_name: str, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    write_certificate(certificate, key)
    process = start_command(
        *("run", "--port", "0", "--shm", segment_name, "--record-path", str(tmp_path)),
        *("--tls-cert", str(certificate), "--tls-key", str(key)),
    )
    url = process.wait_for_line(r"(https://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    with urllib.request.urlopen(url, timeout=TIMEOUT_S, context=trusting(certificate)) as page:
        assert page.url == f"{url}/pet-stream/"
    process.stop()
    assert "fingerprint" not in process.log


@pytest.mark.parametrize("command", ["run", "demo"])
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--tls-key", "FOLDER/key.pem"], "--tls-key needs --tls-cert"),
        (["--tls-cert", "FOLDER/cert.pem", "--tls-self-signed"], "Either"),
        (["--tls-cert", "FOLDER/none.pem"], "the certificate FOLDER/none.pem can't be read: No"),
        (["--tls-cert", "FOLDER/cert.pem"], "there is no private key (PEM) in FOLDER/cert.pem"),
        (["--tls-cert", "FOLDER/key.pem"], "there is no certificate (PEM) in FOLDER/key.pem"),
    ],
)
def test_files_that_can_not_be_used_are_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    options: list[str],
    reason: str,
) -> None:
    write_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    options = [option.replace("FOLDER", str(tmp_path)) for option in options]
    with pytest.raises(SystemExit) as exit_info:
        main([command, "--port", "0", *options])
    assert exit_info.value.code == 2
    assert reason.replace("FOLDER", str(tmp_path)) in capsys.readouterr().err


def test_a_certificate_of_our_own_has_every_name_and_the_pages_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = ["10.0.0.2", "fd00::2"]
    for module in (addresses, tls):
        monkeypatch.setattr(
            module, "lan_addresses", lambda family: found[family == socket.AF_INET6 :][:1]
        )
    monkeypatch.setattr(socket, "gethostname", lambda: "my_pi.example.org")
    usual = {"my_pi", "my_pi.local", "localhost", "127.0.0.1", "::1", *found}
    for host, first in (
        ("0.0.0.0", "10.0.0.2"),
        ("127.0.0.1", "127.0.0.1"),
        ("cam.lan", "cam.lan"),
    ):
        names = names_of(host)
        assert names[0] == first
        assert set(names) == usual | {first}
        assert len(names) == len(set(names))
    monkeypatch.setattr(socket, "gethostname", lambda: "Küche 1")  # nothing for a certificate
    assert set(names_of("0.0.0.0")) == usual - {"my_pi", "my_pi.local"}


@pytest.mark.parametrize("auth", ["off", "builtin"])
def test_an_open_server_on_the_network_is_warned_of(
    start_command: StartCommand, segment_name: str, tmp_path: Path, auth: str
) -> None:
    process = start_command(
        *("run", "--host", "0.0.0.0", "--port", "0", "--shm", segment_name, "--auth", auth),
        *("--record-path", str(tmp_path)),
        FLASK_PET_STREAM_ACCOUNTS=str(tmp_path / "accounts.json"),
    )
    process.wait_for_line("Ctrl-C stops it", TIMEOUT_S)
    process.stop()
    words = "everybody who can open it may watch, record and delete"
    assert (words in process.log) == (auth == "off")
