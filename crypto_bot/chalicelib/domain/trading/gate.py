"""The gate before purchases as one situation sets it, for each of the account's slots."""

from decimal import Decimal

from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.risk import Conditions, Refusal, bar, screen
from chalicelib.domain.trading.situation import Situation, Slot
from chalicelib.domain.trading.wishes import Wish


class Gate:
    """Orders and realised profit count by strategy: its limits hold over all its instruments."""

    def __init__(self, situation: Situation, equity: Decimal) -> None:
        self._situation = situation
        self._equity = equity
        self._barred = situation.state.barred
        self._orders: dict[str, int] = {}
        self._realized: dict[str, Decimal] = {}
        today = situation.now.date()
        for stance in situation.state.stances:
            if stance.orders_on == today:
                sent = self._orders.get(stance.strategy, 0)
                self._orders[stance.strategy] = sent + stance.orders_today
        for held in situation.portfolio.holdings:
            if held.realized_on == today:
                gain = self._realized.get(held.strategy, ZERO)
                self._realized[held.strategy] = gain + held.realized_today

    def refusal(self, slot: Slot, wish: Wish) -> Refusal | None:
        """Why the wish for more is refused now. A slot that nobody follows has no limits."""
        if slot.subscription is None:
            return None
        strategy = self._situation.configuration.strategies[slot.key[0]]
        return screen(wish, strategy, slot.subscription, self._conditions(slot))

    def lets_grow(self, slot: Slot) -> bool:
        """Whether more may be bought for the strategy although no signal asks for it."""
        terms = slot.subscription
        return terms is not None and bar(terms, self._conditions(slot)) is None

    def _conditions(self, slot: Slot) -> Conditions:
        situation = self._situation
        return Conditions(
            now=situation.now,
            halt=situation.halt,
            equity=self._equity,
            price=slot.price,
            frozen=self._barred,
            orders_today=self._orders.get(slot.key[0], 0),
            realized_today=self._realized.get(slot.key[0], ZERO),
            breakers=situation.state.breakers,
            skew=situation.skew,
            priced_at=situation.priced_at.get(slot.key[1]),
            max_price_age=situation.account.max_price_age,
            losses=slot.losing_trips,
            sold_at=slot.sold_at,
        )
