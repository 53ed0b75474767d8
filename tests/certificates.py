"""Certificates for 127.0.0.1, signed by themselves, and clients that trust one."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_ENCODING = serialization.Encoding.PEM


def write_certificate(
    path: Path,
    key_path: Path | None = None,
    *,
    passphrase: str = "",
    address: str = "127.0.0.1",
) -> None:
    """Write a new certificate, and its key into the same file unless `key_path` says otherwise."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.IPAddress(ipaddress.IPv4Address(address))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    key_text = key.private_bytes(_ENCODING, serialization.PrivateFormat.PKCS8, encryption)
    text = certificate.public_bytes(_ENCODING)
    if key_path is None:
        text += key_text
    else:
        key_path.write_bytes(key_text)
        key_path.chmod(0o600)
    path.write_bytes(text)
    path.chmod(0o600)


def trusting(path: Path) -> ssl.SSLContext:
    """A client's context that trusts the certificate in `path`, and no other."""
    return ssl.create_default_context(cafile=str(path))


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """In memory; returns the client's side. Raises SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (ours, theirs, ours, theirs):
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return ours
