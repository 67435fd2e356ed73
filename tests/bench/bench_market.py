"""Trades a second through stream, bus and archive, Kafka's producer, and what a sum costs.

The reference is what bare `json.loads` of the same messages takes at that time: where the ratio is
as ever and the value is not, the machine was busy.
"""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, at_least, at_most

NAMES = (
    "streamed_trades",
    "archived_trades",
    "kafka_produced",
    "summarized_trade",
    "summarize_memory",
)

TRADES = 60_000
MESSAGES = 300_000
PORTION = 1_000
IN_A_MINUTE = 20_000  # some hundreds a second, all minute long
ROUNDS = 3

START = datetime(2024, 8, 9, tzinfo=UTC)


def figures(only: str | None) -> Iterable[Figure]:
    if only in (None, "streamed_trades"):
        bare = 1 / _seconds_of_json()
        yield at_least("streamed_trades", _streamed(), "trades/s", limit=30_000, reference=bare)
    if only in (None, "archived_trades"):
        bare = 1 / _seconds_of_json()
        yield at_least("archived_trades", _archived(), "trades/s", limit=30_000, reference=bare)
    if only in (None, "kafka_produced"):
        yield at_least("kafka_produced", _produced(), "messages/s", limit=200_000)
    if only in (None, "summarized_trade", "summarize_memory"):
        bare = _seconds_of_json() * 1e6
        seconds, megabytes = _in_process_of_its_own()
        each = seconds / IN_A_MINUTE * 1e6
        yield at_most("summarized_trade", each, "us", limit=10, reference=bare)
        yield at_most("summarize_memory", megabytes, "MB", limit=20)


def _trades(number: int, spread_ms: int) -> list[bytes]:
    """As the stream says them, evenly over the time.

    Three of four prices and quantities have been seen, as in an hour of BTC/USDT of August 2024.
    """
    first = int(START.timestamp() * 1000)
    return [
        b'{"e":"aggTrade","E":%d,"s":"BTCUSDT","a":%d,"p":"%d.%02d000000","q":"0.%05d000",'
        b'"f":%d,"l":%d,"T":%d,"m":%s,"M":true}'
        % (
            first + n * spread_ms // number,
            n,
            61_000 + n // 4 % 99_991 // 100,
            n // 4 % 99_991 % 100,
            n // 4 % 99_991 + 1,
            n,
            n,
            first + n * spread_ms // number,
            b"true" if n % 2 else b"false",
        )
        for n in range(number)
    ]


def _seconds_of_json() -> float:
    """CPU per message."""
    trades = _trades(IN_A_MINUTE, 60_000)
    best = 1.0
    for _ in range(ROUNDS):
        start = time.process_time()
        for trade in trades:
            json.loads(trade)
        best = min(best, (time.process_time() - start) / len(trades))
    return best


def _streamed() -> float:
    """CPU of one process from a recording's frames to the lake, bus and archive included."""
    from chalicelib.adapters.feeds.replay import ReplayFeed
    from chalicelib.services.market.stream_trades import Topics, beginning, stream_trades
    from tests.market.floor import TOPIC, market_floor, work_off

    topics = Topics(trades=TOPIC, candles="klines")
    frames = [
        b'%d {"stream":"btcusdt@aggTrade","data":%s}\n' % (number, trade)
        for number, trade in enumerate(_trades(TRADES, 15 * 60_000))
    ]
    best = 0.0
    for _ in range(ROUNDS):
        with (
            TemporaryDirectory(dir=Path(__file__).parent, prefix=".bench-") as folder,
            market_floor(Path(folder)) as floor,
            floor.archiving() as work,
        ):
            recording = Path(folder) / "frames"
            recording.write_bytes(b"".join(frames))
            floor.clock.advance_to(START + timedelta(hours=1))
            start = time.process_time()
            begin = beginning(floor.bus, topics, overlap=0)
            with closing(ReplayFeed([recording], begin)) as feed:
                while not stream_trades(feed, floor.bus, topics, wait=0).ended:
                    pass
            reports = work_off(work)
            best = max(best, TRADES / (time.process_time() - start))
            assert sum(report.messages for report in reports) == TRADES
    return best


