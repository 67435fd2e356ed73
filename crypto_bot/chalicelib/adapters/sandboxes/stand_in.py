"""What the engine has of a bot in a process of its own: a class that asks over there."""

from collections import OrderedDict
from typing import Any, ClassVar, Final, Protocol

from chalicelib.adapters.sandboxes.child import MOST_RUNS
from chalicelib.adapters.sandboxes.messages import (
    ask,
    listed,
    mapped,
    number,
    plain,
    row,
    text,
    whole,
    word,
)
from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.candles import length_ms, moment
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.lines import Line
from chalicelib.domain.bots.parameters import Param
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.market.interval import Interval

_MOST: Final = 200  # instruments, parameters, indicators
_MOST_POINTS: Final = 1_000
_LARGEST: Final = 2**64


class Asked(Protocol):
    """Who answers for a bot: a process here, or a function. Mistakes are said of its `name`.

    `begun` counts how often it was begun: what one knew, the next does not know.
    """

    @property
    def name(self) -> str: ...

    @property
    def begun(self) -> int: ...

    def begin(self) -> None:
        """Unless it runs."""
        ...

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """What it answers; BotFailed or BotRefused where it says so, or does not answer in time."""
        ...


class _Source:
    """A source as it was run once, over there."""

    def __init__(self, process: Asked, source: str) -> None:
        self.process: Final = process
        self._runs: Final[OrderedDict[int, _Shown]] = OrderedDict()
        self._source = source
        self._bot = 0
        self._begun = 0

    def load(self) -> dict[str, Any]:
        """Run it. BotRefused or BotFailed name the line."""
        process = self.process
        process.begin()
        asked = {"do": "bot", "source": self._source, "name": process.name}
        said = process.ask(asked)
        self._bot, self._begun = whole("bot", said.get("bot"), _LARGEST), process.begun
        self._runs.clear()
        return said

    def begin(self, message: dict[str, Any]) -> dict[str, Any]:
        """A run of its bot, there again where the process had ended."""
        self.process.begin()
        if self._begun != self.process.begun:
            self.load()
        return self.process.ask({"do": "start", "bot": self._bot, **message})

    def keep(self, said: dict[str, Any], shown: "_Shown") -> int:
        """The number of a run that has started."""
        run = whole("run", said.get("run"), _LARGEST)
        self._runs[run] = shown
        if len(self._runs) > MOST_RUNS:
            self._runs.popitem(last=False)
        return run

    def shown(self, run: int) -> "_Shown":
        """BotFailed where it ended with its process."""
        if run not in self._runs:
            raise BotFailed(f"{self.process.name}: its process has ended")
        return self._runs[run]


