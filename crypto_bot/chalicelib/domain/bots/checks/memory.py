"""What the file of a bot holds outside of its instances, to see whether a run has changed it."""

from collections import deque
from collections.abc import Mapping
from types import FunctionType, MappingProxyType
from typing import Any, Final

from chalicelib.domain.bots.setup import Setup

_OURS: Final = "chalicelib."
_PLAIN: Final = (bool, int, float, str, list, dict, set, tuple, deque, bytearray, type(None))
_LONGEST: Final = 60

Memory = Mapping[str, str]


def memory_of(setup: Setup) -> Memory:
    """Names of its file and of its classes, and what they stand for, as text."""
    found: dict[str, str] = {}
    for kind in setup.bot.__mro__:
        if kind.__module__.startswith(_OURS) or kind is object:
            continue
        held = dict(vars(kind))
        found.update(_plain(f"{kind.__name__}.", held))
        for value in held.values():
            function = value.__func__ if isinstance(value, staticmethod) else value
            if isinstance(function, FunctionType) and not _is_ours(function):
                found.update(_plain("", function.__globals__))
    return MappingProxyType(found)


def changed(before: Memory, after: Memory) -> list[tuple[str, str, str]]:
    """Name, text before, text after; cut short."""
    names = [name for name in after if before.get(name) != after[name]]
    return [(name, _short(before.get(name, "not there")), _short(after[name])) for name in names]


def _is_ours(function: FunctionType) -> bool:
    return str(function.__globals__.get("__name__", "")).startswith(_OURS)


def _plain(of: str, held: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{of}{name}": repr(value)
        for name, value in held.items()
        if isinstance(value, _PLAIN) and not name.startswith("__")
    }


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
