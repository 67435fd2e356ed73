"""A sweep as it is handed to somebody else, who may not be let near the bot's own code."""

from array import array
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.sweep_trial import MOST_KEPT, Trials
from chalicelib.domain.bots.sweep_windows import Span, cut, starts_of
from chalicelib.domain.bots.views import Views
from chalicelib.domain.market.interval import Interval

_KINDS: Final = "qddddd"  # of a candle's columns, in the machine's own numbers


class BotText(NamedTuple):
    """A bot in a file of its user's own. `file` is as it was typed: mistakes are said of it."""

    source: str
    file: str


class Asked(NamedTuple):
    """All that its trials have in common. `text` is None for a bot that comes with the program.

    `bot` is its name, in `text` the class's; '' for the only one there is. The terms have no finer
    candles, as a sweep's have not.
    """

    bot: str
    text: BotText | None
    instruments: Sequence[str]
    interval: Interval
    warmup: int
    candles: Mapping[str, Candles]
    terms: Terms
    views: Views | None

    def on(self, span: Span) -> "Asked":
        """With no more candles than are seen by a trial on this part of them."""
        seen = cut(self.candles, starts_of(self.candles), span, self.warmup)
        return self._replace(candles=seen)


def asked_of(trials: Trials, bot: str, text: BotText | None = None) -> Asked:
    """What these trials are of."""
    setup = trials.setup
    return Asked(
        bot=bot,
        text=text,
        instruments=setup.instruments,
        interval=setup.interval,
        warmup=setup.bot.warmup,
        candles=trials.candles,
        terms=trials.terms,
        views=trials.views,
    )


def trials_of(asked: Asked, bot: type[Bot], most_kept: int = MOST_KEPT) -> Trials:
    """The trials again, where `bot` may run."""
    (setup,) = set_up(bot, instruments=asked.instruments, interval=asked.interval.value)
    return Trials(setup, asked.candles, asked.terms, asked.views, most_kept)


def packed_candles(asked: Asked) -> bytes:
    """Of all instruments in their order, column by column."""
    parts: list[bytes] = []
    for symbol in asked.instruments:
        columns: Any = asked.candles[symbol]
        parts += [array(kind, each).tobytes() for kind, each in zip(_KINDS, columns, strict=True)]
    return b"".join(parts)


def unpacked_candles(
    symbols: Sequence[str], lengths: Sequence[int], numbers: bytes
) -> dict[str, Candles]:
    """The same again; `lengths` are how many candles each has."""
    found, place = {}, 0
    for symbol, length in zip(symbols, lengths, strict=True):
        columns: list[list[Any]] = []
        for kind in _KINDS:
            column = array(kind)
            end = place + length * column.itemsize
            column.frombytes(numbers[place:end])
            columns.append(column.tolist())
            place = end
        found[symbol] = Candles(*columns)
    return found


def lengths_of(asked: Asked) -> tuple[int, ...]:
    """How many candles there are of each."""
    return tuple(len(asked.candles[symbol].start) for symbol in asked.instruments)
