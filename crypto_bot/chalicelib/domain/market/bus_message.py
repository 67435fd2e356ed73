"""What goes onto the bus and what comes off it, and where a reader stands."""

from dataclasses import dataclass
from typing import NamedTuple


class Record(NamedTuple):
    """To be published. Records of one key keep their order."""

    key: bytes
    value: bytes


class Message(NamedTuple):
    """A record with its place in the log; `at_ms` is when it was published."""

    partition: int
    offset: int
    at_ms: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group goes on reading a partition, and what it noted there for itself."""

    offset: int
    note: str = ""
