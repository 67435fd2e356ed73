"""What the market data stages need of the world: one Protocol per dependency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.market.bus_message import Message, Position, Record
from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import MinuteSummary


class Bus(Protocol):
    """An append-only log per topic, cut into partitions. StoreUnavailable where it fails."""

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """All of them are in the log when this returns; after an error some may be."""
        ...

    def read(self, topic: str, group: str) -> "BusReader":
        """Begin where the group stood, or at the oldest message there is."""
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


class LakeObject(NamedTuple):
    """`size` in bytes."""

    key: str
    size: int


class Lake(Protocol):
    """Objects by name, each there as a whole or not at all. StoreUnavailable where it fails."""

    def put(self, key: str, content: bytes) -> None:
        """Write or replace."""
        ...

    def get(self, key: str) -> bytes | None:
        """What was put last; None where there is none."""
        ...

    def delete(self, key: str) -> None:
        """Nothing happens where there is none."""
        ...

    def objects(self, prefix: str) -> list[LakeObject]:
        """All whose key begins so, by key."""
        ...

    def folders(self, prefix: str) -> list[str]:
        """The different next parts, up to the following /, of keys that begin so; sorted."""
        ...


class Change(NamedTuple):
    """Something was put under the key."""

    key: str
    number: int


class LakeChanges(Protocol):
    """What was put into a lake and is not seen to yet: the folder's kin of S3 events."""

    def changes(self, limit: int) -> list[Change]:
        """Oldest first, each key once."""
        ...

    def seen(self, changes: Sequence[Change]) -> None:
        """Forget these; what was put again since then stays."""
        ...


class TradeFlowTable(Protocol):
    """One row per symbol and minute in an SQL table. StoreUnavailable where it fails."""

    def replace(self, summary: MinuteSummary, source: str) -> None:
        """The row of this minute, whatever there was before. `source` says what it was made of."""
        ...

    def sources(self, symbol: str, start: datetime, end: datetime) -> dict[Minute, str]:
        """By minute, from `start` to before `end`."""
        ...

    def newest(self, limit: int, symbol: str | None = None) -> list[MinuteSummary]:
        """Latest minutes first, then by symbol."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...
