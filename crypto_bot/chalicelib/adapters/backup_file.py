"""A backup is one file: gzip over lines of JSON, the manifest first, then one row a line.

It is readable with `gunzip -c FILE | head -1`, and the manifest's hash is that of all other lines.
"""

import gzip
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from chalicelib.domain.errors import SettingsError
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row

PRODUCT: Final = "crypto-bot"
FORMAT: Final = 1
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the file promises to hold; `counts` is by the kind of row."""

    product: str
    format: int = FORMAT
    taken_at: datetime
    rows: int
    sha256: str
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A file that keeps its manifest's promises."""

    manifest: Manifest
    rows: tuple[Row, ...]


def write_backup(
    path: Path, rows: Sequence[Row], *, taken_at: datetime, counts: dict[str, int]
) -> Manifest:
    """The file, whole under its name or not there at all. SettingsError where it cannot be."""
    if path.exists():
        raise SettingsError(f"{path} exists; a backup replaces nothing: choose another name")
    lines = [encode(row) for row in rows]
    manifest = Manifest(
        product=PRODUCT, taken_at=taken_at, rows=len(lines), sha256=_digest(lines), counts=counts
    )
    text = "".join(f"{line}\n" for line in (encode(manifest), *lines))
    try:
        _write_whole(path, gzip.compress(text.encode(), mtime=0))
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error
    return manifest


def read_backup(path: Path) -> Backup:
    """The rows, checked against the manifest. SettingsError says what is wrong with the file."""
    try:
        text = gzip.decompress(path.read_bytes()).decode()
    except FileNotFoundError as error:
        raise SettingsError(f"there is no file {path}") from error
    except (OSError, EOFError, ValueError) as error:
        raise SettingsError(f"{path} is no whole backup: {error}") from error
    head, *lines = text.removesuffix("\n").split("\n")  # other line ends are part of a text
    manifest = _manifest(path, head)
    if len(lines) != manifest.rows or _digest(lines) != manifest.sha256:
        raise SettingsError(
            f"{path} has {len(lines)} rows of sha256 {_digest(lines)[:12]}, and its manifest "
            f"promises {manifest.rows} of {manifest.sha256[:12]}; it is damaged: take another one"
        )
    try:
        rows = tuple(decode(Row, line) for line in lines)
    except ValueError as error:
        raise SettingsError(f"{path} has a row that cannot be read: {error}") from error
    return Backup(manifest=manifest, rows=rows)


def _manifest(path: Path, head: str) -> Manifest:
    try:
        manifest = decode(Manifest, head)
    except ValueError as error:
        raise SettingsError(f"{path} does not begin with a backup's manifest: {error}") from error
    if manifest.product != PRODUCT:
        raise SettingsError(f"{path} is a backup of {manifest.product}, not of {PRODUCT}")
    if manifest.format > FORMAT:
        raise SettingsError(
            f"{path} has format {manifest.format}, and this program reads up to {FORMAT}: it was "
            "written by a newer crypto-bot; upgrade this one"
        )
    return manifest


def _digest(lines: Iterable[str]) -> str:
    digest = sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def _write_whole(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
