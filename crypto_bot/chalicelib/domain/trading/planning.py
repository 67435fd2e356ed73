"""Targets, holdings and prices become one step of orders: reductions first, then increases.

Pure: the service reads a Situation, this decides a Draft, the service writes it down as a Plan.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.allocation import Claim, Target, Terms, allocate
from chalicelib.domain.trading.judgement import Judgement
from chalicelib.domain.trading.netting import Delta, net_increases, net_reductions
from chalicelib.domain.trading.plan import Step
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.domain.trading.situation import Draft, Key, Situation, Slot, equity_of, slots_of

# A holder of the surplus that lacks less than this part of its target is left alone.
_REBOOST_FROM: Final = Decimal("0.05")


def draft_plan(situation: Situation) -> Draft:
    """The next step for the account; an empty draft when nothing is to be done."""
    with exact_arithmetic():
        sizing = _Sizing(situation)
        reduction = sizing.reduce()
        if reduction is not None:
            return reduction
        return sizing.wait() if situation.reducing else sizing.increase()


class _Sizing:
    """A judgement in numbers: what is sold, what changes hands, what is bought on which cash."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.account = situation.account
        self.slots = slots_of(situation)
        self.equity = equity_of(situation)
        self.judged = Judgement(situation, self.slots, self.equity)
        self.targets = self._allocate() if self._wants_targets() else {}

    def _allocate(self) -> Mapping[Key, Target]:
        """What the policy gives every active slot, entering ones included."""
        claims = [
            Claim(
                strategy=slot.key[0],
                symbol=slot.key[1],
                weight=slot.weight,
                price=slot.price,
                active=self.judged.is_active(slot),
                priority=slot.subscription.priority,
                size=slot.wish.latest.size if slot.wish else None,
                stop_loss=slot.wish.latest.stop_loss if slot.wish else None,
                volatility=self.situation.volatilities.get(slot.key[1]),
            )
            for slot in self.slots.values()
            if slot.subscription is not None
        ]
        terms = Terms(
            equity=self.equity,
            reserve=self.account.reserve,
            risk_per_trade=self.account.risk_per_trade,
        )
        return allocate(self.account.policy, claims, terms)

    def reduce(self) -> Draft | None:
        """Sales and internal crosses; None when nothing is to be reduced."""
        wanted = self._wanted()
        raised_for = self._raise_cash(wanted)
        if not self.judged.leaving:
            return None
        sellers = [self._delta(key, quantity) for key, quantity in self.judged.leaving.items()]
        buyers = [self._delta(key, quantity) for key, quantity in wanted.items()]
        netted = net_reductions(self.account, sellers, buyers, self.situation.free)
        for cross in netted.crosses:
            self._remember_base((cross.buyer, cross.symbol))
        for key in self.judged.leaving:
            self._promise(key, netted.moved.get(key, ZERO), netted.crossed.get(key, ZERO))
        draft = Draft(
            step=Step.REDUCE,
            equity=self.equity,
            verdicts=tuple(self.judged.verdicts),
            intents=netted.intents,
            crosses=netted.crosses,
            stances=tuple(self.judged.stances.values()),
            raised_for=raised_for,
        )
        return None if not (draft.intents or draft.crosses) else draft

    def _remember_base(self, key: Key) -> None:
        # The rest of the addition is bought later, and is no multiple of what was just received.
        slot = self.slots[key]
        if key in self.judged.growing and slot.stance.grows_from is None:
            self.judged.stances[key] = replace(self.judged.stance(slot), grows_from=slot.owned)

    def _wants_targets(self) -> bool:
        return self.judged.acted or self._reboosts()

    def _reboosts(self) -> bool:
        return self.account.policy == "boost" and self.account.reboost_on_exit

    def _wanted(self) -> dict[Key, Decimal]:
        """Base that each growing slot still needs, before cash and steps are looked at."""
        wanted = dict(self.judged.growing)
        for key, wish in self.judged.entering.items():
            target = self.targets[key]
            if not target.denial:
                slot = self.slots[key]
                wanted[key] = max(target.notional * wish.ratio / slot.price - slot.owned, ZERO)
        settled = {*wanted, *self.judged.leaving, *self.judged.entering}
        for key, target in self.targets.items():
            if key not in settled and self._may_follow(key, target):
                slot = self.slots[key]
                self._follow(slot, target.notional / slot.price - slot.owned, wanted)
        return {key: self._capped(key, quantity) for key, quantity in wanted.items()}

    def _may_follow(self, key: Key, target: Target) -> bool:
        slot = self.slots[key]
        if target.denial or not self.situation.is_settled(key[1]):
            return False
        if self.situation.halt is not HaltLevel.NONE or not slot.owned:
            return False
        band = self.account.rebalance_band
        if band is not None and abs(target.notional - slot.value) > band * target.notional:
            return True
        lacking = target.notional - slot.value
        return self._reboosts() and target.surplus and lacking > _REBOOST_FROM * target.notional

    def _follow(self, slot: Slot, difference: Decimal, wanted: dict[Key, Decimal]) -> None:
        part = slot.instrument.round_quantity(abs(difference))
        if slot.instrument.shortfall(part, slot.price):
            return
        if difference > 0:
            wanted[slot.key] = part
        elif self.account.rebalance_band is not None:
            self.judged.leaving[slot.key] = part

    def _capped(self, key: Key, quantity: Decimal) -> Decimal:
        slot = self.slots[key]
        most = slot.subscription.max_order_notional if slot.subscription else None
        return quantity if most is None else min(quantity, most / slot.price)

    def _raise_cash(self, wanted: Mapping[Key, Decimal]) -> tuple[str, ...]:
        """Trim holders of the surplus down to their base, as far as entries lack cash for them.

        Done once per entry: a sale that fails must not keep the entry waiting for ever.
        """
        entries = [
            self.judged.entering[key].latest.id for key in wanted if key in self.judged.entering
        ]
        fresh = [name for name in entries if name not in self.situation.state.trimmed_for]
        if self.account.policy != "boost" or not fresh:
            return ()
        self._forget_former_holders()
        shortage = self._shortage(wanted)
        for slot in self.slots.values():
            if shortage <= 0:
                break
            target = self.targets.get(slot.key)
            if target is None or not slot.stance.surplus or slot.key in self.judged.leaving:
                continue
            shortage -= self._trim(slot, shortage)
        return tuple(fresh)

    def _forget_former_holders(self) -> None:
        """Whoever is down to its base holds no surplus any more, however its price moves later."""
        for slot in self.slots.values():
            above_base = slot.value - slot.weight * self.equity
            first = slot.key in self.targets and self.targets[slot.key].surplus
            if slot.stance.surplus and not first and above_base <= slot.instrument.minimum_notional:
                self.judged.stances[slot.key] = replace(self.judged.stance(slot), surplus=False)

    def _trim(self, slot: Slot, shortage: Decimal) -> Decimal:
        above_base = slot.value - slot.weight * self.equity
        part = slot.instrument.round_quantity(max(min(above_base, shortage), ZERO) / slot.price)
        if not self.situation.is_settled(slot.key[1]):
            return ZERO
        if slot.instrument.shortfall(part, slot.price):
            return ZERO
        self.judged.leaving[slot.key] = part
        return part * slot.price

    def _shortage(self, wanted: Mapping[Key, Decimal]) -> Decimal:
        loss = ONE + self.account.increment
        cost = sum(
            (
                q * self.slots[key].price * loss * (ONE + self._fee(key))
                for key, q in wanted.items()
            ),
            ZERO,
        )
        proceeds = sum(
            (
                q * self.slots[key].price * (2 - loss) * (ONE - self._fee(key))
                for key, q in self.judged.leaving.items()
            ),
            ZERO,
        )
        unallocated = ONE - sum((s.weight for s in self.slots.values() if s.subscription), ZERO)
        return cost + unallocated * self.equity - proceeds - self._own_cash()

    def _own_cash(self) -> Decimal:
        return self.situation.portfolio.cash - self.situation.committed

    def _fee(self, key: Key) -> Decimal:
        return self.slots[key].instrument.taker_fee

    def _delta(self, key: Key, quantity: Decimal) -> Delta:
        slot = self.slots[key]
        return Delta(
            strategy=key[0],
            quantity=quantity,
            owned=slot.owned,
            price=slot.price,
            instrument=slot.instrument,
        )

    def _promise(self, key: Key, ordered: Decimal, crossed: Decimal) -> None:
        """Tell the signals of a leaving slot that its order, or the cross, decides."""
        slot = self.slots[key]
        self.judged.count_order(slot, ordered)
        if key in self.judged.exits:
            self._answer_exit(slot, ordered, crossed)

    def _answer_exit(self, slot: Slot, ordered: Decimal, crossed: Decimal) -> None:
        wish, wanted = self.judged.exits[slot.key], self.judged.leaving[slot.key]
        free = self.situation.free.get(slot.instrument.base, ZERO)
        if ordered or crossed:
            self.judged.await_orders(wish, wanted - crossed, crossed)
        elif free < wanted:
            part = f"{plain(free)} of {plain(wanted)} {slot.instrument.base}"
            reason = f"{part} are free at the venue: tried again later (BALANCE_NOT_FREE)"
            self.judged.settle(wish, SignalStatus.DENIED, reason)
        else:
            dust = f"{plain(slot.owned)} {slot.instrument.base} is below the venue's minimum"
            if wish.state is DesiredState.SHORT:
                reason = f"short denied (SHORT_NOT_ENABLED); {dust}: left as dust"
                self.judged.settle(wish, SignalStatus.DENIED, reason)
            else:
                self.judged.settle(wish, SignalStatus.SKIPPED, f"{dust}: left as dust")

    def wait(self) -> Draft:
        """Purchases wait until the reductions under way have ended."""
        return Draft(
            step=Step.INCREASE,
            equity=self.equity,
            verdicts=tuple(self.judged.verdicts),
            stances=tuple(self.judged.stances.values()),
        )

    def increase(self) -> Draft:
        """Purchases on the cash that is there; every entry gets a word, bought or not."""
        wanted = self._wanted()
        buyers = [self._delta(key, quantity) for key, quantity in wanted.items()]
        free = self.situation.free.get(self.account.quote, ZERO)
        cash = min(self._own_cash(), free)
        spendable = cash - self.account.reserve * self.equity
        netted = net_increases(self.account, buyers, spendable)
        for key in (*self.judged.entering, *self.judged.growing):
            self._answer(key, netted.moved.get(key, ZERO), netted.refused.get(key, ""))
        for key in netted.moved:
            if key not in self.judged.entering and key not in self.judged.growing:
                slot = self.slots[key]
                now = self.judged.stance(slot)
                self.judged.stances[key] = replace(now, surplus=self.targets[key].surplus)
        return Draft(
            step=Step.INCREASE,
            equity=self.equity,
            verdicts=tuple(self.judged.verdicts),
            intents=netted.intents,
            stances=tuple(self.judged.stances.values()),
        )

    def _answer(self, key: Key, ordered: Decimal, refused: str) -> None:
        slot, wish = self.slots[key], self.slots[key].wish
        if wish is None:
            return
        enters = key in self.judged.entering
        denial = self.targets[key].denial if enters else ""
        surplus = self.targets[key].surplus if enters else None
        if denial:
            self.judged.settle(wish, SignalStatus.DENIED, f"cannot be sized ({denial})")
            self.judged.take_stance(slot, wish, slot.stance.state)
        elif ordered:
            self.judged.take_stance(slot, wish, DesiredState.LONG, surplus=surplus)
            self.judged.count_order(slot, ordered)
            self.judged.await_orders(wish, ordered, ZERO)
        elif slot.sellable and (enters or slot.stance.grows_from is not None):
            self.judged.take_stance(slot, wish, DesiredState.LONG, surplus=surplus)
            self.judged.settle(wish, SignalStatus.EXECUTED, "taken over inside the account")
        else:
            self.judged.settle(wish, SignalStatus.SKIPPED, refused or "nothing to buy")
            self.judged.take_stance(slot, wish, slot.stance.state)
