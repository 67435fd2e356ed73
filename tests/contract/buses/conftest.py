"""The buses that every stage has to work on alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from chalicelib.adapters.buses.kafka import KafkaBus
from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import SystemClock
from chalicelib.market_ports.bus import Bus
from tests.market.kafka_broker import JOINS_AT_ONCE, kafka_broker

DAY = timedelta(days=1)
_topics = count(1)


@dataclass(kw_only=True)
class Place:
    """Where a bus is. `connect` opens it once more, as another process would."""

    topic: str
    connect: Callable[[], Bus]


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with kafka_broker() as address:
        yield address


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    path = tmp_path / "bus.sqlite3"
    return Place(
        topic="trades",
        connect=lambda: SqliteBus(path, SystemClock(), partitions=4, retention=DAY),
    )


@pytest.fixture
def kafka_place(broker: str) -> Place:
    return Place(
        topic=f"trades-{next(_topics)}",
        connect=lambda: KafkaBus({"bootstrap.servers": broker, **JOINS_AT_ONCE}),
    )


@pytest.fixture(params=["sqlite_place", "kafka_place"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    chosen: Place = request.getfixturevalue(request.param)
    opened: list[Bus] = []
    connect = chosen.connect

    def connect_and_keep() -> Bus:
        opened.append(connect())
        return opened[-1]

    chosen.connect = connect_and_keep
    yield chosen
    for bus in opened:
        bus.close()


@pytest.fixture
def started_at() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - Kafka's client takes the machine's time, too