class _Shown:
    """What of a run the other side knows already."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines: Final = lines
        self.is_shown = False
        self.views: list[Any] = [None, None, None]


class StandIn(Bot):
    """Decides nothing: at each candle it shows what a bot may see, and asks what it wants."""

    _source: ClassVar[_Source]

    def start(self, ctx: Context) -> None:
        """Let it start there, and declare here what it declared."""
        kind, name = type(self), type(self).__name__
        source = kind._source  # noqa: SLF001 - of its own class
        try:
            said = source.begin(
                {
                    "instruments": list(ctx.markets),
                    "interval": next(i for i in Interval if length_ms(i) == ctx.candle_ms),
                    "parameters": dict(ctx.params),
                    "random": ctx.random.position,
                }
            )
            lines: list[Line] = []
            for track in listed("tracks", said.get("tracks"), _MOST):
                _declare(ctx, track)
            for declared in ctx.tracks.all.values():
                lines += declared.lines
            self._run = source.keep(said, _Shown(lines))
            _take(ctx, said)
        except BotRefused as error:
            raise BotFailed(f"{name}.start: {error}") from None

    def on_candle(self, ctx: Context) -> None:
        """Take over what it decides."""
        kind = type(self)
        source = kind._source  # noqa: SLF001 - of its own class
        try:
            shown = source.shown(self._run)
            said = source.process.ask(_shown(ctx, shown, self._run, kind))
            shown.is_shown = True
            _take(ctx, said)
            for order in listed("orders", said.get("orders", []), _MOST):
                ask(ctx, order)
        except BotRefused as error:
            at = f"{moment(ctx.start):%Y-%m-%d %H:%M}"
            raise BotFailed(f"{kind.__name__}.on_candle at the candle of {at}: {error}") from None


def stand_in(process: Asked, source: str, base: type[StandIn] = StandIn) -> type[Bot]:
    """Of a source that is run there now, with all that its class says of itself."""
    run = _Source(process, source)
    said = run.load()
    warmup = said.get("warmup")
    return type(
        word("name", said.get("name")),
        (base,),
        {
            **dict(
                _parameter(base, each)
                for each in listed("parameters", said.get("parameters"), _MOST)
            ),
            "_source": run,
            "warmup": warmup if type(warmup) is int else -1,
            "together": said.get("together") is True,
            "interval": text("interval", said.get("interval")),
            "instruments": tuple(
                text("an instrument", symbol)
                for symbol in listed("instruments", said.get("instruments"), _MOST)
            ),
        },
    )


def _parameter(base: type[StandIn], said: object) -> tuple[str, Param]:
    name, default, low, high, step = row("a parameter", said, 5)
    if hasattr(base, word("the parameter", name)):
        raise BotRefused(f"the parameter {name} of the answer is a word of every bot")
    default, low, high = (number(name, each) for each in (default, low, high))
    return name, Param(default, low, high, None if step is None else number(name, step))


def _declare(ctx: Context, track: object) -> None:
    kind, parameters, symbol, of, interval = row("an indicator", track, 5)
    given = [number("parameter", each) for each in listed("parameters", parameters, 10)]
    ctx.indicator(
        text("kind", kind),
        *given,
        symbol=text("symbol", symbol),
        of=text("of", of),
        interval=text("interval", interval),
    )


def _shown(ctx: Context, shown: _Shown, run: int, kind: type[Bot]) -> dict[str, Any]:
    is_first = not shown.is_shown
    said: dict[str, Any] = {
        "do": "candle",
        "run": run,
        "start": ctx.start,
        "cash": ctx.cash,
        "orders": [
            [*order[:4], *(None if price is None else str(price) for price in order[4:])]
            for order in ctx.open_orders
        ],
        "values": [line.value for line in shown.lines],
        "previous": [line.previous for line in shown.lines],
        "markets": [
            [symbol, m.is_fresh, m.position, m.average_price, _columns(m, kind, is_first=is_first)]
            for symbol, m in ctx.markets.items()
            if m.has_price
        ],
    }
    if is_first:
        said["state"], said["random"] = ctx.state, ctx.random.position
        said["made"] = ctx.orders_made
    views = [ctx.analytics, ctx.ranking, ctx.universe]
    if any(new is not old for new, old in zip(views, shown.views, strict=True)):
        shown.views, said["views"] = views, [plain(view) for view in views]
    return said


def _columns(market: Any, kind: type[Bot], *, is_first: bool) -> list[Any] | None:
    if is_first and kind.warmup:
        history = market.history(kind.warmup)
        return [
            *(history.start, history.open, history.high),
            *(history.low, history.close, history.volume),
        ]
    if not is_first and kind.together and not market.is_fresh:
        return None
    row = (market.start, market.open, market.high, market.low, market.close, market.volume)
    return [[value] for value in row]


def _take(ctx: Context, said: dict[str, Any]) -> None:
    """State, dice, curves and log, as it has left them."""
    ctx.random.position = whole("random", said.get("random"), _LARGEST)
    if "state" in said:
        ctx.state = mapped("state", said["state"])
    for point in listed("points", said.get("points", []), _MOST_POINTS):
        name, panel, value = row("a point", point, 3)
        drawn = None if value is None else number(f"the value of {name!r:.80}", value)
        ctx.plot(text("the curve", name), drawn, panel=text("panel", panel))
    for line in listed("logs", said.get("logs", []), _MOST_POINTS):
        if not isinstance(line, str):
            raise BotRefused("a line of the log is no text")
        ctx.log(line)
