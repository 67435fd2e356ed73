"""An authority of a test's own, and a server on loopback that proves itself by it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
_LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
_TEN_YEARS = timedelta(days=3650)


@dataclass(frozen=True, kw_only=True)
class Authority:
    """`certificate` is in PEM; `server` makes the context of a server that it vouches for."""

    certificate: str
    server: ssl.SSLContext


def authority(folder: Path, name: str = "  An  Authority of TESTS, é ") -> Authority:
    """Its name has what a hash of names has to see through: capitals, spaces, an accent."""
    key, root = ec.generate_private_key(ec.SECP256R1()), _name(name)
    whose = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    own = (
        _certificate(root, root, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(whose, critical=False)
    )
    server_key = ec.generate_private_key(ec.SECP256R1())
    by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(whose)
    served = (
        _certificate(_name("server"), root, server_key)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False
        )
        .add_extension(by, critical=False)
    )
    pem = own.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    folder.mkdir(parents=True, exist_ok=True)
    chain, secret = folder / "server.pem", folder / "server.key"
    chain.write_bytes(served.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    return Authority(certificate=pem, server=context)


@contextmanager
def tls_server(authority: Authority) -> Iterator[int]:
    """Its port; whoever trusts the authority gets through the handshake, and nothing more."""

    def serve() -> None:
        with suppress(OSError):  # the end of the test
            while True:
                connection, _ = listener.accept()
                with suppress(OSError), authority.server.wrap_socket(connection, server_side=True):
                    pass

    listener = socket.create_server((HOST, 0))
    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_LONG_AGO)
        .not_valid_after(_LONG_AGO + _TEN_YEARS)
    )
