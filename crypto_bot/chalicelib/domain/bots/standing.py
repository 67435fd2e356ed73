"""What a bot on live candles is taken to hold, and what its intents make of that.

Its wishes go to any number of accounts, and each makes of them what it can. The bot itself goes by
one standing, in which every intent is filled whole at the close it was made at: so the same candles
give the same wishes, whatever became of them.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.bots.intent import (
    BUY,
    CANCEL,
    CLOSE,
    FRACTION,
    QUANTITY,
    SELL,
    TARGET,
    VALUE,
    Intent,
)
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.money import ZERO, exact_arithmetic, round_down

_FINEST: Final = Decimal("1e-12")
_WAITS: Final = ("limit", "stop", "trailing", "trail_stop")


class Standing(NamedTuple):
    """`cash` in quote, `quantity` in base and never below zero; `average_price` is its cost."""

    cash: Decimal
    quantity: Decimal = ZERO
    average_price: Decimal | None = None

    def equity(self, price: Decimal) -> Decimal:
        """Everything together, in quote."""
        return self.cash + self.quantity * price


def settle(standing: Standing, intents: Sequence[Intent], close: Decimal) -> Standing:
    """After all of them, one after the other. BotRefused for one that waits for a price."""
    with exact_arithmetic():
        for intent in intents:
            if intent.action is CANCEL:
                continue  # nothing waits
            _refuse_waiting(intent)
            standing = _moved(standing, _change(standing, intent, close), close)
    return standing


def _refuse_waiting(intent: Intent) -> None:
    for name in _WAITS:
        if getattr(intent, name) is not None:
            raise BotRefused(
                f"{intent.action} of {intent.symbol} with {name}={getattr(intent, name)}: on live"
                " candles a bot trades at the market, protected by stop_loss and take_profit"
            )


def _change(standing: Standing, intent: Intent, close: Decimal) -> Decimal:
    """In base; nobody sells what is not held, or buys on credit."""
    wanted = _wanted(standing, intent, close)
    if wanted < 0:
        return max(-round_down(-wanted, _FINEST), -standing.quantity)
    return round_down(min(wanted, max(standing.cash, ZERO) / close), _FINEST)


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


def _moved(standing: Standing, change: Decimal, close: Decimal) -> Standing:
    cash, quantity = standing.cash - change * close, standing.quantity + change
    if not quantity:
        return Standing(cash)
    if change <= 0:
        return standing._replace(cash=cash, quantity=quantity)
    paid = standing.quantity * (standing.average_price or ZERO) + change * close
    return Standing(cash, quantity, round(paid / quantity, 12))
