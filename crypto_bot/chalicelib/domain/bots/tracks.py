"""The indicators of a bot, computed for whole columns: the bot is shown one value after the other.

The engine computes them, not the bot, and each from the candles before it alone, so to compute
them ahead shows the bot nothing too early, and saves a call for each candle.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.indicators.indicator import Indicator
from chalicelib.domain.bots.indicators.named import KINDS
from chalicelib.domain.bots.larger import Larger
from chalicelib.domain.bots.lines import Line, LineGroup
from chalicelib.domain.bots.packed_column import PackedColumn, pack
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.market.interval import Interval

Column = list[float | None]

_PRICES: Final = ("open", "high", "low", "close", "volume")
_DAY: Final = 86_400_000


class Shared(dict[tuple[str, str], list[Column]]):
    """Columns by the names of indicator and instrument; packed, by those of their lines."""

    def __init__(self) -> None:
        super().__init__()
        self._packed: dict[str, PackedColumn | None] = {}

    def packed(self, line: Line, column: Column) -> PackedColumn | None:
        """The line's column, which is packed once. None where it cannot be."""
        if line.name not in self._packed:
            self._packed[line.name] = pack(column)
        return self._packed[line.name]

    def drop(self, key: tuple[str, str]) -> list[Column]:
        """Forget an indicator's columns, which are given back."""
        name = key[0]
        for line in [line for line in self._packed if f"{line} ".startswith(f"{name} ")]:
            del self._packed[line]
        return self.pop(key)


class Track:
    """One indicator with its lines. `name` says what it is, and is the same for the same."""

    __slots__ = ("handle", "indicator", "inputs", "larger", "lines", "name", "symbol")

    def __init__(
        self, name: str, symbol: str, indicator: Indicator, inputs: Sequence[str], interval: str
    ) -> None:
        self.name: Final = name
        self.symbol: Final = symbol
        self.indicator: Final = indicator
        self.inputs: Final = inputs
        self.larger: Final = interval
        parts: tuple[str, ...] = getattr(indicator.made_of, "_fields", ())
        self.lines: Final = [Line(f"{name} {part}") for part in parts] or [Line(name)]
        self.handle: Line | LineGroup = self.lines[0]
        if parts:
            self.handle = LineGroup(name, dict(zip(parts, self.lines, strict=True)))

    def columns(self, candles: Candles) -> list[Column]:
        """For each line, its value at each of the candles, which follow those given before."""
        inputs = [
            [start // _DAY for start in candles.start] if name == "day" else getattr(candles, name)
            for name in self.inputs
        ]
        over: Any = getattr(self.indicator, "over", None)  # some have a faster way to the same
        update: Any = getattr(self.indicator, "update")  # noqa: B009 - each kind takes its inputs
        values = over(*inputs) if over else list(map(update, *inputs))
        if self.handle is self.lines[0]:
            return [values]
        return [
            [None if value is None else value[place] for value in values]
            for place in range(len(self.lines))
        ]


class Tracks:
    """All that a bot has declared, in the order in which it did."""

    def __init__(self, interval: Interval) -> None:
        self.all: Final[dict[str, Track]] = {}
        self._interval = interval
        self._larger: dict[tuple[str, str], Larger] = {}
        self._is_open = True
        self._said: dict[tuple[Any, ...], Track] = {}

    def close(self) -> None:
        """Nothing more may be declared: it would have missed what came before."""
        self._is_open = False

    def declare(
        self, kind: str, parameters: Sequence[float], symbol: str, of: str, interval: str
    ) -> Track:
        """The same one where the same is declared twice."""
        words = (kind, *parameters, symbol, of, interval)
        known = self._said.get(words)
        if known is not None:
            return known
        said = f"{kind}({', '.join(f'{value!r}' for value in parameters)})"
        if not self._is_open:
            raise BotRefused(f"{said} is not declared: that is done in start, or by `using`")
        indicator = _made(said, kind, parameters)
        inputs = _inputs(said, indicator, of)
        given = [getattr(indicator, name) for name in indicator.parameters]
        name = f"{symbol} {kind}({', '.join(f'{value:g}' for value in given)})"
        name += "" if of == "close" else f" of {of}"
        if interval and interval != self._interval:
            self._make_larger(said, symbol, interval)
            name += f" {interval}"
        else:
            interval = ""
        track = self.all.setdefault(name, Track(name, symbol, indicator, inputs, interval))
        self._said[words] = track
        return track

    def columns(
        self, symbol: str, candles: Candles, shared: Shared | None = None
    ) -> dict[str, list[Column]]:
        """By the indicator's name. `shared` keeps those of equal candles for another bot's run."""
        larger = {
            interval: maker.feed(candles)
            for (of, interval), maker in self._larger.items()
            if of == symbol
        }
        found: dict[str, list[Column]] = {}
        for track in self.all.values():
            if track.symbol != symbol:
                continue
            kept = None if shared is None else shared.get((track.name, symbol))
            if kept is None:
                kept = _column(track, candles, larger)
                if shared is not None:
                    shared[track.name, symbol] = kept
            found[track.name] = kept
        return found

    def state(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "indicators": {
                track.name: [
                    track.indicator.state(),
                    [line.value for line in track.lines],
                ]
                for track in self.all.values()
            },
            "larger": [maker.state() for maker in self._larger.values()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from there. BotRefused where the bot has other indicators than it had then."""
        kept = state["indicators"]
        if list(kept) != list(self.all):
            raise BotRefused(
                f"the bot declares {', '.join(self.all) or 'nothing'}, but what is kept of it has"
                f" {', '.join(kept) or 'nothing'}: begin it anew"
            )
        for name, track in self.all.items():
            indicator, lines = kept[name]
            track.indicator.restore(indicator)
            for line, value in zip(track.lines, lines, strict=True):
                line.value = value  # what was before it, nobody asks for any more
        for maker, held in zip(self._larger.values(), state["larger"], strict=True):
            maker.restore(held)

    def _make_larger(self, said: str, symbol: str, interval: str) -> None:
        if interval not in set(Interval):
            raise BotRefused(f"{said}: interval is {interval!r}; one of {', '.join(Interval)}")
        if (symbol, interval) not in self._larger:
            self._larger[symbol, interval] = Larger(self._interval, Interval(interval))


def _column(
    track: Track, candles: Candles, larger: Mapping[str, tuple[Candles, list[int]]]
) -> list[Column]:
    if not track.larger:
        return track.columns(candles)
    closed, counts = larger[track.larger]
    return [
        [line.value if count == 0 else column[count - 1] for count in counts]
        for line, column in zip(track.lines, track.columns(closed), strict=True)
    ]


def _made(said: str, kind: str, parameters: Sequence[float]) -> Indicator:
    made = KINDS.get(kind)
    if made is None:
        raise BotRefused(f"there is no indicator {kind!r}; there are {', '.join(sorted(KINDS))}")
    if len(parameters) > len(made.parameters):
        takes = ", ".join(made.parameters) or "no parameters"
        raise BotRefused(f"{said} has too many parameters; it takes {takes}")
    try:
        return made(*parameters)
    except ValueError as error:
        raise BotRefused(f"{said}: {error}") from None


def _inputs(said: str, indicator: Indicator, of: str) -> Sequence[str]:
    if of == "close":
        return indicator.inputs
    if of not in _PRICES:
        raise BotRefused(f"{said}: of is {of!r}; it must be one of {', '.join(_PRICES)}")
    if indicator.inputs != ("close",):
        raise BotRefused(f"{said} is computed from {', '.join(indicator.inputs)}, of nothing else")
    return (of,)
