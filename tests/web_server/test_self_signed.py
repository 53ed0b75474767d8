"""A certificate of our own: what is in it, and when a new one is made."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from pet_stream.errors import CertificateUnusable
from pet_stream.web_server.certificate import Certificate
from pet_stream.web_server.self_signed import RENEWED_DAYS_BEFORE, VALID_DAYS, SelfSigned
from tests.certificates import shake_hands, trusting

NAMES = ["127.0.0.1", "my_pi.local", "localhost", "fd00::2"]
DAY_S = 86_400


@dataclass
class FakeClock:
    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "tls.pem"


def test_it_is_for_this_machine_and_for_nothing_else(path: Path, clock: FakeClock) -> None:
    SelfSigned(path, NAMES, clock).renew()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["my_pi.local", "localhost"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "fd00::2"]
    assert ipaddress.ip_address("fd00::2") in names.get_values_for_type(x509.IPAddress)
    rights = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not rights.ca
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime.days <= 825  # what Apple's devices take


def test_clients_that_trust_it_connect_and_its_fingerprint_is_what_they_see(path: Path) -> None:
    certificate = Certificate(path, renew=SelfSigned(path, NAMES).renew)
    der = ssl.PEM_cert_to_DER_cert(path.read_text().partition("-----END PRIVATE KEY-----\n")[2])
    assert certificate.fingerprint.replace(":", "").lower() == hashlib.sha256(der).hexdigest()
    assert certificate.is_self_signed
    assert shake_hands(certificate.context(), trusting(path)).getpeercert(binary_form=True) == der


def test_it_is_made_once(path: Path, clock: FakeClock) -> None:
    SelfSigned(path, NAMES, clock).renew()
    made = path.read_bytes()
    clock.now_s += (VALID_DAYS - RENEWED_DAYS_BEFORE - 1) * DAY_S
    later = SelfSigned(path, [*NAMES, "10.0.0.7"], clock)  # one more address
    later.renew()
    later.renew()
    assert path.read_bytes() == made


def test_a_new_one_is_made_if_the_page_has_moved(path: Path, clock: FakeClock) -> None:
    SelfSigned(path, NAMES, clock).renew()
    made = path.read_bytes()
    SelfSigned(path, ["10.0.0.7", *NAMES], clock).renew()
    assert path.read_bytes() != made


def test_a_running_server_renews_it_before_it_ends(path: Path, clock: FakeClock) -> None:
    certificate = Certificate(path, renew=SelfSigned(path, NAMES, clock).renew, check_interval_s=0)
    context, fingerprint = certificate.context(), certificate.fingerprint
    clock.now_s += (VALID_DAYS - RENEWED_DAYS_BEFORE - 1) * DAY_S
    assert certificate.context() is context
    clock.now_s += 2 * DAY_S
    assert certificate.context() is not context
    assert certificate.fingerprint != fingerprint
    assert certificate.context() is certificate.context()


def test_a_renewal_that_fails_leaves_the_old_one(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = Certificate(path, renew=SelfSigned(path, NAMES, clock).renew, check_interval_s=0)
    context = certificate.context()
    clock.now_s += VALID_DAYS * DAY_S
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("no folder any more")
    assert [certificate.context() for _ in range(3)] == [context] * 3
    assert len(caplog.records) == 1


@pytest.mark.parametrize("text", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_not_ours_is_not_overwritten(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(CertificateUnusable, match=r"tls\.pem is no certificate of ours"):
        SelfSigned(path, NAMES).renew()
    assert path.read_text() == text


def test_a_folder_that_can_not_be_written_is_said() -> None:
    with pytest.raises(CertificateUnusable, match=r"/proc/tls\.pem can't be written"):
        SelfSigned(Path("/proc/tls.pem"), NAMES).renew()
