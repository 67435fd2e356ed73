"""The orders that a bot may ask for, in the words that it uses."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from chalicelib.domain.bots.intent import (
    ALL,
    BUY,
    CANCEL,
    CLOSE,
    FRACTION,
    SELL,
    TARGET,
    Action,
    Intent,
    Unit,
    above_zero,
    candle_count,
    number,
    one_amount,
    share,
)
from chalicelib.domain.bots.market import Market
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.money import ONE, ZERO

_MOST_AT_A_CLOSE: Final = 100

_READERS: Final[dict[str, Callable[[str, object], Any]]] = {
    "limit": above_zero,
    "stop": above_zero,
    "stop_loss": above_zero,
    "take_profit": above_zero,
    "trailing": share,
    "trail_stop": share,
    "expires": candle_count,
}


class Asking(Market):
    """What a context can be asked for. Each gives the order's id, for `cancel`."""

    __slots__ = ("_markets", "_only", "intents", "is_starting", "orders_made")

    _markets: dict[str, Market]
    _only: str  # the symbol, if there is but one
    intents: list[Intent]
    is_starting: bool
    orders_made: int

    def buy(  # noqa: PLR0913 - a word for everything that an order may say
        self,
        quantity: float | Decimal | None = None,
        *,
        value: float | Decimal | None = None,
        fraction: float | None = None,
        limit: float | Decimal | None = None,
        stop: float | Decimal | None = None,
        stop_loss: float | Decimal | None = None,
        take_profit: float | Decimal | None = None,
        trail_stop: float | None = None,
        expires: int | None = None,
        symbol: str = "",
    ) -> str:
        """Base currency, quote currency or a fraction of the equity; at the market where no price.

        `stop_loss` and `take_profit` are prices, `trail_stop` a fraction: they protect what this
        order buys. `expires` is a number of candles.
        """
        amounts = {"quantity": quantity, "value": value, "fraction": fraction}
        words = {
            "limit": limit,
            "stop": stop,
            "stop_loss": stop_loss,
            "take_profit": take_profit,
            "trail_stop": trail_stop,
            "expires": expires,
        }
        return self._order(BUY, amounts, words, symbol)

    def sell(  # noqa: PLR0913 - as buy
        self,
        quantity: float | Decimal | None = None,
        *,
        value: float | Decimal | None = None,
        fraction: float | None = None,
        limit: float | Decimal | None = None,
        stop: float | Decimal | None = None,
        trailing: float | None = None,
        expires: int | None = None,
        symbol: str = "",
    ) -> str:
        """Base currency, quote currency or a fraction of the position; without any, all of it.

        `trailing` sells when the price has fallen by this fraction from its highest.
        """
        amounts = {"quantity": quantity, "value": value, "fraction": fraction}
        words = {"limit": limit, "stop": stop, "trailing": trailing, "expires": expires}
        return self._order(SELL, amounts, words, symbol)

    def target(
        self,
        fraction: float | Decimal,
        *,
        stop_loss: float | Decimal | None = None,
        take_profit: float | Decimal | None = None,
        trail_stop: float | None = None,
        band: float = 0,
        symbol: str = "",
    ) -> str:
        """Buy or sell at the market until the position is this fraction of the bot's equity.

        Below zero is short, where the account allows it. What is off by less than `band` of the
        equity is left as it is.
        """
        amounts = {"fraction": fraction, "band": band}
        words: dict[str, Any] = {}
        if (stop_loss, take_profit, trail_stop) != (None, None, None):
            words = {"stop_loss": stop_loss, "take_profit": take_profit, "trail_stop": trail_stop}
        return self._order(TARGET, amounts, words, symbol)

    def close_position(self, *, symbol: str = "") -> str:
        """Give up the position at the market, and what was ordered of the instrument before."""
        return self._order(CLOSE, {}, {}, symbol)

    def cancel(self, order: str = "", *, symbol: str = "") -> None:
        """One order by its id; without, all open ones of the instrument."""
        if not isinstance(order, str):
            raise BotRefused(f"cancel({order!r}): an order's id is a text")
        self._put(Intent("", self.start, self._named(symbol), CANCEL, cancels=order))

    def _order(
        self, action: Action, amounts: dict[str, Any], words: dict[str, Any], symbol: str
    ) -> str:
        try:
            name = self._named(symbol)
            market = self._tradable(name)
            read = _read(words) if words else words
            amount, unit, band = _amount(action, amounts)
            made = str(self.orders_made + 1)
            intent = Intent(made, self.start, name, action, amount, unit)
            if read or band:
                _check_sides(market.close, amount, read)
                intent = intent._replace(band=band, **read)
            self._put(intent)
        except BotRefused as refused:
            said = {**amounts, **words, "symbol": symbol or None}
            given = ", ".join(f"{n}={w!r}" for n, w in said.items() if w is not None)
            raise BotRefused(f"{action}({given}): {refused}") from None
        self.orders_made += 1
        return made

    def _named(self, symbol: str) -> str:
        name = symbol or self._only
        if name in self._markets:
            return name
        raise BotRefused(f"symbol is {symbol!r}; this bot trades {', '.join(self._markets)}")

    def _tradable(self, symbol: str) -> Market:
        if self.is_starting:
            raise BotRefused("start asks for nothing: orders are made in on_candle")
        market = self._markets[symbol]
        if not market.has_price:
            raise BotRefused(f"{symbol} has had no candle yet: there is no price")
        return market

    def _put(self, intent: Intent) -> None:
        if len(self.intents) >= _MOST_AT_A_CLOSE:
            raise BotRefused(f"more than {_MOST_AT_A_CLOSE} orders at one close")
        self.intents.append(intent)


def _read(words: dict[str, Any]) -> dict[str, Any]:
    return {name: _READERS[name](name, word) for name, word in words.items() if word is not None}


def _amount(action: Action, amounts: dict[str, Any]) -> tuple[Decimal, Unit, Decimal]:
    if action is TARGET:
        wanted, band = number("fraction", amounts["fraction"]), ZERO
        if not -ONE <= wanted <= ONE:
            raise BotRefused("fraction must be from -1 to 1: nobody lends the bot money")
        if amounts["band"]:
            band = number("band", amounts["band"])
            if not 0 <= band < 1:
                raise BotRefused("band must be from 0 to below 1")
        return wanted, FRACTION, band
    if action is CLOSE:
        return ZERO, ALL, ZERO
    amount, unit = one_amount(**amounts)
    if action is BUY and unit is ALL:
        raise BotRefused("say how much: quantity, value or fraction")
    return amount, unit, ZERO


def _check_sides(close: float, amount: Decimal, read: dict[str, Any]) -> None:
    """Protection on the wrong side of the price would act at once."""
    if "limit" in read and "stop" in read:
        raise BotRefused("limit and stop are both given; an order has one of them")
    entry = read.get("limit") or read.get("stop") or above_zero("close", close)
    is_long = amount > 0
    for name, is_below in (("stop_loss", is_long), ("take_profit", not is_long)):
        level = read.get(name)
        if level is None:
            continue
        if (level < entry) != is_below or level == entry:
            side = "below" if is_below else "above"
            raise BotRefused(f"{name} is {level}; it must lie {side} {entry}, where it is entered")