def _archived() -> float:
    """CPU of one process that publishes, reads, cuts and writes: it uses one core."""
    from chalicelib.domain.market.bus_message import Record
    from tests.market.floor import TOPIC, market_floor, work_off

    records = [Record(b"BTCUSDT", trade) for trade in _trades(TRADES, 15 * 60_000)]
    best = 0.0
    for _ in range(ROUNDS):
        # Beside the code, which is on a disk; /tmp is memory on many machines and syncs nothing.
        with (
            TemporaryDirectory(dir=Path(__file__).parent, prefix=".bench-") as folder,
            market_floor(Path(folder)) as floor,
            floor.archiving() as work,
        ):
            floor.clock.advance_to(START + timedelta(hours=1))
            start = time.process_time()
            for begin in range(0, TRADES, PORTION):
                floor.bus.publish(TOPIC, records[begin : begin + PORTION])
            reports = work_off(work)
            best = max(best, TRADES / (time.process_time() - start))
            # The last minute of the fifteen is open.
            assert sum(report.objects for report in reports) == 14
    return best


def _produced() -> float:
    """Until every message is acknowledged by the broker, which is another process."""
    from chalicelib.adapters.buses.kafka import KafkaBus
    from chalicelib.domain.market.bus_message import Record
    from tests.market.kafka_broker import kafka_broker

    records = [Record(b"BTCUSDT", trade) for trade in _trades(MESSAGES // ROUNDS, 60_000)]
    best = 0.0
    with kafka_broker() as address:
        for number in range(ROUNDS):
            bus = KafkaBus({"bootstrap.servers": address})
            bus.publish(f"trades-{number}", records[:PORTION])
            start = time.perf_counter()
            bus.publish(f"trades-{number}", records)
            best = max(best, len(records) / (time.perf_counter() - start))
            bus.close()
    return best


def _in_process_of_its_own() -> tuple[float, float]:
    """CPU seconds of one minute, and its memory above that of an idle process."""
    from chalicelib.adapters.lakes.folder import FolderLake
    from chalicelib.domain.market.minute import Minute

    # Beside the code, which is on a disk; /tmp is memory on many machines and syncs nothing.
    with TemporaryDirectory(dir=Path(__file__).parent, prefix=".bench-") as folder:
        with closing(FolderLake(Path(folder))) as lake:
            content = gzip.compress(b"\n".join(_trades(IN_A_MINUTE, 59_000)), mtime=0)
            lake.put(f"{Minute('BTCUSDT', START).prefix}p0-0.jsonl.gz", content)
        ended = subprocess.run(
            [sys.executable, "-m", "tests.bench.bench_market", folder],
            capture_output=True,
            text=True,
            check=True,
        )
    seconds, megabytes = json.loads(ended.stdout)
    return seconds, megabytes


def _summarize(folder: Path) -> tuple[float, float]:
    idle = _most_memory()
    from chalicelib.adapters.lakes.folder import FolderLake
    from chalicelib.adapters.tables.sqlite import SqliteTradeFlow
    from chalicelib.domain.market.minute import Minute
    from chalicelib.drivers.trade_codec import read_trade
    from chalicelib.services.market.summarize_trades import summarize_trades

    seconds = []
    with (
        closing(FolderLake(folder)) as lake,
        closing(SqliteTradeFlow(folder / "summaries.sqlite3")) as table,
    ):
        for _ in range(ROUNDS):
            start = time.process_time()
            report = summarize_trades(Minute("BTCUSDT", START), lake, table, read_trade)
            seconds.append(time.process_time() - start)
            assert report.trades == IN_A_MINUTE
    return min(seconds), (_most_memory() - idle) / 1024


def _most_memory() -> int:
    """In kB. Linux counts into getrusage what the parent had when it started this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_summarize(Path(sys.argv[1]))))
