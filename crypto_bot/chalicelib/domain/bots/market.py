"""One instrument as a bot sees it: the candle that has just closed, and what it holds of it."""

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.refusals import BotRefused


class History:
    """The last candles up to the closed one, oldest first; each column is the reader's own list."""

    __slots__ = ("_candles", "_end", "_first")

    def __init__(self, candles: Candles, first: int, end: int) -> None:
        self._candles = candles
        self._first = first
        self._end = end

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def start(self) -> list[int]:
        """When they began, in ms since 1970."""
        return self._candles.start[self._first : self._end]

    @property
    def open(self) -> list[float]:
        """First prices."""
        return self._candles.open[self._first : self._end]

    @property
    def high(self) -> list[float]:
        """Highest prices."""
        return self._candles.high[self._first : self._end]

    @property
    def low(self) -> list[float]:
        """Lowest prices."""
        return self._candles.low[self._first : self._end]

    @property
    def close(self) -> list[float]:
        """Last prices."""
        return self._candles.close[self._first : self._end]

    @property
    def volume(self) -> list[float]:
        """What was traded, in base currency."""
        return self._candles.volume[self._first : self._end]


class Market:
    """`start` of the candle in ms since 1970. `position` is in base currency; below zero is short.

    `is_fresh` says whether the instrument has a candle at this close; without one, the prices are
    those of its last. `average_price` is what the position has cost on average.
    """

    __slots__ = (
        "_candles",
        "_index",
        "_reach",
        "average_price",
        "close",
        "is_fresh",
        "position",
        "start",
        "symbol",
    )

    _candles: Candles
    start: int
    close: float
    position: float
    average_price: float | None
    is_fresh: bool

    def __init__(self, symbol: str, reach: int) -> None:
        self.symbol = symbol
        self._reach = reach
        self._index = -1
        self.position = 0.0
        self.average_price = None
        self.is_fresh = False

    def history(self, count: int) -> History:
        """The last `count` candles with the closed one, or as many as there are."""
        if type(count) is not int or not 1 <= count <= self._reach:
            raise BotRefused(
                f"history({count!r}): it reaches from 1 to {self._reach} candles;"
                " the bot's `warmup` says how far"
            )
        end = self._index + 1
        return History(self._candles, max(0, end - count), end)

    # Looked up only where a bot asks for them: set for every candle, they would cost a tenth of it.
    @property
    def open(self) -> float:
        """First price."""
        return self._candles.open[self._index]

    @property
    def high(self) -> float:
        """Highest price."""
        return self._candles.high[self._index]

    @property
    def low(self) -> float:
        """Lowest price."""
        return self._candles.low[self._index]

    @property
    def volume(self) -> float:
        """What was traded, in base currency."""
        return self._candles.volume[self._index]

    @property
    def has_price(self) -> bool:
        """Whether there has been a candle."""
        return self._index >= 0

    def explain(self, missing: str) -> str:
        """What to say where a bot asks for a word that there is not, or not yet.

        Not `__getattr__`: with that, Python takes twice as long for every other word.
        """
        word = "open" if missing == "_candles" else missing
        if word in {*Market.__slots__, "open"}:
            return self.lacks(word)
        return f"{type(self).__name__} has no {word!r}"

    def lacks(self, word: str) -> str:
        """Why this word means nothing here."""
        return f"{self.symbol} has had no candle yet: there is no {word}"

    def show(self, candles: Candles, last: int) -> None:
        """Candles that `history` may show, up to the one numbered `last`."""
        self._candles = candles
        self._index = last
