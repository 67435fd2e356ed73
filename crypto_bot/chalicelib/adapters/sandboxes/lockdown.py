"""What takes everything from a process but its memory, its time and two open files."""

import resource
import sys
from collections.abc import Mapping
from typing import Final

from chalicelib.adapters.sandboxes import namespaces, system_calls

MEMORY: Final = 512 * 1024 * 1024
CPU_SECONDS: Final = 3_600  # should nobody be left to stop it
_LIMITS: Final = {
    "RLIMIT_CPU": CPU_SECONDS,
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_NPROC": 0,
}


def lock_down(keep: int, memory: int = MEMORY) -> list[str]:
    """Sentences: what this system did not let us take away. No file is open above number `keep`."""
    hidden = _why_not_hidden(keep)
    lacking = _limit({**_LIMITS, "RLIMIT_AS": memory, "RLIMIT_NOFILE": keep + 1})
    filtered = _why_not_filtered()
    if hidden and filtered:
        lacking.append(
            "files, network and other processes are open to it, with the rights of the user that"
            f" runs it ({hidden}; {filtered})"
        )
    return lacking


def _why_not_hidden(keep: int) -> str:
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    try:
        namespaces.enter(keep)
    except (namespaces.NotPossible, OSError) as error:
        return f"no namespaces: {error}"
    return ""


def _why_not_filtered() -> str:
    if sys.platform != "linux":
        return f"{sys.platform} has no filter of system calls"
    try:
        system_calls.only_compute()
    except system_calls.NotPossible as error:
        return f"no filter of system calls: {error}"
    return ""


def _limit(limits: Mapping[str, int]) -> list[str]:
    lacking = []
    for name, most in limits.items():
        try:
            kind = getattr(resource, name)
            allowed = resource.getrlimit(kind)[1]
            least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
            resource.setrlimit(kind, (least, least))
        except (AttributeError, ValueError, OSError) as error:
            lacking.append(f"{name} could not be set to {most}: {error}")
    return lacking
