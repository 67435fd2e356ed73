"""Linux: a process that sees nothing of the machine, by namespaces that need no rights to make.

An empty folder that cannot be written is all its files, it has no network, and sees no process but
itself.
"""

import ctypes
import os
import select
from typing import Final

_NOBODY: Final = 65534
# Of mounts, control groups, host name, IPC, users, processes and network.
_NEW: Final = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x60000000
_PRIVATE: Final = 0x4000 | 0x40000  # MS_REC | MS_PRIVATE
_EMPTY: Final = 0x1 | 0x2 | 0x4 | 0x8  # MS_RDONLY, NOSUID, NODEV, NOEXEC
_DUMPABLE: Final = 4
_DIE_WITH_PARENT: Final = 1
_KILL: Final = 9
_REQUESTS: Final = 0
_LAST_WORDS_MS: Final = 2_000
_CAPABILITIES: Final = 0x20080522
_PLACES: Final = ("/tmp", "/var", "/usr")  # noqa: S108 - one that exists; what is in it is covered


class NotPossible(Exception):
    """The system does not let us; the text says what of it."""


def enter(keep: int) -> None:
    """Goes on in a child of this process, which only waits for it. `keep` is the last open file."""
    libc = ctypes.CDLL(None, use_errno=True)
    _become_nobody(libc)
    uid, gid = os.getuid(), os.getgid()
    _call(libc.unshare(_NEW), "unshare")
    try:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{_NOBODY} {uid} 1")
        _write("/proc/self/gid_map", f"{_NOBODY} {gid} 1")
        _write("/proc/sys/user/max_user_namespaces", "0")  # it makes none of its own
    except OSError as error:
        raise NotPossible(f"{error.filename}: {error.strerror}") from None
    _see_nothing(libc)
    _go_on_as_first_process(libc, keep)
    _give_up_rights(libc)


def _become_nobody(libc: ctypes.CDLL) -> None:
    if os.getuid() != 0:
        return
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    libc.prctl(_DUMPABLE, 1, 0, 0, 0)  # else /proc/self belongs to root


def _see_nothing(libc: ctypes.CDLL) -> None:
    place = next(filter(os.path.isdir, _PLACES), "/")
    _call(libc.mount(b"none", b"/", None, _PRIVATE, None), "mount")
    options = b"size=4k,nr_inodes=1,mode=0555"
    _call(libc.mount(b"none", place.encode(), b"tmpfs", _EMPTY, options), "mount of tmpfs")
    os.chroot(place)
    os.chdir("/")


def _go_on_as_first_process(libc: ctypes.CDLL, keep: int) -> None:
    child = os.fork()
    if child:
        os.closerange(1, keep + 1)
        _wait_while_asked(child)
        _, status = os.waitpid(child, 0)
        os._exit(0 if status == 0 else 1)
    libc.prctl(_DIE_WITH_PARENT, _KILL, 0, 0, 0)


def _wait_while_asked(child: int) -> None:
    """Until it ends, or for a while after whoever asks it was killed: it may be in a loop."""
    try:
        ended = os.pidfd_open(child)
    except OSError:
        return  # an old system, on which only its limit of processor time ends it
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    waiting.register(_REQUESTS, 0)  # nothing but the end of who writes there
    waiting.poll()
    waiting.unregister(_REQUESTS)
    if not waiting.poll(_LAST_WORDS_MS):
        os.kill(child, _KILL)


def _give_up_rights(libc: ctypes.CDLL) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    _call(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def _call(result: int, name: str) -> None:
    if result:
        raise NotPossible(f"{name}: {os.strerror(ctypes.get_errno())}")


def _write(path: str, text: str) -> None:
    with open(path, "wb") as file:  # noqa: PTH123 - as text it would look for its encoding's file
        file.write(text.encode())
