"""The lake in a folder, one file per object, and the list of what was put and not seen to yet.

A file is written beside the lake, reaches the disk, and is renamed: whoever reads sees the old
content or the new one. It stands on the list after that; a crash in between leaves the writer's
work uncommitted, so that it is done again.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident
from typing import Final

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.drivers.sqlite_file import SqliteFile
from chalicelib.market_ports.lake import Change, LakeObject

_OWN: Final = ".lake"  # drafts and the list; no key begins with a dot
_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS change (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE
    )
    """,
)


class FolderLake:
    """`Lake` and `LakeChanges` below `root`, which is made with the first object."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._drafts = root / _OWN
        self._list: SqliteFile | None = None

    def put(self, key: str, content: bytes) -> None:
        """See `Lake.put`."""
        path = self._path(key)
        draft = self._drafts / f"draft-{os.getpid()}-{get_ident()}"
        with self._trouble_named(key):
            self._drafts.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            _sync_folder(path.parent)
        self._changes().write("INSERT OR REPLACE INTO change (key) VALUES (?)", (key,))

    def get(self, key: str) -> bytes | None:
        """See `Lake.get`."""
        with self._trouble_named(key):
            try:
                return self._path(key).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def delete(self, key: str) -> None:
        """See `Lake.delete`."""
        with self._trouble_named(key):
            self._path(key).unlink(missing_ok=True)

    def objects(self, prefix: str) -> list[LakeObject]:
        """See `Lake.objects`."""
        folder, _, start = prefix.rpartition("/")
        with self._trouble_named(prefix):
            return sorted(self._walk(folder, start))

    def folders(self, prefix: str) -> list[str]:
        """See `Lake.folders`."""
        folder, _, start = prefix.rpartition("/")
        with self._trouble_named(prefix):
            return sorted(
                entry.name
                for entry in self._entries(folder)
                if entry.is_dir() and entry.name.startswith(start)
            )

    def changes(self, limit: int) -> list[Change]:
        """See `LakeChanges.changes`."""
        rows = self._changes().select(
            "SELECT key, number FROM change ORDER BY number LIMIT ?", (limit,)
        )
        return [Change(key, number) for key, number in rows]

    def seen(self, changes: Sequence[Change]) -> None:
        """See `LakeChanges.seen`."""
        with self._changes().transaction():
            self._changes().write_many(
                "DELETE FROM change WHERE key = ? AND number = ?", [tuple(c) for c in changes]
            )

    def close(self) -> None:
        """Give the list back."""
        if self._list is not None:
            self._list.close()
            self._list = None

    def _changes(self) -> SqliteFile:
        if self._list is None:
            self._list = SqliteFile(self._drafts / "changes.sqlite3", _SCHEMA)
        return self._list

    def _walk(self, folder: str, start: str) -> Iterator[LakeObject]:
        for entry in self._entries(folder):
            if not entry.name.startswith(start):
                continue
            key = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir():
                yield from self._walk(key, "")
            else:
                with suppress(FileNotFoundError):  # deleted since the folder was read
                    yield LakeObject(key, entry.stat().st_size)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._path(folder) if folder else self._root) as entries:
                return [entry for entry in entries if not entry.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if any(not part or part.startswith(".") for part in parts):
            raise ValueError(f"the key {key!r} must not leave the lake, nor name what is its own")
        return self._root.joinpath(*parts)

    @contextmanager
    def _trouble_named(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(f"{key} in {self._root} failed: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    """The new name reaches the disk too; where folders cannot be opened, the system does it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
