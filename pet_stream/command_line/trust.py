"""Which server a command believes, in TLS."""

from __future__ import annotations

import hashlib
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from .failures import Failure

_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}:?){32}")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe who they are, in TLS. By default, whom this machine's authorities sign."""

    ca_file: Path | None = None
    """Believe what this file's certificates sign, too, and these themselves."""
    fingerprint: str | None = None
    """Believe exactly this certificate: its SHA-256, as `run --tls-self-signed` shows it."""

    def context(self) -> ssl.SSLContext:
        """Raises Failure for a file that can't be read."""
        context = ssl.create_default_context()
        if self.ca_file is not None:
            try:
                context.load_verify_locations(self.ca_file)
            except OSError as exc:
                raise Failure(f"{self.ca_file} is no file of certificates") from exc
        if self.fingerprint is not None:  # compared by check(), before anything is sent
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def check(self, connection: ssl.SSLSocket) -> None:
        """Raises SSLError unless the certificate of `connection` has the fingerprint, if any."""
        shown = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
        if self.fingerprint not in (None, shown):
            raise ssl.SSLError("its certificate has another fingerprint")


BY_AUTHORITIES = Trust()


def parse_fingerprint(text: str) -> str:
    """Returns a SHA-256 fingerprint as hexadecimal digits only. Raises ValueError."""
    if not _FINGERPRINT.fullmatch(text):
        raise ValueError("not the SHA-256 fingerprint of a certificate")
    return text.replace(":", "").lower()
