"""The folder of authorities: OpenSSL finds in it whom the whole bundle would have vouched for."""

import socket
import ssl
from pathlib import Path

import certifi
import pytest

from chalicelib.deployment.authorities import lay_authorities, subject_hash
from chalicelib.drivers.trust import AUTHORITIES, packaged_trust
from tests.tls import HOST, authority, tls_server

BUNDLE = Path(certifi.where())

# As `openssl rehash` names them.
KNOWN = {
    "Amazon Root CA 1": "ce5e74ef",
    "DigiCert Global Root G2": "607986c7",
    "ISRG Root X1": "4042bcee",
    "GTS Root R1": "1001acf7",
    "Starfield Services Root Certificate Authority - G2": "09789157",
}


def shaken_hands(context: ssl.SSLContext, port: int) -> bool:
    with socket.create_connection((HOST, port)) as plain:
        context.wrap_socket(plain, server_hostname=HOST).close()
    return True


def test_a_name_is_hashed_as_openssl_hashes_it() -> None:
    text = BUNDLE.read_text(encoding="utf-8")
    found = {}
    for name in KNOWN:
        _, _, rest = text.partition(f'# Label: "{name}"\n')
        pem, end, _ = rest[rest.index("-----BEGIN") :].partition("-----END CERTIFICATE-----\n")
        found[name] = subject_hash(pem + end)
    assert found == KNOWN


def test_every_certificate_of_the_bundle_has_its_file(tmp_path: Path) -> None:
    text = BUNDLE.read_text(encoding="utf-8")
    count = lay_authorities(text, tmp_path / AUTHORITIES)
    files = [path.read_text(encoding="ascii") for path in (tmp_path / AUTHORITIES).iterdir()]
    assert count == len(files) == text.count("-----BEGIN CERTIFICATE-----") > 100
    assert all(content in text for content in files)


def test_two_authorities_of_one_name_are_both_there(tmp_path: Path) -> None:
    twins = [authority(tmp_path / str(number)) for number in range(2)]
    lay_authorities("".join(one.certificate for one in twins), tmp_path / AUTHORITIES)
    context = packaged_trust(tmp_path)
    assert context is not None
    for one in twins:
        with tls_server(one) as port:
            assert shaken_hands(context, port)


def test_who_is_not_in_the_folder_is_not_trusted(tmp_path: Path) -> None:
    lay_authorities(authority(tmp_path / "known").certificate, tmp_path / AUTHORITIES)
    context = packaged_trust(tmp_path)
    assert context is not None
    with (
        tls_server(authority(tmp_path / "other", "somebody else")) as port,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        shaken_hands(context, port)


def test_a_package_without_the_folder_leaves_it_to_others(tmp_path: Path) -> None:
    assert packaged_trust(tmp_path) is None
