"""`run --market`: a venue's trades -> bus -> lake -> a row a minute, in threads beside the trading.

Bots that are deployed see the candles of the stream, of the intervals that they run by.

Each thread is the loop of one worker. What it cannot go on with is shown, and ends that thread
alone: the trading goes on.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Final

from chalicelib.bootstrap.bots import bot_ports
from chalicelib.bootstrap.market import folder_lake, market_settings, trade_flow
from chalicelib.bootstrap.streaming import live_feed
from chalicelib.domain.bots.deployed import DeployedBot
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.collecting import symbol_named
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.domain.market.stream_plan import StreamPlan
from chalicelib.market_ports.trades import TradeFlowTable
from chalicelib.services.market.collect_trades import CollectReport
from chalicelib.worker.archive import archive
from chalicelib.worker.collect import collect
from chalicelib.worker.deployed_bots import deployed_bots
from chalicelib.worker.stream import stream
from chalicelib.worker.summarise import summarise

_LOG = logging.getLogger(__name__)
_LOOK_EVERY: Final = 5.0

Stage = Callable[[Event], object]


class MarketChain:
    """`markets` such as BTC/USDT. `collects`: trades come over REST each minute, not by a stream.

    SettingsError where the environment has the lake elsewhere, or a market cannot be one.
    """

    def __init__(self, markets: Sequence[str], *, collects: bool) -> None:
        self._symbols = [symbol_named(market, "--market") for market in dict.fromkeys(markets)]
        folder_lake().close()  # or a sentence before anything has begun
        self._stopping = Event()
        self._troubles: dict[str, str] = {}
        self._table: TradeFlowTable | None = None
        self._collected: list[CollectReport] = []
        self._looked_at, self._seen = -_LOOK_EVERY, ""
        self._threads = [
            Thread(target=self._run, args=(name, stage), name=f"market {name}")
            for name, stage in self._stages(markets, collects=collects).items()
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return when every round that was under way has ended."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self._table is not None:
            self._table.close()
            self._table = None

    def status(self) -> str:
        """One line: the newest minute of each market, or what has gone wrong."""
        if self._troubles:
            return "market: " + "; ".join(f"{n} ended: {why}" for n, why in self._troubles.items())
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_EVERY:
            self._looked_at, self._seen = now, self._look()
        return self._seen

    def _stages(self, markets: Sequence[str], *, collects: bool) -> dict[str, Stage]:
        summing: dict[str, Stage] = {"summarise": lambda stop: summarise(stop, once=False)}
        if collects:
            return {"collect": self._collect, **summing}
        running = [found for found in bot_ports().deployments.all() if found.is_running]
        plan = StreamPlan(
            venue=market_settings().venue,
            markets=tuple(dict.fromkeys(markets)),
            intervals=tuple(dict.fromkeys([Interval.M1, *(found.interval for found in running)])),
        )
        stages: dict[str, Stage] = {
            "stream": lambda stop: stream(stop, live_feed(plan)),
            "archive": lambda stop: archive(stop, once=False),
            **summing,
        }
        if running:
            _say_unseen(running, markets)
            stages["bots"] = lambda stop: deployed_bots(stop, once=False)
        return stages

    def _collect(self, stopping: Event) -> None:
        collect(stopping, self._symbols, once=False, last=self._collected)

    def _run(self, name: str, stage: Stage) -> None:
        try:
            stage(self._stopping)
        except Exception as error:  # noqa: BLE001 - shown; the trading goes on
            _LOG.exception("the market's %s has ended", name)
            self._troubles[name] = str(error) or type(error).__name__

    def _look(self) -> str:
        try:
            if self._table is None:
                self._table = trade_flow()
            found = [self._table.newest(1, symbol) for symbol in self._symbols]
        except (SettingsError, StoreUnavailable) as error:
            return f"market: {error}"
        troubles = {report.symbol: report.trouble for report in self._collected}
        words = [
            _words(symbol, rows, troubles.get(symbol, ""))
            for symbol, rows in zip(self._symbols, found, strict=True)
        ]
        return f"market: {' | '.join(words)}"


def _say_unseen(running: Sequence[DeployedBot], markets: Sequence[str]) -> None:
    for deployed in running:
        for symbol in sorted(set(deployed.instruments) - set(markets)):
            _LOG.warning(
                "%s sees no candle of %s: it is not among the markets; --market %s",
                deployed.name,
                symbol,
                symbol,
            )


def _words(symbol: str, rows: Sequence[MinuteSummary], trouble: str) -> str:
    if trouble:
        return f"{symbol} {trouble}"
    if not rows:
        return f"{symbol} no whole minute yet"
    [row] = rows
    bought, sold = row.total_count_b, row.total_count_s
    return f"{symbol} {row.minute.start:%H:%M} {bought} bought, {sold} sold"
