"""A backtest in a page: asked for in JSON, gone through piece by piece, answered in JSON.

This file and those that it imports, the same that run everywhere else, are all that is brought to
the page. A browser has no rankings and analyses: a bot that asks for them is told so.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import ceil
from typing import Any, Final, NoReturn, Protocol

from chalicelib.adapters.bot_files import bot_of
from chalicelib.domain.bots.backtest import Backtest, BacktestRun, Terms
from chalicelib.domain.bots.backtest_report import report_of
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles, check_candles, missing
from chalicelib.domain.bots.charts import indicator_curves
from chalicelib.domain.bots.context import Plot
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.usual_terms import USUAL_FEE, usual_instruments
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.errors import CryptoBotError
from chalicelib.reports.backtest_chart import backtest_chart

_PIECES: Final = 100
_SMALLEST_PIECE: Final = 500
_WHERE: Final = {"field": "", "line": 0}
_MOST_SLIPPAGE: Final = Decimal(10_000)


class Column(Protocol):
    """Of numbers, as the page's typed arrays are once they are here."""

    def tolist(self) -> list[float]:
        """As the engine reads them."""
        ...


class WordRefused(CryptoBotError):
    """What was asked for cannot be; `field` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def run(
    asked: str, columns: Mapping[str, Sequence[Column]], moved: Callable[[int, int], object]
) -> str:
    """`asked` has `source`, `name`, `venue`, `interval`, `instruments`, and what POST backtests
    takes of an account; `columns` of each instrument are start in ms, open, high, low, close,
    volume. `moved` is told how many candles are done, of how many, before each piece.

    The answer has `chart`, as the program keeps it, or `error` with `field` or `line`, or, where
    the bot asks for what is not here, `elsewhere`.
    """
    views = _Absent()
    answer: dict[str, Any]
    try:
        answer = {"chart": _chart(json.loads(asked), columns, views, moved)}
    except CryptoBotError as error:
        where = {name: getattr(error, name, usual) for name, usual in _WHERE.items()}
        answer = {"error": str(error), **where}
    if views.asked_for:
        answer = {"elsewhere": views.asked_for}
    return json.dumps(answer, ensure_ascii=False)


def _chart(
    words: Mapping[str, Any],
    columns: Mapping[str, Sequence[Column]],
    views: "_Absent",
    moved: Callable[[int, int], object],
) -> dict[str, Any]:
    [setup, *more] = set_up(
        bot_of(words["source"], words["name"]),
        instruments=words.get("instruments", ()),
        interval=words.get("interval", ""),
        parameters=words.get("parameters"),
    )
    if more:
        raise WordRefused("instruments", "one instrument is tried at a time; choose one")
    candles = {symbol: _candles(setup, symbol, columns[symbol]) for symbol in setup.instruments}
    terms = _terms(setup, words)
    test = _tested(setup, candles, terms, views.as_views(), moved)
    return backtest_chart(report_of(setup, words["venue"], candles, terms, test))


def _tested(
    setup: Setup,
    candles: Mapping[str, Candles],
    terms: Terms,
    views: Views,
    moved: Callable[[int, int], object],
) -> Backtest:
    test = BacktestRun(setup, terms, views)
    curves: dict[tuple[str, str], Plot] = {}
    for done, total, piece in _pieces(candles):
        moved(done, total)
        test.feed(piece)
        for curve in indicator_curves(test.session):
            drawn = curves.setdefault(curve[:2], Plot(*curve[:2], [], []))
            drawn.start.extend(curve.start)
            drawn.values.extend(curve.values)
    return test.result()._replace(
        plots=[*test.session.ctx.plots(), *curves.values()],
        missing=sum(missing(setup.interval, series.start) for series in candles.values()),
    )


def _pieces(candles: Mapping[str, Candles]) -> Iterator[tuple[int, int, dict[str, Candles]]]:
    """All of the same stretch of time; how many closes there are before it, and in all."""
    starts = sorted({start for series in candles.values() for start in series.start})
    size = max(_SMALLEST_PIECE, ceil(len(starts) / _PIECES))
    taken = dict.fromkeys(candles, 0)
    for first in range(0, len(starts), size):
        last = starts[min(first + size, len(starts)) - 1]
        piece = {}
        for symbol, series in candles.items():
            begin = end = taken[symbol]
            while end < len(series.start) and series.start[end] <= last:
                end += 1
            piece[symbol] = series.between(begin, end)
            taken[symbol] = end
        yield first, len(starts), piece


def _candles(setup: Setup, symbol: str, columns: Sequence[Column]) -> Candles:
    start, *prices = (column.tolist() for column in columns)
    if not start:
        raise WordRefused("instruments", f"there are no candles of {symbol} in this range")
    candles = Candles([int(at) for at in start], *prices)
    check_candles(symbol, setup.interval, candles)
    return candles


def _terms(setup: Setup, words: Mapping[str, Any]) -> Terms:
    """The same account as the program's, where nothing is said of it."""
    cash = _amount("cash", words.get("cash", "10000"))
    if cash <= 0:
        raise WordRefused("cash", f"cash is {cash}; it must be above zero")
    fee = USUAL_FEE if "fee" not in words else _amount("fee", words["fee"])
    if not 0 <= fee < 1:
        raise WordRefused("fee", f"fee is {fee}; it must be a fraction such as 0.001 (0.1 %)")
    slippage = _amount("slippage", words.get("slippage", "0"))
    if not 0 <= slippage < _MOST_SLIPPAGE:
        raise WordRefused("slippage", f"slippage is {slippage}; it must be from 0 to below 10000")
    return Terms(usual_instruments(setup.instruments), cash, Costs(fee, fee, slippage))


def _amount(field: str, text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise WordRefused(field, f"{field} is {text!r}; it must be a number such as 0.5")
    return found


class _Absent:
    """Rankings and analyses that somebody else would have. `asked_for` is the first asked for."""

    def __init__(self) -> None:
        self.asked_for = ""

    def as_views(self) -> Views:
        return Views(*(_Unknown(self, name) for name in Views._fields))


class _Unknown(Timeline):
    __slots__ = ("_known", "_name")

    def __init__(self, known: _Absent, name: str) -> None:
        super().__init__()
        self._known, self._name = known, name

    def as_of(self, ms: int) -> NoReturn:  # noqa: ARG002 - at no time
        """Remembered, since a bot may go on after any error."""
        self._known.asked_for = self._known.asked_for or self._name
        raise BotRefused(f"ctx.{self._name} is not known in the browser")
