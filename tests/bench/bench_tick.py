"""How long a tick with 100 entries takes against a venue that answers in 50 ms over real HTTP.

The reference is what the venue's own limits allow: the weights it counted, kept evenly, or one
latency if that is longer. State is on disk with synchronous=FULL, and every write is done.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.request import urlopen

from tests.bench.figure import Figure, at_most

NAMES = ("tick", "tick_requests")
ENTRIES = 100
LATENCY = 0.05
RUNS = 3
SECONDS_PER_WEIGHT = 0.010  # 6,000 a minute


def figures(_only: str | None) -> Iterator[Figure]:
    """The median of several cold desks; the ratio is to what the venue's limits allow."""
    runs = sorted((_run() for _ in range(RUNS)), key=lambda run: run[0] / run[1])
    seconds, allowed, _ = runs[RUNS // 2]
    yield at_most("tick", seconds, "s", limit=1.3 * allowed, reference=allowed)
    yield at_most("tick_requests", max(run[2] for run in runs), "requests", limit=105)


def _run() -> tuple[float, float, int]:
    from chalicelib.services.trading.tick import tick

    with _venue() as url, tempfile.TemporaryDirectory() as folder:
        ports, close, deadline = _desk(url, Path(folder) / "state.sqlite3")
        start = perf_counter()
        tick(ports, owner="bench", deadline=deadline)
        seconds = perf_counter() - start
        signals = ports.signals.recent(ENTRIES)
        close()
        book = _read(f"{url}/__book__")
    done = sum(signal.status.value == "EXECUTED" for signal in signals)
    if done != ENTRIES:
        raise AssertionError(f"{done} of {ENTRIES} entries were executed")
    return seconds, max(book["weight"] * SECONDS_PER_WEIGHT, LATENCY), book["requests"]


def _symbols() -> list[str]:
    return [f"C{number:02}/USDT" for number in range(ENTRIES)]


@contextmanager
def _venue() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.venues.binance", "--latency", str(LATENCY)]
    command += ["--balance", "USDT=1000000"]
    for symbol in _symbols():
        command += ["--price", f"{symbol}=100"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def _read(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:  # noqa: S310 - the venue on loopback
        return json.load(answer)


def _desk(url: str, path: Path):
    from dataclasses import replace
    from datetime import timedelta
    from decimal import Decimal
    from types import SimpleNamespace

    from chalicelib.adapters.clock import SystemClock
    from chalicelib.adapters.venues.ccxt.connect import connect
    from chalicelib.adapters.workers import ThreadWorkers
    from chalicelib.domain.trading.account import Account, Mode, Subscription
    from chalicelib.domain.trading.plan import AccountState
    from chalicelib.domain.trading.signal import DesiredState, Signal
    from chalicelib.domain.trading.strategy import Strategy
    from chalicelib.drivers.sqlite_table import SqliteTable
    from tests.trading_floor import OpenExchanges, trading_ports
    from tests.venues.binance import API_KEY, SECRET, ccxt_options

    clock = SystemClock()
    account = Account(
        name="bench",
        exchange="binance",
        mode=Mode.LIVE,
        quote="USDT",
        exchange_options=ccxt_options(SimpleNamespace(url=url)),
    )
    exchange = connect(account, {"api-key": API_KEY, "api-secret": SECRET}, clock)
    table = SqliteTable(path)
    ports = trading_ports(table, clock, OpenExchanges({"bench": exchange}))
    ports = replace(ports, workers=ThreadWorkers())
    names = [symbol.split("/")[0].lower() for symbol in _symbols()]
    on = dict(zip(names, _symbols(), strict=True))
    ports.strategies.apply(
        expected_version=0,
        accounts=[account],
        strategies=[Strategy(name=n, instruments={on[n]: on[n]}, sibling_wait=0) for n in names],
        subscriptions=[
            Subscription(account="bench", strategy=n, weight=Decimal("0.009")) for n in names
        ],
    )
    now = clock.now()
    # Between two looks at what else rests on the account, of which there are four an hour.
    ports.plans.save_state(AccountState(account="bench", listed_at=now))
    for name in names:
        ports.signals.add(
            Signal(
                id=name,
                strategy=name,
                ticker=on[name],
                symbol=on[name],
                state=DesiredState.LONG,
                fired_at=now,
                received_at=now,
                due_at=now,
                body_digest="",
            )
        )

    def close() -> None:
        exchange.close()
        table.close()

    return ports, close, clock.now() + timedelta(minutes=5)
