"""A key and a certificate of our own, which no authority has signed: made once, and kept."""

from __future__ import annotations

import datetime
import ipaddress
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CertificateUnusable
from ..private_file import replace_private_file

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

VALID_DAYS = 820
"""iOS and macOS refuse more than 825."""
RENEWED_DAYS_BEFORE = 30
_DAY_S = 86_400
_CLOCK_SKEW_S = _DAY_S
"""A client's clock may be behind."""


class SelfSigned:
    """One file with both, mode 600. For one thread at a time.

    `names` are the DNS names and addresses of this machine, the one that people use first.
    """

    def __init__(
        self, path: Path, names: Sequence[str], clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._names = names
        self._clock = clock
        self._renew_at_s: float | None = None

    def renew(self) -> None:
        """Make the file if there is none, or if its end is near; the first time also if it is not
        for the first of the names. Raises CertificateUnusable.

        Any other change of the names changes nothing: whoever has accepted the certificate would
        be asked again.
        """
        if self._renew_at_s is None:
            self._renew_at_s = self._renewal_of_file()
        if self._clock() >= self._renew_at_s:
            self._renew_at_s = self._make()

    def _renewal_of_file(self) -> float:
        """Returns when the certificate in the file has to be renewed; 0: now."""
        from cryptography import x509

        try:
            certificate = x509.load_pem_x509_certificate(self._path.read_bytes())
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except FileNotFoundError:
            return 0.0
        except OSError as exc:
            raise CertificateUnusable(_with_reason(self._path, "can't be read", exc)) from exc
        except (ValueError, x509.ExtensionNotFound) as exc:
            raise CertificateUnusable(
                f"{self._path} is no certificate of ours: move it away, and one is made"
            ) from exc
        if _general_name(self._names[0]) not in names.value:
            return 0.0
        return _renewal_of(certificate)

    def _make(self) -> float:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate_for(key)
        encoding = serialization.Encoding.PEM
        key_text = key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_private_file(self._path, key_text + certificate.public_bytes(encoding))
        except OSError as exc:
            raise CertificateUnusable(_with_reason(self._path, "can't be written", exc)) from exc
        return _renewal_of(certificate)

    def _certificate_for(self, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pet-stream")])
        now_s = self._clock()
        names = x509.SubjectAlternativeName([_general_name(text) for text in self._names])
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_moment(now_s - _CLOCK_SKEW_S))
            .not_valid_after(_moment(now_s + VALID_DAYS * _DAY_S))
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(key, hashes.SHA256())
        )


def _general_name(text: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _renewal_of(certificate: x509.Certificate) -> float:
    return certificate.not_valid_after_utc.timestamp() - RENEWED_DAYS_BEFORE * _DAY_S


def _moment(time_s: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(time_s, datetime.timezone.utc)


def _with_reason(path: Path, what: str, exc: OSError) -> str:
    return f"the certificate {path} {what}: {os.strerror(exc.errno or 0)}"
