"""Any venue that ccxt has streams of: its trades, in our words. No candles.

Other venues number nothing without gaps, so a gap is what may lie between two connections: before
the first trade of a new one goes on, the trades since the last one are asked for over REST.

The event loop runs while somebody polls, and only then: who polls late does not read.
"""

import asyncio
import importlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from chalicelib.adapters.feeds.batching import Gathered
from chalicelib.domain.errors import ExchangeUnavailable, SettingsError
from chalicelib.domain.market.stream_connection import Timing
from chalicelib.domain.market.stream_foreign import Remembered, in_our_words
from chalicelib.domain.market.stream_gap import Numbered
from chalicelib.domain.market.stream_plan import StreamPlan, Subject
from chalicelib.market_ports.feeds import FeedBatch, FeedBeginning

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_MOST_WAITING: Final = 64  # batches
_PAGE: Final = 1_000
_MOST_PAGES: Final = 100
_CACHED: Final = 1_000  # ccxt keeps so many trades; of more it forgets the oldest
_FATAL: Final = ("BadSymbol", "NotSupported", "AuthenticationError", "ArgumentsRequired")


@dataclass(slots=True, kw_only=True)
class _Line:
    """`since_ms`: when the last trade took place that went on; 0 before the first."""

    market: str
    subject: Subject
    since_ms: int
    is_caught_up: bool = False
    remembered: Remembered = field(default_factory=Remembered)


class CcxtProFeed:
    """`Feed`. `make_exchange` is a class of ccxt.pro, or what makes one of the same arguments."""

    def __init__(
        self,
        plan: StreamPlan,
        begin: FeedBeginning,
        make_exchange: Callable[[Mapping[str, Any]], Any],
        timing: Timing | None = None,
    ) -> None:
        self._plan, self._begin, self._timing = plan, begin, timing or Timing()
        self._loop = asyncio.new_event_loop()
        self._arrived: asyncio.Queue[tuple[Subject, list[Numbered]]] = asyncio.Queue(_MOST_WAITING)
        self._watching: list[asyncio.Task[None]] = []
        self._exchange = self._run(self._made(make_exchange))
        self._errors = importlib.import_module("ccxt.base.errors")

    def poll(self, *, limit: int, wait: float) -> FeedBatch:
        """See `Feed.poll`."""
        return self._run(self._poll(limit, wait))

    def close(self) -> None:
        """See `Feed.close`."""
        try:
            self._run(self._end())
        finally:
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """ccxt changes the decimal context in place; it gets one of its own."""
        return self._loop.run_until_complete(self._loop.create_task(work, context=Context()))

    async def _made(self, make: Callable[[Mapping[str, Any]], Any]) -> Any:
        exchange = make({"enableRateLimit": True, "newUpdates": True})
        exchange.number = str  # a float would cut what the venue said
        exchange.options["tradesLimit"] = _CACHED
        return exchange

    async def _poll(self, limit: int, wait: float) -> FeedBatch:
        if not self._watching:
            await self._start()
        for task in self._watching:
            if task.done():
                task.result()  # its error
        gathered = Gathered()
        try:
            subject, messages = await asyncio.wait_for(self._arrived.get(), wait)
        except TimeoutError:
            return gathered.batch()
        gathered.add(subject, messages)
        while len(gathered) < limit and not self._arrived.empty():
            gathered.add(*self._arrived.get_nowait())
        return gathered.batch()

    async def _start(self) -> None:
        venue = self._plan.venue
        if not self._exchange.has.get("watchTrades"):
            raise SettingsError(f"ccxt has no stream of trades of {venue}; choose another venue")
        try:
            markets = await self._exchange.load_markets()
        except self._errors.BaseError as error:
            raise ExchangeUnavailable(
                f"{venue} cannot be asked for its markets: {error}"
            ) from error
        for market in self._plan.markets:
            if market not in markets:
                raise SettingsError(
                    f"{venue} has no market {market!r}; name one that it has, such as"
                    f" {next(iter(markets), 'BTC/USD')}"
                )
        for market, subject in zip(
            dict.fromkeys(self._plan.markets), self._plan.subjects, strict=True
        ):
            since_ms = self._begin(subject).at_ms
            line = _Line(market=market, subject=subject, since_ms=since_ms)
            self._watching.append(asyncio.create_task(self._watch(line)))

    async def _end(self) -> None:
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await self._exchange.close()

    async def _watch(self, line: _Line) -> None:
        attempt = 0
        untold: Sequence[Mapping[str, Any]] | None = None
        while True:
            try:
                if untold is None:
                    untold = await self._exchange.watch_trades(line.market)
                await self._tell(line, untold)
                attempt, untold = 0, None
            except self._errors.BaseError as error:
                if isinstance(error, tuple(getattr(self._errors, name) for name in _FATAL)):
                    raise SettingsError(
                        f"{self._plan.venue} does not stream {line.market}: {error}"
                    ) from None
                line.is_caught_up = False
                attempt += 1
                pause = self._timing.pause_before(attempt)
                _LOG.warning(
                    "the stream of %s broke (%s: %s); going on in %.0f s",
                    line.market,
                    type(error).__name__,
                    error,
                    pause,
                )
                await asyncio.sleep(pause)

    async def _tell(self, line: _Line, trades: Sequence[Mapping[str, Any]]) -> None:
        """Waits while too much waits already. After an error nothing of it has gone on."""
        if len(trades) >= _CACHED:
            line.is_caught_up = False
        past: list[Mapping[str, Any]] = []
        if not line.is_caught_up and line.since_ms:
            past = await self._past(line, int(trades[0]["timestamp"] or 0))
        told = line.remembered.new(in_our_words(line.subject.symbol, [*past, *trades]))
        line.is_caught_up = True
        if told:
            await self._arrived.put((line.subject, told))
            line.since_ms = max(line.since_ms, told[-1].at_ms)

    async def _past(self, line: _Line, until_ms: int) -> list[Mapping[str, Any]]:
        """The trades since the last one. Whether that is all of them, only its overlap shows."""
        found: list[Mapping[str, Any]] = []
        since_ms = line.since_ms
        for _ in range(_MOST_PAGES if self._exchange.has.get("fetchTrades") else 0):
            page = await self._exchange.fetch_trades(line.market, since_ms, _PAGE)
            found += page
            last_ms = max((int(trade["timestamp"] or 0) for trade in page), default=0)
            if last_ms >= until_ms or last_ms <= since_ms:
                break
            since_ms = last_ms
        first_ms = min((int(trade["timestamp"] or 0) for trade in found), default=until_ms)
        if first_ms > line.since_ms:
            _LOG.warning(
                "%s: whether there were trades between %d and %d ms cannot be found out",
                line.market,
                line.since_ms,
                first_ms,
            )
        return found
