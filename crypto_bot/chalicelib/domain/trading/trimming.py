"""Cash for entries under boost: holders of the surplus give up what they hold above their base."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from chalicelib.domain.money import ONE, ZERO
from chalicelib.domain.trading.allocation import Target
from chalicelib.domain.trading.judgement import Judgement
from chalicelib.domain.trading.situation import Key, Slot


class Trimming:
    """Adds to what the judgement has leaving. Quantities are in base."""

    def __init__(self, judged: Judgement, targets: Mapping[Key, Target], equity: Decimal) -> None:
        self._judged = judged
        self._situation = judged.situation
        self._account = judged.situation.account
        self._targets = targets
        self._equity = equity

    def raise_cash(self, wanted: Mapping[Key, Decimal]) -> tuple[str, ...]:
        """Trim holders of the surplus down to their base, as far as entries lack cash for them.

        Done once per entry: a sale that fails must not keep the entry waiting for ever.
        """
        entries = [
            self._judged.entering[key].latest.id for key in wanted if key in self._judged.entering
        ]
        fresh = [name for name in entries if name not in self._situation.state.trimmed_for]
        if self._account.policy != "boost" or not fresh:
            return ()
        self._forget_former_holders()
        shortage = self._shortage(wanted)
        for slot in self._judged.slots.values():
            if shortage <= 0:
                break
            target = self._targets.get(slot.key)
            if target is None or not slot.stance.surplus or slot.key in self._judged.leaving:
                continue
            if slot.key in self._situation.releasing:
                return ()  # it is asked again when its stop is out of the way
            shortage -= self._trim(slot, shortage)
        return tuple(fresh)

    def _forget_former_holders(self) -> None:
        """Whoever is down to its base holds no surplus any more, however its price moves later."""
        for slot in self._judged.slots.values():
            above_base = slot.value - slot.weight * self._equity
            first = slot.key in self._targets and self._targets[slot.key].surplus
            if slot.stance.surplus and not first and above_base <= slot.instrument.minimum_notional:
                self._judged.stances[slot.key] = replace(self._judged.stance(slot), surplus=False)

    def _trim(self, slot: Slot, shortage: Decimal) -> Decimal:
        above_base = slot.value - slot.weight * self._equity
        part = slot.instrument.round_quantity(max(min(above_base, shortage), ZERO) / slot.price)
        if not self._situation.is_settled(slot.key):
            return ZERO
        if slot.instrument.shortfall(part, slot.price):
            return ZERO
        self._judged.leaving[slot.key] = part
        return part * slot.price

    def _shortage(self, wanted: Mapping[Key, Decimal]) -> Decimal:
        worse = self._account.increment
        cost = sum((self._worth(key, q, ONE, worse) for key, q in wanted.items()), ZERO)
        proceeds = sum(
            (self._worth(key, q, -ONE, worse) for key, q in self._judged.leaving.items()), ZERO
        )
        followed = [slot for slot in self._judged.slots.values() if slot.subscription]
        unallocated = ONE - sum((slot.weight for slot in followed), ZERO)
        return cost + unallocated * self._equity - proceeds - self._situation.uncommitted

    def _worth(self, key: Key, quantity: Decimal, sign: Decimal, worse: Decimal) -> Decimal:
        """At the worst price accepted, fee included: `sign` 1 for a purchase, -1 for a sale."""
        slot = self._judged.slots[key]
        at_worst = quantity * slot.price * (ONE + sign * worse)
        return at_worst * (ONE + sign * slot.instrument.taker_fee)
