"""Wishes of several strategies on one instrument become one order, or cross in the books."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from chalicelib.domain.money import ONE, ZERO, Exact, plain
from chalicelib.domain.trading.account import Account, OrderStyle
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.order import OrderIntent, OrderType, Share, TimeInForce
from chalicelib.domain.trading.plan import Cross
from chalicelib.domain.trading.side import Side

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta(Exact):
    """What one strategy wants to move, in base and above zero, at `price`, and never at a price
    that is worse than `worst`.
    """

    strategy: str
    quantity: Decimal
    owned: Decimal
    price: Decimal
    instrument: Instrument
    worst: Decimal | None = None

    @property
    def key(self) -> Key:
        """Strategy and symbol."""
        return (self.strategy, self.instrument.symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Netted:
    """Orders without identity yet, crosses, and per slot what was ordered, crossed or refused."""

    intents: tuple[OrderIntent, ...] = ()
    crosses: tuple[Cross, ...] = ()
    moved: Mapping[Key, Decimal] = field(default_factory=dict)
    crossed: Mapping[Key, Decimal] = field(default_factory=dict)
    refused: Mapping[Key, str] = field(default_factory=dict)


def net_reductions(
    account: Account,
    sellers: Iterable[Delta],
    buyers: Iterable[Delta],
    free: Mapping[str, Decimal],
) -> Netted:
    """Sell what nobody else in the account wants, at most what is free at the venue."""
    crosses: list[Cross] = []
    crossed: dict[Key, Decimal] = {}
    shares: dict[Key, Decimal] = {}
    intents: list[OrderIntent] = []
    waiting = _by_symbol(buyers)
    for symbol, group in _by_symbol(sellers).items():
        crosses += _cross(group, waiting.get(symbol, []), crossed)
        left = [(d, d.quantity - crossed.get(d.key, ZERO)) for d in group]
        instrument = group[0].instrument
        most = free.get(instrument.base, ZERO)
        if instrument.maximum_quantity is not None:  # what is above it goes in the next plan
            most = min(most, instrument.maximum_quantity)
        parts = _whole_steps(left, most)
        intent = _intent(account, Side.SELL, parts)
        if intent is not None:
            intents.append(intent)
            shares.update({delta.key: part for delta, part in parts})
    return Netted(intents=tuple(intents), crosses=tuple(crosses), moved=shares, crossed=crossed)


def net_increases(account: Account, buyers: Sequence[Delta], spendable: Decimal) -> Netted:
    """Buy on what may be spent; if that is short, everyone gets the same fraction."""
    cost = sum((_cost(account, delta, delta.quantity) for delta in buyers), ZERO)
    scale = ONE if cost <= max(spendable, ZERO) else max(spendable, ZERO) / cost
    shares: dict[Key, Decimal] = {}
    refused: dict[Key, str] = {}
    intents: list[OrderIntent] = []
    for group in _by_symbol(buyers).values():
        wanted = [(delta, delta.quantity * scale) for delta in group]
        parts = _whole_steps(wanted, None)
        intent = _intent(account, Side.BUY, parts)
        if intent is not None:
            intents.append(intent)
            shares.update({delta.key: part for delta, part in parts if part})
        for delta, _ in wanted:
            if not shares.get(delta.key):
                refused[delta.key] = _why_not(delta, sum((q for _, q in wanted), ZERO), scale)
    return Netted(intents=tuple(intents), moved=shares, refused=refused)


def _by_symbol(deltas: Iterable[Delta]) -> dict[str, list[Delta]]:
    grouped: dict[str, list[Delta]] = {}
    for delta in sorted(deltas, key=lambda d: d.key):
        if delta.quantity > 0:
            grouped.setdefault(delta.instrument.symbol, []).append(delta)
    return dict(sorted(grouped.items()))


def _cross(
    sellers: Sequence[Delta], buyers: Sequence[Delta], crossed: dict[Key, Decimal]
) -> list[Cross]:
    """Pair sellers and buyers in order of name; whole steps change hands, at mark."""
    crosses: list[Cross] = []
    open_buys = {d.strategy: d.instrument.round_quantity(d.quantity) for d in buyers}
    for seller in sellers:
        left = seller.instrument.round_quantity(min(seller.quantity, seller.owned))
        for buyer, wanted in open_buys.items():
            part = min(left, wanted)
            if part <= 0 or buyer == seller.strategy:
                continue
            crosses.append(_crossing(seller, buyer, part))
            crossed[seller.key] = crossed.get(seller.key, ZERO) + part
            left -= part
            open_buys[buyer] = wanted - part
    return crosses


def _crossing(seller: Delta, buyer: str, quantity: Decimal) -> Cross:
    return Cross(
        symbol=seller.instrument.symbol,
        seller=seller.strategy,
        buyer=buyer,
        quantity=quantity,
        price=seller.price,
    )


def _whole_steps(
    wanted: Sequence[tuple[Delta, Decimal]], most: Decimal | None
) -> list[tuple[Delta, Decimal]]:
    """Each part rounded down by itself, so that nobody ever gives more than it owns."""
    parts = [(delta, delta.instrument.round_quantity(quantity)) for delta, quantity in wanted]
    if most is None:
        return parts
    bounded = []
    for delta, quantity in parts:
        part = delta.instrument.round_quantity(min(quantity, most))
        bounded.append((delta, part))
        most -= part
    return bounded


def _intent(
    account: Account, side: Side, parts: Sequence[tuple[Delta, Decimal]]
) -> OrderIntent | None:
    """One order for all parts, or None where the venue would refuse it."""
    delta = parts[0][0]
    instrument, quantity = delta.instrument, sum((part for _, part in parts), ZERO)
    worst = _worst(side, [delta for delta, part in parts if part])
    price = limit_price(account, instrument, side, delta.price, worst)
    price = bounded(price, worst, instrument, side)
    by_price = worst is not None or account.order_style is not OrderStyle.MARKET
    if instrument.shortfall(quantity, min(price, delta.price)):
        return None
    if instrument.maximum_quantity is not None and quantity > instrument.maximum_quantity:
        return None
    return OrderIntent(
        id="",
        client_order_id="",
        account=account.name,
        symbol=instrument.symbol,
        side=side,
        quantity=quantity,
        limit_price=price,
        type=OrderType.LIMIT if by_price else OrderType.MARKET,
        time_in_force=(
            TimeInForce.GTC
            if account.order_style is OrderStyle.LIMIT and worst is None
            else TimeInForce.IOC
        ),
        shares=tuple(Share(strategy=d.strategy, quantity=part) for d, part in parts if part),
        worst_price=worst,
    )


def _worst(side: Side, deltas: Iterable[Delta]) -> Decimal | None:
    """Those who are netted keep the promise of the strictest of them."""
    limits = [delta.worst for delta in deltas if delta.worst is not None]
    if not limits:
        return None
    return min(limits) if side is Side.BUY else max(limits)


def bounded(price: Decimal, worst: Decimal | None, instrument: Instrument, side: Side) -> Decimal:
    """The price, or the worst that a strategy allows."""
    if worst is None:
        return price
    limit = instrument.limit_price(worst, side)
    return min(price, limit) if side is Side.BUY else max(price, limit)


def limit_price(
    account: Account,
    instrument: Instrument,
    side: Side,
    price: Decimal,
    worst: Decimal | None = None,
) -> Decimal:
    """The worst price accepted: last plus or minus the increment; a resting order's is last. What
    has a `worst` of its own does not rest: it ends with the order that has waited.
    """
    if account.order_style is OrderStyle.LIMIT and worst is None:
        return instrument.limit_price(price, side)
    away = account.increment if side is Side.BUY else -account.increment
    return instrument.limit_price(price * (ONE + away), side)


def cost_factor(account: Account, instrument: Instrument) -> Decimal:
    """What a purchase may cost at most, per quote at last price: increment and fee included."""
    return (ONE + account.increment) * (ONE + instrument.taker_fee)


def _cost(account: Account, delta: Delta, quantity: Decimal) -> Decimal:
    return quantity * delta.price * cost_factor(account, delta.instrument)


def _why_not(delta: Delta, netted: Decimal, scale: Decimal) -> str:
    instrument = delta.instrument
    worth = plain((netted * delta.price).quantize(Decimal("0.01")))
    if scale < 1:
        return (
            f"cash is short: {worth} {instrument.quote} left for it < minimum "
            f"{plain(_minimum(instrument, delta.price))} (CASH_SHORT)"
        )
    if instrument.maximum_quantity is not None and netted > instrument.maximum_quantity:
        most = plain(instrument.maximum_quantity)
        return f"{plain(netted)} {instrument.base} > maximum {most} (QUANTITY_ABOVE_MAXIMUM)"
    code = instrument.shortfall(instrument.round_quantity(netted), delta.price)
    return (
        f"{worth} {instrument.quote} < minimum {plain(_minimum(instrument, delta.price))} "
        f"({code or 'QUANTITY_BELOW_MINIMUM'})"
    )


def _minimum(instrument: Instrument, price: Decimal) -> Decimal:
    return max(instrument.minimum_notional, instrument.minimum_quantity * price)
