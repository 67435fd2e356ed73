"""A bot that has started, on its own side: the engine's code, shown one candle after the other."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

from chalicelib.adapters.sandboxes.messages import drawn, words_of
from chalicelib.domain.bots.bot import make, seal
from chalicelib.domain.bots.candles import Candles, no_candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.desk import OpenOrder
from chalicelib.domain.bots.refusals import BotFailed, BotRefused, failed
from chalicelib.domain.bots.session import plain_state, told
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.tracks import Track, Tracks
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.market.interval import Interval

_SLACK: Final = 1_000
_LONGEST_LOG: Final = 1_000


class _ShownDesk:
    orders: tuple[OpenOrder, ...] = ()

    def open_orders(self) -> tuple[OpenOrder, ...]:
        return self.orders


class _NotedTracks(Tracks):
    """Notes what is declared: the engine declares the same, and computes it."""

    def __init__(self, interval: Interval) -> None:
        super().__init__(interval)
        self.said: Final[list[Any]] = []

    def declare(
        self, kind: str, parameters: Sequence[float], symbol: str, of: str, interval: str
    ) -> Track:
        known = len(self.all)
        track = super().declare(kind, parameters, symbol, of, interval)
        if len(self.all) > known:
            self.said.append([kind, list(parameters), symbol, of, interval])
        return track


class _ShownContext(Context):
    """What was stored by then is given, and what is drawn and logged is taken along."""

    views: Views = Views()
    points: "list[Any]"
    lines: "list[str]"

    @property
    def analytics(self) -> Any:
        return self.views.analytics.as_of(0)

    @property
    def ranking(self) -> Any:
        return self.views.ranking.as_of(0)

    @property
    def universe(self) -> Any:
        return self.views.universe.as_of(0)

    def log(self, text: object) -> None:
        self.lines.append(str(text)[:_LONGEST_LOG])

    def plot(self, name: str, value: float | None, panel: str = "price") -> None:
        super().plot(name, value, panel)
        self.points.append([name, panel, drawn(value)])


_ShownContext.__name__ = Context.__name__  # in what its author is told


class ShownBot:
    """A bot that has started: the same code as in the engine, shown one candle after the other."""

    def __init__(self, setup: Setup, dice: int) -> None:
        self._reach = max(1, setup.bot.warmup)
        self._ctx = ctx = _ShownContext(setup, Views())
        ctx.points, ctx.lines, ctx.random.position = [], [], dice
        ctx.tracks = self.tracks = _NotedTracks(setup.interval)
        self._desk = _ShownDesk()
        ctx.desk = cast("Any", self._desk)  # what a bot may ask it for
        self._candles: dict[str, Candles] = {symbol: no_candles() for symbol in setup.instruments}
        self._name = setup.name
        self._state: Any = None
        self._bot = make(setup)
        try:
            self._bot.start(ctx)
            seal(self._bot)
        except (Exception, SystemExit) as error:
            raise self._failed(error, "start", None) from error
        self.tracks.close()
        ctx.is_starting = False
        self._lines = [line for track in self.tracks.all.values() for line in track.lines]

    def candle(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        ctx = self._ctx
        self._show(asked)
        if ctx.crossings and not any(crossing.has_happened() for crossing in ctx.crossings):
            return self.result()
        try:
            self._bot.on_candle(ctx)
        except (Exception, SystemExit) as error:
            raise self._failed(error, "on_candle", ctx.start) from error
        return self.result()

    def result(self) -> dict[str, Any]:
        """What has come of it since it was asked last."""
        ctx = self._ctx
        said: dict[str, Any] = {"random": ctx.random.position}
        state = plain_state(self._name, ctx.state)
        if state != self._state:
            self._state = said["state"] = state
        if ctx.intents:
            said["orders"] = [words_of(intent) for intent in ctx.intents]
            ctx.intents.clear()
        if ctx.points:
            said["points"], ctx.points = ctx.points, []
        if ctx.lines:
            said["logs"], ctx.lines = ctx.lines, []
        return said

    def _show(self, asked: Mapping[str, Any]) -> None:
        ctx = self._ctx
        if "state" in asked:
            ctx.state, ctx.random.position = asked["state"], asked["random"]
            ctx.orders_made = asked["made"]
            self._state = plain_state(self._name, ctx.state)
        if "views" in asked:
            ctx.views = Views(*(Timeline([(0, view)]) for view in asked["views"]))
        for line, value, previous in zip(
            self._lines, asked["values"], asked["previous"], strict=True
        ):
            line.value, line.previous = value, previous
        for symbol, is_fresh, position, average, columns in asked["markets"]:
            market = ctx.markets[symbol]
            candles = self._longer(symbol, columns) if columns else self._candles[symbol]
            market.show(candles, len(candles.start) - 1)
            market.start, market.close = candles.start[-1], candles.close[-1]
            market.is_fresh, market.position, market.average_price = is_fresh, position, average
        ctx.start, ctx.cash = asked["start"], asked["cash"]
        self._desk.orders = tuple(
            OpenOrder(*order[:4], *(p if p is None else Decimal(p) for p in order[4:]))
            for order in asked["orders"]
        )

    def _longer(self, symbol: str, columns: list[Any]) -> Candles:
        candles = self._candles[symbol]
        if len(candles.start) > self._reach + _SLACK:
            count = len(candles.start)
            candles = self._candles[symbol] = candles.between(count - self._reach, count)
        kept: Any = candles
        for column, more in zip(kept, columns, strict=True):
            column.extend(more)
        return candles

    def _failed(self, error: BaseException, method: str, start: int | None) -> Exception:
        if isinstance(error, SystemExit):
            return BotFailed(f"{self._name}.{method}: SystemExit: {error}")
        if isinstance(error, MemoryError) or not isinstance(error, Exception):
            return MemoryError()
        sentence = told(error, self._bot, method, start)
        if isinstance(sentence, BotFailed | BotRefused):
            return sentence
        return failed(sentence, where=f"{self._name}.{method}", file="")
