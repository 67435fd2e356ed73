"""All that a bot gets, and the only way by which its wishes leave."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from operator import eq
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.candles import length_ms, moment
from chalicelib.domain.bots.desk import Desk, OpenOrder
from chalicelib.domain.bots.dice import dice_for
from chalicelib.domain.bots.indicators_of import IndicatorsOf
from chalicelib.domain.bots.intent import numbers_of
from chalicelib.domain.bots.lines import Crossing
from chalicelib.domain.bots.market import Market
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.tracks import Tracks
from chalicelib.domain.bots.views import Views

_MOST_PLOTS: Final = 50
_MOST_LOGS: Final = 10_000
_LONGEST_LOG: Final = 1_000


class LogLine(NamedTuple):
    """`at` is the start of the candle in ms."""

    at: int
    text: str


class Plot(NamedTuple):
    """`panel` is price or a name of the bot's own; `start` of the candles, and a value for each."""

    name: str
    panel: str
    start: list[int]
    values: list[float | None]


class Context(IndicatorsOf):
    """A bot with one instrument reads its prices here; a portfolio's are at `ctx["ETH/USDT"]`."""

    __slots__ = (
        "_panels",
        "_plots",
        "_views",
        "candle_ms",
        "cash",
        "crossings",
        "desk",
        "logs",
        "params",
        "random",
        "state",
    )

    def __init__(self, setup: Setup, views: Views) -> None:
        names = setup.instruments
        super().__init__(names[0] if len(names) == 1 else "", setup.bot.warmup)
        self._markets = {name: Market(name, setup.bot.warmup) for name in names}
        self._only = self.symbol
        if not setup.bot.together:
            self._markets = {names[0]: self}
        else:
            del self.position, self.average_price  # see `lacks`
        self.candle_ms = length_ms(setup.interval)
        self._views = views
        self.desk: Desk | None = None
        self._plots: dict[str, tuple[list[int], list[float | None]]] = {}
        self._panels: dict[str, str] = {}
        self.tracks = Tracks(setup.interval)
        self.is_starting = True
        self.crossings: tuple[Crossing, ...] = ()
        self.intents = []
        self.orders_made = 0
        self.cash = 0.0
        self.logs: list[LogLine] = []
        self.params: Mapping[str, float] = setup.parameters
        self.random = dice_for(setup.seed, setup.on)
        self.state: dict[str, Any] = {}

    def __getitem__(self, symbol: str) -> Market:
        return self._markets[self._named(symbol)]

    def lacks(self, word: str) -> str:
        """Of a portfolio, no instrument is the one that is meant."""
        if self.is_starting:
            return f"ctx.{word} is asked for in start: there is no candle yet"
        first = next(iter(self._markets))
        return f'ctx.{word} of which instrument? Say ctx["{first}"].{word}'

    @property
    def markets(self) -> Mapping[str, Market]:
        """All instruments of the bot, by their symbols."""
        return dict(self._markets)

    @property
    def now(self) -> datetime:
        """When the candle closed, UTC."""
        return moment(self.start + self.candle_ms)

    @property
    def equity(self) -> float:
        """Cash, and the positions at the last close."""
        held = self.cash
        for market in self._markets.values():
            if market.position:
                held += market.position * market.close
        return held

    @property
    def open_orders(self) -> tuple[OpenOrder, ...]:
        """What was ordered earlier and waits."""
        return () if self.desk is None else self.desk.open_orders()

    @property
    def analytics(self) -> Any:
        """What the analysis had stored by the candle's close; None before the first."""
        return self._views.analytics.as_of(self.start + self.candle_ms)

    @property
    def ranking(self) -> Any:
        """The ranking as it was stored by then."""
        return self._views.ranking.as_of(self.start + self.candle_ms)

    @property
    def universe(self) -> Any:
        """The symbols that were watched by then."""
        return self._views.universe.as_of(self.start + self.candle_ms)

    def only_when(self, *crossings: Crossing) -> None:
        """Said in start: `on_candle` is called at candles with one of these, and at no others.

        A backtest and a sweep are many times faster for it. Orders that wait meet every candle.
        """
        if not self.is_starting:
            raise BotRefused("ctx.only_when is said in start, before there is a candle")
        if self._only == "":
            raise BotRefused("ctx.only_when: a bot with several instruments decides at every close")
        if not crossings or not all(isinstance(each, Crossing) for each in crossings):
            raise BotRefused("ctx.only_when takes crossings, such as self.fast.crosses(self.slow)")
        self.crossings += crossings

    def log(self, text: object) -> None:
        """A line in the bot's log, at most 1,000 characters."""
        if len(self.logs) < _MOST_LOGS:
            self.logs.append(LogLine(self.start, str(text)[:_LONGEST_LOG]))
        elif len(self.logs) == _MOST_LOGS:
            self.logs.append(LogLine(self.start, f"more than {_MOST_LOGS} lines: no more is kept"))

    def plot(self, name: str, value: float | None, panel: str = "price") -> None:
        """A point of the curve `name` at this candle; None leaves it out."""
        try:
            starts, values = self._plots[name]
        except KeyError:
            starts, values = self._new_plot(name, panel)
        starts.append(self.start)
        values.append(value)

    def plots(self) -> list[Plot]:
        """All curves; what is no number is None. Of two points at one candle the later counts."""
        drawn = []
        for name, (starts, values) in self._plots.items():
            if any(map(eq, starts, islice(starts, 1, None))):
                last = dict(zip(starts, values, strict=True))
                drawn.append(Plot(name, self._panels[name], list(last), numbers_of(last.values())))
            else:
                drawn.append(Plot(name, self._panels[name], list(starts), numbers_of(values)))
        return drawn

    def _new_plot(self, name: str, panel: str) -> tuple[list[int], list[float | None]]:
        if {type(name), type(panel)} != {str}:
            raise BotRefused(f"plot({name!r}, panel={panel!r}): both are texts")
        if len(self._plots) >= _MOST_PLOTS:
            raise BotRefused(f"plot({name!r}): there are {_MOST_PLOTS} curves already")
        self._panels[name] = panel
        return self._plots.setdefault(name, ([], []))
