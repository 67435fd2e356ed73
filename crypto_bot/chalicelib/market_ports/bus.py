"""The log that stages hand messages to each other by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chalicelib.domain.market.bus_message import Message, Position, Record


class Bus(Protocol):
    """An append-only log per topic, cut into partitions. StoreUnavailable where it fails."""

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """All of them are in the log when this returns; after an error some may be."""
        ...

    def read(self, topic: str, group: str) -> "BusReader":
        """Begin where the group stood, or at the oldest message there is."""
        ...

    def newest(self, topic: str, key: bytes) -> bytes | None:
        """What was published last with this key; None where it lies further back than a million."""
        ...

    def forget(self, topic: str, group: str) -> None:
        """No message is kept for the group any more. It may read again, and miss some."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`messages` first; after them `lost` partitions are somebody else's and `begun` are ours."""

    messages: Sequence[Message] = ()
    lost: frozenset[int] = frozenset()
    begun: Mapping[int, Position] = field(default_factory=dict)


class BusReader(Protocol):
    """One member of a group. Each partition is read by one member at a time."""

    def poll(self, *, limit: int, wait: float) -> Batch:
        """At most `limit` messages in the order of each partition, after `wait` seconds at most."""
        ...

    def commit(self, partition: int, position: Position) -> None:
        """Where the group goes on after a crash."""
        ...

    def mark(self, partition: int, record: Record) -> None:
        """Publish to the very partition that is read."""
        ...

    def lag(self) -> int:
        """How many messages lie behind those that were polled, in the partitions held."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...
