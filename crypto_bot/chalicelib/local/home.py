"""The home folder of a run: held by one process at a time, its secrets the owner's alone."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from chalicelib.adapters.secrets.owner_only import write_for_owner
from chalicelib.domain.errors import SettingsError

_OWNER_TOKEN: Final = "owner-token"  # noqa: S105 - the name of the file, not the token
_LOCK: Final = "run.lock"


@contextmanager
def held(home: Path) -> Iterator[Path]:
    """The folder, made if need be and locked; SettingsError while another run holds it.

    The operating system lets go of the lock when the process ends, however it ends.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (home / _LOCK).open("a+")
    except OSError as error:
        raise SettingsError(
            f"the home folder {home} cannot be written: {error.strerror}; "
            "choose another one with --home or CRYPTO_BOT_HOME"
        ) from error
    with lock:
        if not _take(lock):
            raise SettingsError(
                f"another crypto-bot run works in {home}; stop it, or choose another folder with "
                "--home"
            )
        yield home


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether the file, made if need be, is locked now by this process and no other."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("a+") as lock:
        yield _take(lock)


def _take(lock: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:
        return _take_on_windows(lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_on_windows(lock: IO[str]) -> bool:
    import msvcrt

    lock.seek(0)
    try:
        msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True


def owner_token(home: Path) -> str:
    """The token that opens the reading routes; made on the first run and kept."""
    path = home / _OWNER_TOKEN
    if not path.exists():
        write_for_owner(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()
