"""What a bot holds of an indicator: its value at the closed candle and at the one before."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from chalicelib.domain.bots.refusals import BotRefused


class Line:
    """`value` and `previous` are None until the indicator has seen enough candles.

    Of a larger interval the value changes when one of its candles closes, and `previous` is what
    stood here at the bot's candle before.
    """

    __slots__ = ("name", "previous", "value")

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.value: float | None = None
        self.previous: float | None = None

    # Comparing with None raises, which is rare; to ask first would be paid at every candle.
    def crossed_above(self, other: "Line | float") -> bool:
        """Whether it is above now and was not at the candle before; `other` may be a number."""
        try:
            if type(other) is Line:
                crossed = (
                    self.value > other.value  # type: ignore[operator]
                    and self.previous <= other.previous  # type: ignore[operator]
                )
            else:
                crossed = self.value > other and self.previous <= other  # type: ignore[operator]
        except TypeError:
            return self._unknown(other)
        return crossed

    def crossed_below(self, other: "Line | float") -> bool:
        """Whether it is below now and was not at the candle before; `other` may be a number."""
        try:
            if type(other) is Line:
                crossed = (
                    self.value < other.value  # type: ignore[operator]
                    and self.previous >= other.previous  # type: ignore[operator]
                )
            else:
                crossed = self.value < other and self.previous >= other  # type: ignore[operator]
        except TypeError:
            return self._unknown(other)
        return crossed

    def crosses(self, other: "Line | float") -> "Crossing":
        """When it gets above or below `other`, which may be a number: for `ctx.only_when`."""
        self._unknown(other)
        return Crossing(self, other)

    def _unknown(self, other: object) -> bool:
        """What is not known yet has crossed nothing; with what is no number, nothing can cross."""
        if not isinstance(other, Line | int | float):
            raise BotRefused(f"{self.name} cannot cross {other!r}: a line or a number is meant")
        return False


class Crossing(NamedTuple):
    """A line that gets above or below another one, or a number."""

    line: Line
    other: Line | float

    def has_happened(self) -> bool:
        """At the candle that the lines stand at."""
        return self.line.crossed_above(self.other) or self.line.crossed_below(self.other)


class LineGroup:
    """The lines of an indicator that has several: `ctx.macd().signal.value`."""

    def __init__(self, name: str, lines: Mapping[str, Line]) -> None:
        self.__dict__.update(lines)
        self.__dict__["_name"] = name

    if TYPE_CHECKING:  # at run time it would slow down the lines that there are

        def __getattr__(self, name: str) -> Line: ...

    def explain(self, missing: str) -> str:
        """What to say where a bot asks for a line that there is not."""
        has = ", ".join(key for key in self.__dict__ if key != "_name")
        return f"{self.__dict__['_name']} has no line {missing!r}; it has: {has}"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise BotRefused(f"the line {name} is the engine's: it cannot be set to {value!r}")
