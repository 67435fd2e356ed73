"""The stages on one machine's adapters: a bus and a table of files, a lake in a folder."""

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.adapters.buses.sqlite import SqliteBus
from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.tables.sqlite import SqliteTradeFlow
from chalicelib.domain.market.bus_message import Record
from chalicelib.domain.market.minute import Minute, minute_of
from chalicelib.drivers.trade_codec import read_trade
from chalicelib.market_ports.lake import Lake
from chalicelib.services.market.archive_trades import ArchiveReport, Archiving, archive_trades

TOPIC = "trades"
GROUP = "archive"
START = datetime(2024, 8, 8, 23, 55, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def trade(number: int, at: datetime, **other: Any) -> bytes:
    """One of alternate sides at a price near 100."""
    fact = {
        "e": "aggTrade",
        "E": int(at.timestamp() * 1000),
        "s": "BTCUSDT",
        "a": number,
        "p": f"100.{number % 100:02}",
        "q": "0.5",
        "f": number,
        "l": number,
        "T": int(at.timestamp() * 1000),
        "m": number % 2 == 0,
        "M": True,
    }
    return json.dumps(fact | other).encode()


@dataclass(kw_only=True)
class Floor:
    clock: ReplayClock
    bus: SqliteBus
    lake: FolderLake
    table: SqliteTradeFlow

    def publish(self, *messages: bytes) -> None:
        self.bus.publish(TOPIC, [Record(b"BTCUSDT", message) for message in messages])

    def pass_time(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now() + seconds * SECOND)

    @contextmanager
    def archiving(self, lake: Lake | None = None) -> Iterator[Archiving]:
        """A process that archives; whatever it holds in memory is gone at its end."""
        reader = self.bus.read(TOPIC, GROUP)
        try:
            yield Archiving(
                reader=reader,
                lake=lake or self.lake,
                clock=self.clock,
                idle=15 * SECOND,
                read_trade=read_trade,
            )
        finally:
            reader.close()

    def put(self, minute: Minute, name: str, lines: Iterable[bytes]) -> str:
        key = f"{minute.prefix}{name}.jsonl.gz"
        self.lake.put(key, gzip.compress(b"\n".join(lines), mtime=0))
        return key

    def lines(self) -> dict[str, list[bytes]]:
        """Every object of trades and quarantine, opened."""
        return {
            key: gzip.decompress(self.lake.get(key) or b"").splitlines()
            for key, _ in self.lake.objects("")
            if minute_of(key) or key.startswith("quarantine/")
        }


@contextmanager
def market_floor(folder: Path) -> Iterator[Floor]:
    clock = ReplayClock(START)
    floor = Floor(
        clock=clock,
        bus=SqliteBus(folder / "bus.sqlite3", clock, retention=timedelta(hours=24)),
        lake=FolderLake(folder / "lake"),
        table=SqliteTradeFlow(folder / "summaries.sqlite3"),
    )
    try:
        yield floor
    finally:
        for opened in (floor.bus, floor.lake, floor.table):
            opened.close()


def work_off(work: Archiving) -> list[ArchiveReport]:
    """Rounds until one finds nothing."""
    reports = [archive_trades(work, wait=0)]  # is given its partitions
    while True:
        reports.append(archive_trades(work, wait=0))
        if not reports[-1].messages:
            return reports
