"""Protecting prices: where a strategy leaves by itself, and the stop that waits at the venue."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import ONE, Exact, exact_arithmetic, plain
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.order import Order, OrderIntent, Share, TimeInForce
from chalicelib.domain.trading.plan import Stance, Trigger
from chalicelib.domain.trading.risk import Refusal
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.domain.trading.situation import Key
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.domain.trading.wishes import Wish

STOP_LOSS_HIT: Final = "STOP_LOSS_HIT"
TAKE_PROFIT_HIT: Final = "TAKE_PROFIT_HIT"

# How far below its level a stop at the venue still sells; what falls faster, the tick sells.
_STOP_SLIPPAGE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels(Exact):
    """Prices in quote at which a strategy leaves; None where it does not."""

    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


_NO_LEVELS: Final = Levels()


def levels_after(wish: Wish, stance: Stance, strategy: Strategy, price: Decimal) -> Levels:
    """What holds once the wish is applied: its own prices, else what held, else the strategy's.

    The strategy's fractions count from `price`, and only where it enters.
    """
    if wish.state is not DesiredState.LONG:
        return _NO_LEVELS
    if stance.state is DesiredState.LONG:
        before = Levels(stop_loss=stance.stop_loss, take_profit=stance.take_profit)
    else:
        before = _usual_levels(strategy, price)
    stop_loss, take_profit = wish.stop_loss, wish.take_profit
    if stop_loss is None and take_profit is None:
        return before
    return Levels(
        stop_loss=before.stop_loss if stop_loss is None else stop_loss,
        take_profit=before.take_profit if take_profit is None else take_profit,
    )


def _usual_levels(strategy: Strategy, price: Decimal) -> Levels:
    lose, gain = strategy.stop_loss, strategy.take_profit
    if lose is None and gain is None:
        return _NO_LEVELS
    with exact_arithmetic():
        return Levels(
            stop_loss=None if lose is None else price * (ONE - lose),
            take_profit=None if gain is None else price * (ONE + gain),
        )


def misplaced(levels: Levels, price: Decimal) -> Refusal | None:
    """Why nothing is bought under these levels: it would be sold at once."""
    if levels.stop_loss is not None and levels.stop_loss >= price:
        code, what = "STOP_LOSS_ABOVE_PRICE", f"stop_loss {plain(levels.stop_loss)} is not below"
    elif levels.take_profit is not None and levels.take_profit <= price:
        code, what = (
            "TAKE_PROFIT_BELOW_PRICE",
            f"take_profit {plain(levels.take_profit)} is not above",
        )
    else:
        return None
    detail = f"{what} the price {plain(price)}"
    return Refusal(status=SignalStatus.DENIED, code=code, detail=detail)


def trigger_of(stance: Stance, price: Decimal) -> Trigger | None:
    """The protecting price that the market has come to, if any."""
    if not stance.is_protected:
        return None
    stop, target = stance.stop_loss, stance.take_profit
    if stop is not None and price <= stop:
        code, level = STOP_LOSS_HIT, stop
    elif target is not None and price >= target:
        code, level = TAKE_PROFIT_HIT, target
    else:
        return None
    return Trigger(
        strategy=stance.strategy, symbol=stance.symbol, code=code, level=level, price=price
    )


def stop_reason(stop: Order) -> str:
    """Why a strategy is out whose stop at the venue has sold."""
    level = plain(stop.intent.stop_price or stop.intent.limit_price)
    return f"its stop at {level} sold {plain(stop.filled)} at the venue ({STOP_LOSS_HIT})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What to do about the stops at the venue: take these back, place those."""

    release: tuple[Order, ...] = ()
    place: tuple[OrderIntent, ...] = ()


def draft_guards(
    account: Account,
    stances: Collection[Stance],
    portfolio: Portfolio,
    instruments: Mapping[str, Instrument],
    stops: Mapping[Key, Order],
    moving: Collection[Key],
) -> Guards:
    """One stop for each holding that wants one: at its level, over all that it owns.

    `stops` are the ones that may be at the venue; one that does not fit any more has to be gone
    before the next is placed. Of what is `moving`, nobody knows yet how much will be left.
    """
    release: list[Order] = []
    place: list[OrderIntent] = []
    wanted = {(s.strategy, s.symbol): _stop(account, s, portfolio, instruments) for s in stances}
    for key in sorted({*wanted, *stops}):
        intent, stop = wanted.get(key), stops.get(key)
        if stop is not None:
            if not stop.cancel_requested and not _fits(stop, intent):
                release.append(stop)
        elif intent is not None and key not in moving:
            place.append(intent)
    return Guards(release=tuple(release), place=tuple(place))


def _fits(stop: Order, intent: OrderIntent | None) -> bool:
    if intent is None:
        return False
    return (stop.intent.stop_price, stop.remaining) == (intent.stop_price, intent.quantity)


def _stop(
    account: Account, stance: Stance, portfolio: Portfolio, instruments: Mapping[str, Instrument]
) -> OrderIntent | None:
    instrument = instruments.get(stance.symbol)
    if instrument is None or stance.stop_loss is None or stance.stop_refused:
        return None
    with exact_arithmetic():
        level = instrument.limit_price(stance.stop_loss, Side.SELL)
        limit = instrument.limit_price(stance.stop_loss * (ONE - _STOP_SLIPPAGE), Side.SELL)
        owned = portfolio.holding(stance.strategy, stance.symbol).quantity
        quantity = instrument.round_quantity(owned)
        if instrument.maximum_quantity is not None:
            quantity = min(quantity, instrument.maximum_quantity)
    if instrument.shortfall(quantity, limit):
        return None
    return OrderIntent(
        id="",
        client_order_id="",
        account=account.name,
        symbol=stance.symbol,
        side=Side.SELL,
        quantity=quantity,
        limit_price=limit,
        time_in_force=TimeInForce.GTC,
        stop_price=level,
        because=f"stop_loss of {stance.strategy} at {plain(level)}",
        shares=(Share(strategy=stance.strategy, quantity=quantity),),
    )
