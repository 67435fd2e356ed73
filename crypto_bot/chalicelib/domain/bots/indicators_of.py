"""The indicators that a bot may declare, by the names that traders know them under.

All take `of`, the column that an indicator of the close is computed from instead; `interval`, a
larger one than the bot's own, of which only closed candles count; and `symbol`, where the bot has
several.
"""

from typing import TypedDict, Unpack, cast

from chalicelib.domain.bots.asking import Asking
from chalicelib.domain.bots.lines import Line, LineGroup
from chalicelib.domain.bots.tracks import Track, Tracks


class Where(TypedDict, total=False):
    """Of what the indicator is."""

    of: str
    interval: str
    symbol: str


class IndicatorsOf(Asking):
    """`indicator` has any of them by its name; the rest are the same with their parameters."""

    __slots__ = ("tracks",)

    tracks: Tracks

    def indicator(self, kind: str, *parameters: float, **where: Unpack[Where]) -> Line | LineGroup:
        """Such as `ctx.indicator("rsi", 14)`; parameters left out are the usual ones."""
        return self._track(kind, parameters, where).handle

    def sma(self, length: int = 20, **where: Unpack[Where]) -> Line:
        """Simple moving average."""
        return self._line("sma", (length,), where)

    def ema(self, length: int = 20, **where: Unpack[Where]) -> Line:
        """Exponential moving average."""
        return self._line("ema", (length,), where)

    def wma(self, length: int = 20, **where: Unpack[Where]) -> Line:
        """Weighted moving average."""
        return self._line("wma", (length,), where)

    def rma(self, length: int = 14, **where: Unpack[Where]) -> Line:
        """Wilder's moving average."""
        return self._line("rma", (length,), where)

    def rsi(self, length: int = 14, **where: Unpack[Where]) -> Line:
        """Relative strength index, Wilder's, 0 to 100."""
        return self._line("rsi", (length,), where)

    def roc(self, length: int = 9, **where: Unpack[Where]) -> Line:
        """Rate of change."""
        return self._line("roc", (length,), where)

    def stddev(self, length: int = 20, **where: Unpack[Where]) -> Line:
        """Standard deviation."""
        return self._line("stddev", (length,), where)

    def atr(self, length: int = 14, **where: Unpack[Where]) -> Line:
        """Average true range."""
        return self._line("atr", (length,), where)

    def psar(self, *parameters: float, **where: Unpack[Where]) -> Line:
        """Parabolic stop and reverse: start, increment, maximum."""
        return self._line("psar", parameters, where)

    def vwap(self, **where: Unpack[Where]) -> Line:
        """The day's average price by volume."""
        return self._line("vwap", (), where)

    def obv(self, **where: Unpack[Where]) -> Line:
        """On-balance volume."""
        return self._line("obv", (), where)

    def hammer(self, trend: int = 50, **where: Unpack[Where]) -> Line:
        """1 where the candle is one, otherwise 0; `trend` is how many closes the average has."""
        return self._line("hammer", (trend,), where)

    def inverted_hammer(self, trend: int = 50, **where: Unpack[Where]) -> Line:
        """1 where the candle is one, otherwise 0."""
        return self._line("inverted_hammer", (trend,), where)

    def hanging_man(self, trend: int = 50, **where: Unpack[Where]) -> Line:
        """-1 where the candle is one, otherwise 0."""
        return self._line("hanging_man", (trend,), where)

    def shooting_star(self, trend: int = 50, **where: Unpack[Where]) -> Line:
        """-1 where the candle is one, otherwise 0."""
        return self._line("shooting_star", (trend,), where)

    def macd(self, *parameters: int, **where: Unpack[Where]) -> LineGroup:
        """Fast, slow, signal length."""
        return self._group("macd", parameters, where)

    def bollinger(self, *parameters: float, **where: Unpack[Where]) -> LineGroup:
        """Length and how many deviations."""
        return self._group("bollinger", parameters, where)

    def stochastic(self, *parameters: int, **where: Unpack[Where]) -> LineGroup:
        """The oscillator of that name."""
        return self._group("stochastic", parameters, where)

    def donchian(self, *parameters: int, **where: Unpack[Where]) -> LineGroup:
        """Highest and lowest of a length."""
        return self._group("donchian", parameters, where)

    def keltner(self, *parameters: float, **where: Unpack[Where]) -> LineGroup:
        """Average and bands of true range."""
        return self._group("keltner", parameters, where)

    def adx(self, *parameters: int, **where: Unpack[Where]) -> LineGroup:
        """Directional movement."""
        return self._group("adx", parameters, where)

    def supertrend(self, *parameters: float, **where: Unpack[Where]) -> LineGroup:
        """Trend line and direction."""
        return self._group("supertrend", parameters, where)

    def ichimoku(self, *parameters: int, **where: Unpack[Where]) -> LineGroup:
        """The cloud."""
        return self._group("ichimoku", parameters, where)

    def _line(self, kind: str, parameters: tuple[float, ...], where: Where) -> Line:
        return cast("Line", self._track(kind, parameters, where).handle)

    def _group(self, kind: str, parameters: tuple[float, ...], where: Where) -> LineGroup:
        return cast("LineGroup", self._track(kind, parameters, where).handle)

    def _track(self, kind: str, parameters: tuple[float, ...], where: Where) -> Track:
        symbol = self._named(where.get("symbol", ""))
        return self.tracks.declare(
            kind, parameters, symbol, where.get("of", "close"), where.get("interval", "")
        )
