"""Domain records <-> JSON text, so that tomorrow's program reads what today's has written.

Decimals are strings with every digit as given, times RFC 3339 in UTC. Fields that are unknown
are ignored and missing ones take their default. What stands in a `dict[str, Any]` comes back as
JSON has it: a Decimal in there returns as text.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from operator import attrgetter
from types import NoneType
from typing import Any, Final, TypeVar, cast, get_args

import msgspec

T = TypeVar("T")

_PLAIN: Final = frozenset({str, int, bool, NoneType, Decimal, date})
_UTC_OFFSET: Final = timedelta(0)
_ENCODER: Final = msgspec.json.Encoder()


def encode(record: object) -> str:
    """The record as JSON text. TypeError for a float or a time that is not aware and UTC."""
    if not _is_exact(record):
        _refuse_inexact(record, type(record).__name__)
    return _ENCODER.encode(record).decode()


def decode(kind: type[T], document: str) -> T:
    """The record again, checked by its own `__post_init__`. ValueError if it does not fit.

    Records never change, so whoever reads the same text again may get the same record: a tick reads
    an account's state and its open plans at every step.
    """
    record: T = _decoded(cast(Hashable, kind), document)
    return record


@lru_cache(maxsize=256)
def _decoded(kind: Any, document: str) -> Any:
    return _decoder(kind).decode(document)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _is_exact(record: object) -> bool:
    """`_refuse_inexact` without its sentences: every write of every store passes here."""
    waiting = [record]
    while waiting:
        value = waiting.pop()
        kind = type(value)
        if kind in _PLAIN:
            continue
        if isinstance(value, datetime):
            if value.utcoffset() != _UTC_OFFSET:
                return False
            continue
        look_inside = _look_inside(cast(Hashable, kind))
        if look_inside is None:
            return False
        waiting += [part for part in look_inside(value) if type(part) not in _PLAIN]
    return True


@cache
def _look_inside(kind: Any) -> Callable[[Any], Iterable[object]] | None:
    """What gives the parts of such a value; None for a float."""
    if issubclass(kind, float):
        return None
    if issubclass(kind, str):
        return lambda _: ()
    if issubclass(kind, dict):
        return dict.values
    if issubclass(kind, tuple | list):
        return iter
    names = _checked_fields(kind)
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: [getattr(record, name) for name in names]


def _refuse_inexact(value: object, where: str) -> None:
    """Records refuse floats among their own fields; this reaches into dicts and tuples too."""
    if type(value) in _PLAIN or isinstance(value, str):
        return
    if isinstance(value, float):
        raise TypeError(f"{where} is the float {value!r}; amounts are Decimal, made from text")
    if isinstance(value, datetime):
        if value.utcoffset() != _UTC_OFFSET:
            raise TypeError(f"{where} is {value.isoformat()}; times are aware and UTC")
        return
    for name, part in _parts(value):
        _refuse_inexact(part, f"{where}.{name}")


def _parts(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, (tuple, list)):
        return enumerate(value)
    kind = cast(Hashable, type(value))
    return [(name, getattr(value, name)) for name in _checked_fields(kind)]


@cache
def _checked_fields(kind: Any) -> tuple[str, ...]:
    """Fields of ours; what is declared Any belongs to somebody else and is stored as it is."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is not a record that can be stored")
    return tuple(f.name for f in fields(kind) if Any not in get_args(f.type))
