"""What a bot on live candles is taken to hold, and what its intents make of that.

Its wishes go to any number of accounts, and each makes of them what it can. The bot itself goes by
one reckoning, in which every order is filled whole, at the close that it was made at or when a
candle comes to its price: so the same candles give the same wishes, whatever became of them.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.intent import (
    BUY,
    CLOSE,
    FRACTION,
    QUANTITY,
    SELL,
    TARGET,
    VALUE,
    Intent,
)
from chalicelib.domain.money import ZERO, round_down

_FINEST: Final = Decimal("1e-12")


class Held(NamedTuple):
    """A position: below zero is short; `average_price` is what it has cost."""

    quantity: Decimal
    average_price: Decimal | None = None


class Standing(NamedTuple):
    """On one instrument. `cash` in quote, `quantity` in base and never below zero; `average_price`
    is its cost, and `others` what the bot's other instruments are worth, in quote.
    """

    cash: Decimal
    quantity: Decimal = ZERO
    average_price: Decimal | None = None
    others: Decimal = ZERO

    def equity(self, price: Decimal) -> Decimal:
        """Everything together, in quote."""
        return self.cash + self.quantity * price + self.others


class Reckoning(NamedTuple):
    """A bot's cash, and what it holds of its instruments by their symbols."""

    cash: Decimal
    held: Mapping[str, Held] = {}

    def on(self, symbol: str, closes: Mapping[str, Decimal]) -> Standing:
        """Of one instrument; others count at these prices, and for nothing where they have none."""
        mine = self.held.get(symbol, Held(ZERO))
        others = sum(
            (
                held.quantity * closes[name]
                for name, held in self.held.items()
                if name != symbol and name in closes
            ),
            ZERO,
        )
        return Standing(self.cash, mine.quantity, mine.average_price, others)

    def quantity(self, symbol: str) -> Decimal:
        """In base."""
        return self.held.get(symbol, Held(ZERO)).quantity

    def after(self, symbol: str, standing: Standing) -> "Reckoning":
        """The instrument stands there now; what is not held any more is left out."""
        held = {name: other for name, other in self.held.items() if name != symbol}
        if standing.quantity:
            held[symbol] = Held(standing.quantity, standing.average_price)
        return Reckoning(standing.cash, held)

    def equity(self, closes: Mapping[str, Decimal]) -> Decimal:
        """Everything together at these prices, in quote."""
        return self.cash + sum((h.quantity * closes[s] for s, h in self.held.items()), ZERO)


def at_market(standing: Standing, intent: Intent, close: Decimal) -> Standing:
    """After an intent that waits for nothing."""
    return moved(standing, _wanted(standing, intent, close), close)


def moved(standing: Standing, wanted: Decimal, price: Decimal) -> Standing:
    """After so much base was bought, or sold; nobody sells what is not held, or buys on credit."""
    if wanted < 0:
        change = max(-round_down(-wanted, _FINEST), -standing.quantity)
    else:
        change = round_down(min(wanted, max(standing.cash, ZERO) / price), _FINEST)
    cash, quantity = standing.cash - change * price, standing.quantity + change
    if not quantity:
        return standing._replace(cash=cash, quantity=ZERO, average_price=None)
    if change <= 0:
        return standing._replace(cash=cash, quantity=quantity)
    paid = standing.quantity * (standing.average_price or ZERO) + change * price
    price = round(paid / quantity, 12)
    return standing._replace(cash=cash, quantity=quantity, average_price=price)


def quantity_at(standing: Standing, intent: Intent, close: Decimal, level: Decimal) -> Decimal:
    """What an order that waits would move at its price, in base; zero for all that is held."""
    amount, held = intent.amount, standing.quantity
    whole = held if intent.action is SELL else standing.equity(close) / level
    sizes = {QUANTITY: amount, VALUE: amount / level, FRACTION: whole * amount}
    return round_down(sizes.get(intent.unit, ZERO), _FINEST)


def _wanted(standing: Standing, intent: Intent, close: Decimal) -> Decimal:
    held, amount, unit = standing.quantity, intent.amount, intent.unit
    if intent.action is CLOSE:
        return -held
    if intent.action is TARGET:
        equity = standing.equity(close)
        wanted = equity * amount / close - held
        return ZERO if abs(wanted) * close < intent.band * equity else wanted
    whole = held if intent.action is SELL else standing.equity(close) / close
    sizes = {QUANTITY: amount, VALUE: amount / close, FRACTION: whole * amount}
    quantity = sizes.get(unit, held)
    return quantity if intent.action is BUY else -quantity
