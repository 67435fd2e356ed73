"""What one decision is made of, what it decides, and the slots it is decided for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from chalicelib.domain.money import ZERO, Exact
from chalicelib.domain.trading.account import Account, Basis, Configuration, HaltLevel, Subscription
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.plan import AccountState, Cross, Stance, Step, Trigger, Verdict
from chalicelib.domain.trading.signal import DesiredState
from chalicelib.domain.trading.wishes import Wish

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything one decision is made of. `free` is the venue's free balance by asset.

    `busy` symbols have an order in flight or at rest: nothing is bought there, and about those
    that are being sold (`selling`) nothing at all is decided. Of a slot `guarded` by a stop at the
    venue nothing is sold before that is gone; while `releasing`, it is on its way out. While
    `reducing`, purchases wait; `committed` is quote that open purchases may still take. `prices`
    and `instruments` lack what the venue does not have; `volatilities` what nobody asked for.
    `priced_at` is when the prices were made, `skew` how far the venue's clock is ahead of ours
    where that was measured. `unusable` says why an instrument is lacking that the venue does have.
    """

    account: Account
    configuration: Configuration
    state: AccountState
    portfolio: Portfolio
    wishes: Mapping[Key, Wish]
    instruments: Mapping[str, Instrument]
    prices: Mapping[str, Decimal]
    free: Mapping[str, Decimal]
    busy: frozenset[str]
    halt: HaltLevel
    now: datetime
    selling: frozenset[str] = frozenset()
    guarded: frozenset[Key] = frozenset()
    releasing: frozenset[Key] = frozenset()
    reducing: bool = False
    committed: Decimal = ZERO
    volatilities: Mapping[str, Decimal] = field(default_factory=dict)
    priced_at: Mapping[str, datetime] = field(default_factory=dict)
    skew: timedelta | None = None
    unusable: Mapping[str, str] = field(default_factory=dict)

    @property
    def uncommitted(self) -> Decimal:
        """Quote in the pool that no open purchase may take."""
        return self.portfolio.cash - self.committed

    def is_settled(self, key: Key) -> bool:
        """Whether a holding may be resized of our own accord: nothing open, nothing frozen."""
        if key in self.releasing:
            return False
        return key[1] not in self.busy and key[1] not in self.state.barred


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Exact):
    """A decision before it has a number; `raised_for` names entries this step frees cash for.

    `released` slots are to be sold as well, once their stop is out of the way.
    """

    step: Step
    equity: Decimal
    verdicts: tuple[Verdict, ...] = ()
    intents: tuple[OrderIntent, ...] = ()
    crosses: tuple[Cross, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    stances: tuple[Stance, ...] = ()
    raised_for: tuple[str, ...] = ()
    released: tuple[Key, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write down."""
        return not (self.verdicts or self.intents or self.crosses or self.triggers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One strategy on one instrument: the base it owns, what it wants, what it may.

    `realized` is its profit there so far in quote, `sold_at` its last sale.
    """

    key: Key
    weight: Decimal
    subscription: Subscription | None
    stance: Stance
    owned: Decimal
    wish: Wish | None
    price: Decimal
    instrument: Instrument
    realized: Decimal = ZERO
    sold_at: datetime | None = None

    @property
    def losing_trips(self) -> int:
        """Round trips in a row that ended with a loss, the last one included; 0 while it is in."""
        before = self.stance.realized_before
        if self.stance.state is DesiredState.LONG:
            return 0
        if before is None or self.realized == before:
            return self.stance.losses
        return self.stance.losses + 1 if self.realized < before else 0

    @property
    def value(self) -> Decimal:
        """What it owns at mark, in quote."""
        return self.owned * self.price

    @property
    def sellable(self) -> bool:
        """Whether what it owns is more than dust."""
        return self.instrument.is_sellable(self.owned, self.price)


def slots_of(situation: Situation) -> dict[Key, Slot]:
    """Every followed instrument, and every holding that is not followed any more."""
    stances = {(s.strategy, s.symbol): s for s in situation.state.stances}
    holdings = {(h.strategy, h.symbol): h for h in situation.portfolio.holdings}
    slots: dict[Key, tuple[Decimal, Subscription | None]] = {}
    subscriptions = situation.configuration.subscriptions_of(situation.account.name)
    for subscription in subscriptions:
        strategy = situation.configuration.strategies[subscription.strategy]
        symbols = strategy.symbols()
        for symbol in symbols:
            weight = subscription.weight / len(symbols)
            slots[(strategy.name, symbol)] = (weight, subscription)
    for key, holding in holdings.items():
        if holding.quantity:
            slots.setdefault(key, (ZERO, None))
    return {
        key: Slot(
            key=key,
            weight=weight,
            subscription=subscription,
            stance=stances.get(key) or Stance(strategy=key[0], symbol=key[1]),
            owned=holdings[key].quantity if key in holdings else ZERO,
            wish=situation.wishes.get(key),
            price=situation.prices[key[1]],
            instrument=situation.instruments[key[1]],
            realized=holdings[key].realized if key in holdings else ZERO,
            sold_at=holdings[key].sold_at if key in holdings else None,
        )
        for key, (weight, subscription) in sorted(slots.items())
        if key[1] in situation.prices and key[1] in situation.instruments
    }


def equity_of(situation: Situation) -> Decimal:
    """Pool cash and holdings, at mark where there is a price, else and on request at cost."""
    at_cost = situation.account.basis is Basis.COST
    return situation.portfolio.cash + sum(
        (
            h.cost
            if at_cost or h.symbol not in situation.prices
            else h.quantity * situation.prices[h.symbol]
            for h in situation.portfolio.holdings
            if h.quantity
        ),
        ZERO,
    )
