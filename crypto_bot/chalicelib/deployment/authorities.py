"""A bundle of certificate authorities -> a folder in which OpenSSL finds each one by itself.

To read a whole bundle takes a cold function a tenth of a second, and a venue needs one of the
hundred. In a folder every certificate has the hash of its subject for a name, as `openssl rehash`
would name it, and OpenSSL opens the file of the one that it looks for.
"""

import re
import ssl
from collections import Counter
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Final

_CERTIFICATE: Final = re.compile(
    "-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL
)

_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_UTF8: Final = 0x0C
_VERSION: Final = 0xA0
_LONG_LENGTH: Final = 0x80
# tags of the kinds of text in a name, and how each is written
_TEXTS: Final = {
    _UTF8: "utf-8",
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # T61String
    0x16: "ascii",  # IA5String
    0x1A: "ascii",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}


def lay_authorities(bundle: str, folder: Path) -> int:
    """One file for each certificate of the bundle; how many they are."""
    folder.mkdir()
    seen: Counter[str] = Counter()
    for certificate in _CERTIFICATE.findall(bundle):
        name = subject_hash(certificate)
        (folder / f"{name}.{seen[name]}").write_text(certificate, encoding="ascii")
        seen[name] += 1
    return seen.total()


def subject_hash(certificate: str) -> str:
    """X509_NAME_hash of OpenSSL 1.0 and later, of what is in PEM: eight hexadecimal digits."""
    subject = _subject(ssl.PEM_cert_to_DER_cert(certificate))
    canonical = b"".join(_canonical_set(content) for _, content in _parts(subject))
    digest = sha1(canonical, usedforsecurity=False).digest()  # a name for a file
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _subject(certificate: bytes) -> bytes:
    """After serial, algorithm, issuer and validity; the version is not always there."""
    [(_, signed)] = _parts(certificate)
    (_, content), *_ = _parts(signed)
    fields = [field for tag, field in _parts(content) if tag != _VERSION]
    return fields[4]


def _canonical_set(content: bytes) -> bytes:
    entries = b""
    for _, entry in _parts(content):
        (kind, oid), (tag, value) = _parts(entry)
        if tag in _TEXTS:
            tag, value = _UTF8, _canonical_text(value.decode(_TEXTS[tag]))
        entries += _part(_SEQUENCE, _part(kind, oid) + _part(tag, value))
    return _part(_SET, entries)


def _canonical_text(text: str) -> bytes:
    """ASCII in lower case, single spaces, none at the ends; all else as it is."""
    single = re.sub("[ \t\n\v\f\r]+", " ", text).strip(" ")
    return single.encode().lower()  # bytes know no capitals but ASCII's


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and contents of what stands there one after another, in DER."""
    at = 0
    while at < len(content):
        tag, length, at = content[at], content[at + 1], at + 2
        if length >= _LONG_LENGTH:
            size = length - _LONG_LENGTH
            length, at = int.from_bytes(content[at : at + size]), at + size
        yield tag, content[at : at + length]
        at += length


def _part(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < _LONG_LENGTH:
        return bytes([tag, length]) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, _LONG_LENGTH + len(digits)]) + digits + content
