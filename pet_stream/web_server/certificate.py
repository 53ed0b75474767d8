"""The certificate with which the web server speaks TLS, read again when its files have changed."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import ssl
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import CertificateUnusable

logger = logging.getLogger(__name__)

CHECK_INTERVAL_S = 1.0
MAX_FILE_BYTES = 1_000_000

_Version = tuple[int, int, int]
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Certificate:
    """A certificate with its chain, and its key, in PEM files that others may renew. Any thread.

    `renew` is called before each look at the files. `fingerprint`: the certificate's SHA-256, as
    browsers show it.
    """

    fingerprint: str

    def __init__(
        self,
        path: Path,
        key_path: Path | None = None,
        *,
        renew: Callable[[], object] | None = None,
        check_interval_s: float = CHECK_INTERVAL_S,
    ) -> None:
        """Read the files; without `key_path`, the key is in the same file. Raises
        CertificateUnusable."""
        self._paths = (path, path if key_path is None else key_path)
        self._renew = renew
        self._check_interval_s = check_interval_s
        self._checking = threading.Lock()
        self._complaint = ""
        if renew is not None:
            renew()
        self._versions = self._versions_on_disk()
        self._context, self.fingerprint = _load(*self._paths)
        self._next_check_s = time.monotonic() + check_interval_s

    @property
    def is_self_signed(self) -> bool:
        return self._renew is not None

    def context(self) -> ssl.SSLContext:
        """Returns what a new connection is to use. At most once in `check_interval_s` it looks
        whether the files have changed; meanwhile other threads get the old one."""
        if time.monotonic() >= self._next_check_s and self._checking.acquire(blocking=False):
            try:
                self._check()
            finally:
                self._next_check_s = time.monotonic() + self._check_interval_s
                self._checking.release()
        return self._context

    def _check(self) -> None:
        """A certificate that can't be used does not replace one that can."""
        try:
            if self._renew is not None:
                self._renew()
            versions = self._versions_on_disk()
            if versions == self._versions:
                return
            self._versions = versions
            self._context, self.fingerprint = _load(*self._paths)
        except CertificateUnusable as exc:
            if str(exc) != self._complaint:
                self._complaint = str(exc)
                logger.error("the old certificate stays in use: %s", exc)
        else:
            self._complaint = ""
            logger.info("read the renewed certificate %s", self._paths[0])

    def _versions_on_disk(self) -> tuple[_Version, ...]:
        return tuple(
            _version(path, what)
            for path, what in zip(self._paths, ("certificate", "key"), strict=True)
        )


def _version(path: Path, what: str) -> _Version:
    try:
        found = path.stat()
    except OSError as exc:
        raise _unreadable(path, what, exc) from exc
    if not stat.S_ISREG(found.st_mode):
        raise CertificateUnusable(f"the {what} {path} is not a file")
    return found.st_ino, found.st_mtime_ns, found.st_size


def _load(path: Path, key_path: Path) -> tuple[ssl.SSLContext, str]:
    """Returns what speaks TLS with them, and the fingerprint."""
    certificate = _CERTIFICATE.search(_read(path, "certificate"))
    if certificate is None:
        raise CertificateUnusable(f"there is no certificate (PEM) in {path}")
    if " PRIVATE KEY-----" not in _read(key_path, "key"):
        raise CertificateUnusable(f"there is no private key (PEM) in {key_path}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(path, key_path, password=_refuse_passphrase)
        _warn_if_open(key_path)
    except _NeedsPassphrase as exc:
        raise CertificateUnusable(f"the key {key_path} needs a passphrase") from exc
    except ssl.SSLError as exc:
        if exc.reason == "KEY_VALUES_MISMATCH":
            words = f"the key {key_path} is not the key of the certificate {path}"
        else:
            words = f"the certificate {path} or its key {key_path} can't be used ({exc.reason})"
        raise CertificateUnusable(words) from exc
    except OSError as exc:  # gone meanwhile
        raise _unreadable(path, "certificate", exc) from exc
    der = ssl.PEM_cert_to_DER_cert(certificate[0])
    return context, hashlib.sha256(der).digest().hex(":").upper()


def _read(path: Path, what: str) -> str:
    _version(path, what)  # a pipe would wait for somebody to write
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise _unreadable(path, what, exc) from exc
    if len(data) > MAX_FILE_BYTES:
        raise CertificateUnusable(f"the {what} {path} has more than {MAX_FILE_BYTES} bytes")
    return data.decode("ascii", "replace")


def _warn_if_open(key_path: Path) -> None:
    """A group may read a key: `ssl-cert` of Debian does."""
    if key_path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        logger.warning("every user of this machine can read the key %s: chmod 600", key_path)


class _NeedsPassphrase(Exception):
    pass


def _refuse_passphrase() -> str:
    """Called for an encrypted key. OpenSSL would ask at the terminal, and wait."""
    raise _NeedsPassphrase


def _unreadable(path: Path, what: str, exc: OSError) -> CertificateUnusable:
    return CertificateUnusable(f"the {what} {path} can't be read: {os.strerror(exc.errno or 0)}")
