"""From a candle that closes to the signal that is stored, through a `crypto-bot worker bots`.

The worker is a process of its own. A candle has closed when it is on the bus, which takes a commit
too: the reference. Every candle makes the bot buy or sell. The ninth of ten counts, not the median:
a signal that comes late now and then is late.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from tests.bench.figure import Figure, at_most

NAMES = ("candle_to_signal",)

CANDLES = 60
LIMIT = 250
PATIENCE = 60.0
_GLANCE = 0.001
_BOT = ("worker", "bots", "--bot", "scalper", "--instrument", "BTC/USDT")


def figures(_only: str | None) -> Iterator[Figure]:
    # Beside the code, which is on a disk; /tmp is memory on many machines and syncs nothing.
    with TemporaryDirectory(dir=Path(__file__).parent, prefix=".bench-") as folder:
        waited, published = _milliseconds(Path(folder))
    late = quantiles(waited, n=10)[-1]
    yield at_most("candle_to_signal", late, "ms", limit=LIMIT, reference=median(published))


def _milliseconds(home: Path) -> tuple[list[float], list[float]]:
    """Of each candle: until its signal is there, and until it is on the bus itself."""
    from chalicelib.adapters.buses.sqlite import SqliteBus
    from chalicelib.adapters.clock import ReplayClock
    from chalicelib.domain.market.bus_message import Record
    from tests.market.klines import FIRST, kline
    from tests.market.program import Machine, kill

    _configure(home)
    waited, published = [], []
    clock = ReplayClock(FIRST + timedelta(days=1))
    with closing(SqliteBus(home / "bus.sqlite3", clock, retention=timedelta(days=9))) as bus:

        def close(number: int) -> None:
            record = Record(b"BTCUSDT@1m", kline(number, "98" if number % 2 else "100"))
            bus.publish("klines", [record])

        process = Machine(home=home).start(
            *_BOT, "--param", "threshold=1.2", "--since", FIRST.isoformat()
        )
        try:
            for number in range(3):  # the first has nothing before it, and the worker has to start
                close(number)
            _until_stored(home, 2)
            for number in range(3, CANDLES + 3):
                start = perf_counter()
                close(number)
                there = perf_counter()
                _until_stored(home, number)
                waited.append((perf_counter() - there) * 1000)
                published.append((there - start) * 1000)
        finally:
            kill(process)
    return waited, published


def _configure(home: Path) -> None:
    from chalicelib import bootstrap
    from chalicelib.bootstrap import Choices
    from chalicelib.domain.trading.strategy import Strategy
    from chalicelib.settings import Settings

    scalper = Strategy(name="scalper", instruments={"BTCUSDT": "BTC/USDT"}, sibling_wait=0)
    bootstrap.use(Choices(settings=Settings(), home=home))
    bootstrap.strategies().apply(
        expected_version=0, strategies=[scalper], accounts=[], subscriptions=[]
    )
    bootstrap.reset()


def _until_stored(home: Path, count: int) -> None:
    deadline = perf_counter() + PATIENCE
    with closing(sqlite3.connect(home / "state.sqlite3", timeout=PATIENCE)) as state:
        query = "SELECT COUNT(*) FROM record WHERE partition LIKE 'signal#%' AND sort = 'signal'"
        while state.execute(query).fetchone()[0] < count:
            if perf_counter() > deadline:
                raise AssertionError(f"{count} signals are not there after {PATIENCE:.0f} s")
            sleep(_GLANCE)
