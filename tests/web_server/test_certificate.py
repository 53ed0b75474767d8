"""Which files are taken for a certificate, and what happens when they are renewed."""

from __future__ import annotations

import logging
import os
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from pet_stream.errors import CertificateUnusable
from pet_stream.web_server.certificate import MAX_FILE_BYTES, Certificate
from tests.certificates import shake_hands, trusting, write_certificate


class Files:
    """Certificate and key, as a program that renews them leaves them."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "cert.pem", folder / "key.pem"
        write_certificate(self.certificate, self.key)

    def opened(self) -> Certificate:
        return Certificate(self.certificate, self.key, check_interval_s=0.0)

    def replace(self, path: Path, data: bytes) -> None:
        new = path.with_suffix(".new")
        new.write_bytes(data)
        new.chmod(0o600)
        os.rename(new, path)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def can_connect(server: ssl.SSLContext, client: ssl.SSLContext) -> bool:
    try:
        return shake_hands(server, client).version() is not None
    except ssl.SSLError:
        return False


def remove(path: Path) -> None:
    path.unlink()


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def fill(path: Path) -> None:
    path.write_bytes(path.read_bytes() + bytes(MAX_FILE_BYTES))


def damage(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = b"AAAA" + lines[1][4:]
    path.write_bytes(b"".join(lines))


def write_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(256)))


@pytest.mark.parametrize("which", ["certificate", "key"])
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (remove, "can't be read: No such file"),
        (make_folder, "is not a file"),
        (make_pipe, "is not a file"),
        (empty, "there is no"),
        (write_bytes, "there is no"),
        (fill, "more than 1000000 bytes"),
        (damage, "can't be used"),
    ],
)
def test_a_file_that_is_none_is_named(
    files: Files, which: str, spoil: Callable[[Path], None], reason: str
) -> None:
    path = getattr(files, which)
    spoil(path)
    with pytest.raises(CertificateUnusable, match=reason) as caught:
        files.opened()
    assert str(path) in str(caught.value)
    assert which in str(caught.value)


def test_a_key_of_a_different_certificate_is_said(files: Files, tmp_path: Path) -> None:
    write_certificate(tmp_path / "other.pem", files.key)
    with pytest.raises(CertificateUnusable, match=r"key\.pem is not the key of .* .*cert\.pem"):
        files.opened()


def test_for_a_passphrase_nobody_is_asked(files: Files) -> None:
    write_certificate(files.certificate, files.key, passphrase="secret")
    with pytest.raises(CertificateUnusable, match="needs a passphrase"):
        files.opened()


def test_both_may_be_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "both.pem"
    write_certificate(path)
    assert can_connect(Certificate(path).context(), trusting(path))


def test_a_key_that_every_user_can_read_is_said(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    files.key.chmod(0o640)  # a group, as Debian's ssl-cert
    files.opened()
    assert not caplog.records
    files.key.chmod(0o644)
    files.opened()
    assert f"every user of this machine can read the key {files.key}" in caplog.text


def test_renewed_files_are_read(files: Files, tmp_path: Path) -> None:
    certificate, old = files.opened(), tmp_path / "old.pem"
    shutil.copy(files.certificate, old)
    fingerprint = certificate.fingerprint
    assert can_connect(certificate.context(), trusting(old))
    write_certificate(files.certificate, files.key)
    assert can_connect(certificate.context(), trusting(files.certificate))
    assert not can_connect(certificate.context(), trusting(old))
    assert certificate.fingerprint != fingerprint


def test_files_are_looked_at_now_and_then_only(files: Files) -> None:
    certificate = Certificate(files.certificate, files.key, check_interval_s=3600.0)
    context = certificate.context()
    write_certificate(files.certificate, files.key)
    assert certificate.context() is context


@pytest.mark.parametrize("first", ["certificate", "key"])
def test_half_of_a_renewal_changes_nothing(
    files: Files, tmp_path: Path, caplog: pytest.LogCaptureFixture, first: str
) -> None:
    """Certificate and key are replaced one after the other."""
    (tmp_path / "new").mkdir()
    certificate, new = files.opened(), Files(tmp_path / "new")
    old = certificate.context()
    second = "key" if first == "certificate" else "certificate"
    files.replace(getattr(files, first), getattr(new, first).read_bytes())
    assert [certificate.context() for _ in range(3)] == [old] * 3
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    files.replace(getattr(files, second), getattr(new, second).read_bytes())
    assert can_connect(certificate.context(), trusting(new.certificate))


@pytest.mark.parametrize("spoil", [remove, empty, damage, make_folder])
def test_a_renewal_that_fails_is_said_once_and_the_old_one_stays(
    files: Files, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None]
) -> None:
    certificate = files.opened()
    context = certificate.context()
    spoil(files.certificate)
    assert [certificate.context() for _ in range(5)] == [context] * 5
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "the old certificate stays in use" in caplog.text
    assert str(files.certificate) in caplog.text


def test_nothing_older_than_tls_1_2_is_spoken(files: Files) -> None:
    context = files.opened().context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
