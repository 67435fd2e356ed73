"""An indicator by its name, fed with whole candles: `macd:12:26:9` -> three columns.

The parameters follow the name in the order of the constructor; those left out are the usual ones.
"""

import re
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple, NoReturn

from chalicelib.domain.bots.indicators.averages import EMA, RMA, SMA, WMA
from chalicelib.domain.bots.indicators.indicator import Indicator, State
from chalicelib.domain.bots.indicators.oscillators import MACD, ROC, RSI, Stochastic
from chalicelib.domain.bots.indicators.patterns import PATTERNS
from chalicelib.domain.bots.indicators.ranges import ATR, Bollinger, Donchian, Keltner, StdDev
from chalicelib.domain.bots.indicators.trends import ADX, PSAR, Ichimoku, Supertrend
from chalicelib.domain.bots.indicators.volumes import OBV, VWAP

KINDS: Final[Mapping[str, type[Indicator]]] = {
    **{
        kind.__name__.lower(): kind
        for kind in (
            *(SMA, EMA, WMA, RMA),
            *(RSI, MACD, Stochastic, ROC),
            *(StdDev, Bollinger, ATR, Keltner, Donchian),
            *(ADX, Supertrend, PSAR, Ichimoku),
            *(VWAP, OBV),
        )
    },
    **PATTERNS,
}
_NUMBER: Final = r"[0-9]{1,6}(\.[0-9]{1,6})?"


class Prices(NamedTuple):
    """A candle as indicators take it; `day` is the number of its UTC day."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    day: int


class NamedIndicator:
    """`name` is whole, with every parameter; `columns` begin with it."""

    def __init__(self, text: str) -> None:
        """ValueError for a name that there is not, or parameters that do not fit it."""
        made = _made(text)
        given = [getattr(made, name) for name in made.parameters]
        self.name: Final = ":".join([text.partition(":")[0], *(f"{value:g}" for value in given)])
        base = self.name.replace(":", "_").replace(".", "p")
        parts = getattr(made.made_of, "_fields", ())
        self.columns: Final = tuple(f"{base}_{part}" for part in parts) or (base,)
        self._is_composed = bool(parts)
        self._inputs = itemgetter(*(Prices._fields.index(name) for name in made.inputs))
        self._takes_one = len(made.inputs) == 1
        self._hold(made)

    def update(self, prices: Prices) -> Iterable[float | None]:
        """What stands in the columns after this candle."""
        taken = self._inputs(prices)
        value = self._update(taken) if self._takes_one else self._update(*taken)
        if self._is_composed:
            return (None,) * len(self.columns) if value is None else value
        return (value,)

    def state(self) -> State:
        """See `Indicator.state`."""
        return self._indicator.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._hold(type(self._indicator).from_state(state))

    def _hold(self, indicator: Indicator) -> None:
        self._indicator = indicator
        self._update: Any = getattr(indicator, "update")  # noqa: B009 - each takes its own inputs


def _made(text: str) -> Indicator:
    name, *given = text.split(":")
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"there is no indicator {name!r}; there are {', '.join(sorted(KINDS))}")
    if len(given) > len(kind.parameters):
        _refuse(text, kind)
    try:
        return kind(*(_number(number) for number in given))
    except ValueError as error:
        raise ValueError(f"{text}: {error}") from None


def _number(text: str) -> float:
    if not re.fullmatch(_NUMBER, text):
        raise ValueError(f"{text!r} is no number such as 20 or 2.5")
    return float(text) if "." in text else int(text)


def _refuse(text: str, kind: type[Indicator]) -> NoReturn:
    takes = ", ".join(kind.parameters) or "no parameters"
    raise ValueError(f"{text} has too many parameters; it takes {takes}")
