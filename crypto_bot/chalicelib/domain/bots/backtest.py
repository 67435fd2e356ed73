"""A bot over the past: the same session that runs it live, on a virtual desk (see `fill_model`)."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.bots.candles import Candles, length_ms, missing
from chalicelib.domain.bots.charts import curves
from chalicelib.domain.bots.context import LogLine, Plot
from chalicelib.domain.bots.desk import Bar
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.paper_desk import AfterFill, Denied, FinerBars, PaperDesk
from chalicelib.domain.bots.paper_ledger import PaperFill, RoundTrip
from chalicelib.domain.bots.paper_sizing import Sizing
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.session import Session
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.tracks import Shared
from chalicelib.domain.bots.views import Views
from chalicelib.domain.money import exact_arithmetic

if TYPE_CHECKING:
    from chalicelib.domain.trading.instrument import Instrument


class Terms(NamedTuple):
    """What the virtual account is like; cash in quote, instruments by their symbols.

    `finer` are candles of a smaller interval: where there are some, they say which price of a
    candle came first.
    """

    instruments: Mapping[str, "Instrument"]
    cash: Decimal
    costs: Costs = Costs()
    allows_short: bool = False
    finer: Mapping[str, Candles] = {}


class Backtest(NamedTuple):
    """`equity` is one value for each of `start`, at that candle's close; `positions` are not sold.

    `missing` counts the candles that the series have gaps for.
    """

    start: list[int]
    equity: list[float]
    fills: list[PaperFill]
    round_trips: list[RoundTrip]
    denied: list[Denied]
    cash: Decimal
    positions: dict[str, Decimal]
    logs: list[LogLine]
    plots: list[Plot]
    state: dict[str, Any]
    missing: int


def backtest(
    setup: Setup,
    candles: Mapping[str, Candles],
    terms: Terms,
    views: Views | None = None,
    shared: Shared | None = None,
) -> Backtest:
    """`candles` are checked ones (`check_candles`). `shared` is for runs on the very same candles:
    each indicator is computed by the first of them."""
    run = BacktestRun(setup, terms, views)
    run.feed(candles, shared)
    return run.result()


class BacktestRun:
    """A backtest that is fed piece by piece: a chart that grows, a progress bar that moves.

    It begins with nothing on its account, with a `state` too.
    """

    def __init__(
        self,
        setup: Setup,
        terms: Terms,
        views: Views | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        lacking = [symbol for symbol in setup.instruments if symbol not in terms.instruments]
        if lacking:
            raise BotRefused(f"the steps and minimums of {lacking[0]} are missing")
        self.setup = setup
        self.session = Session(setup, views or Views(), state)
        instruments = {symbol: terms.instruments[symbol] for symbol in setup.instruments}
        self.desk = PaperDesk(
            self.session.ctx,
            instruments,
            terms.cash,
            Sizing(instruments, terms.costs, allows_short=terms.allows_short),
            _finer_bars(terms.finer, length_ms(setup.interval)) if terms.finer else None,
        )
        self._cash = float(terms.cash)
        self._start: list[int] = []
        self._closes: list[float] = []
        self._missing = 0

    def feed(self, candles: Mapping[str, Candles], shared: Shared | None = None) -> None:
        """Candles that follow those given before."""
        with exact_arithmetic():
            self.session.advance(candles, self.desk, shared)
        for series in candles.values():
            self._missing += missing(self.setup.interval, series.start)
        if not self.setup.bot.together:
            for series in candles.values():
                self._start += series.start
                self._closes += series.close

    def result(self) -> Backtest:
        """As it stands."""
        desk, ledger = self.desk, self.desk.ledger
        if self.setup.bot.together:
            start, equity = desk.marked, desk.equity
        else:
            start = self._start
            equity = _equity(start, self._closes, self._cash, desk.after_fills)
        return Backtest(
            start=start,
            equity=equity,
            fills=ledger.fills,
            round_trips=ledger.round_trips,
            denied=desk.denied,
            cash=ledger.cash,
            positions={symbol: held.quantity for symbol, held in ledger.holdings.items()},
            logs=self.session.ctx.logs,
            plots=curves(self.session),
            state=self.session.state(),
            missing=self._missing,
        )


def _equity(
    start: Sequence[int], closes: Sequence[float], cash: float, changes: Sequence[AfterFill]
) -> list[float]:
    """Between two fills cash and position stand still, so the curve is made in such stretches."""
    equity: list[float] = []
    position, done = 0.0, 0
    for at, cash_then, position_then in changes:
        until = bisect_right(start, at, done) - 1
        if until > done:
            equity += _stretch(closes[done:until], cash, position)
            done = until
        cash, position = cash_then, position_then
    return equity + _stretch(closes[done:], cash, position)


def _stretch(closes: Sequence[float], cash: float, position: float) -> list[float]:
    if not position:
        return [cash] * len(closes)
    return [cash + position * close for close in closes]


def _finer_bars(finer: Mapping[str, Candles], length: int) -> FinerBars:
    def within(bar: Bar) -> Sequence[Bar]:
        candles = finer.get(bar.symbol)
        if candles is None:
            return (bar,)
        first = bisect_left(candles.start, bar.start)
        end = bisect_left(candles.start, bar.start + length)
        rows = zip(*candles.between(first, end)[:4], strict=True)
        return [Bar(bar.symbol, *row) for row in rows] or (bar,)

    return within
