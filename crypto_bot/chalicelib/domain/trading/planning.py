"""Targets, holdings and prices become one step of orders: reductions first, then increases.

Pure: the service reads a Situation, this decides a Draft, the service writes it down as a Plan.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.allocation import Claim, Target, Terms, allocate
from chalicelib.domain.trading.netting import Delta, net_increases, net_reductions
from chalicelib.domain.trading.plan import Stance, Step, Verdict
from chalicelib.domain.trading.risk import Conditions, screen
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.domain.trading.situation import Draft, Key, Situation, Slot, equity_of, slots_of
from chalicelib.domain.trading.wishes import Wish, verdict


# A holder of the surplus that lacks less than this part of its target is left alone.
_REBOOST_FROM = Decimal("0.05")


def draft_plan(situation: Situation) -> Draft:
    """The next step for the account; an empty draft when nothing is to be done."""
    with exact_arithmetic():
        desk = _Desk(situation)
        desk.judge()
        reduction = desk.reduce()
        if reduction is not None:
            return reduction
        return desk.wait() if situation.reducing else desk.increase()


class _Desk:
    """One decision in the making: which slot leaves, stays, enters, and what that costs."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.account = situation.account
        self.slots = slots_of(situation)
        self.equity = equity_of(situation)
        self.verdicts: list[Verdict] = []
        self.stances: dict[Key, Stance] = {}
        self.leaving: dict[Key, Decimal] = {}
        self.entering: dict[Key, Wish] = {}
        self.growing: dict[Key, Decimal] = {}

    def judge(self) -> None:
        """Sort slots into leaving, entering, resizing or nothing, with a word to their signals."""
        self._answer_orphans()
        for slot in self.slots.values():
            if slot.key[1] in self.situation.busy:
                continue
            if slot.key[1] in self.situation.state.frozen:
                self._refuse_while_frozen(slot)
                continue
            if self.situation.halt is HaltLevel.FLATTEN:
                self._flatten(slot)
            if slot.wish is None:
                self._tidy(slot)
            elif slot.wish.state is not DesiredState.LONG:
                self._leave(slot, slot.wish)
            elif slot.wish.wants_more:
                self._want_more(slot, slot.wish)
            else:
                self._shrink(slot, slot.wish)

    def _answer_orphans(self) -> None:
        """Wishes for what the venue does not have end here; without a price they wait."""
        for key, wish in self.situation.wishes.items():
            if key not in self.slots and key[1] not in self.situation.instruments:
                venue = self.account.exchange
                self._settle(
                    wish, SignalStatus.DENIED, f"{venue} has no {key[1]} (INSTRUMENT_UNKNOWN)"
                )

    def _refuse_while_frozen(self, slot: Slot) -> None:
        # An exit waits: selling what the venue does not hold can only fail.
        if slot.wish is not None and slot.wish.wants_more:
            self._want_more(slot, slot.wish)

    def _flatten(self, slot: Slot) -> None:
        if slot.stance.state is DesiredState.LONG:
            self.stances[slot.key] = replace(slot.stance, state=DesiredState.FLAT, surplus=False)
        if slot.sellable:
            self.leaving[slot.key] = slot.owned

    def _tidy(self, slot: Slot) -> None:
        # An exit that did not complete is pursued for as long as there is something to sell.
        if slot.stance.state is not DesiredState.LONG and slot.sellable:
            self.leaving[slot.key] = slot.owned

    def _leave(self, slot: Slot, wish: Wish) -> None:
        short = wish.state is DesiredState.SHORT
        self._take_stance(slot, wish, wish.state)
        if slot.sellable:
            self.leaving[slot.key] = slot.owned
        elif short:
            self._settle(
                wish, SignalStatus.DENIED, "short denied, already flat (SHORT_NOT_ENABLED)"
            )
        elif slot.owned > 0:
            dust = f"{plain(slot.owned)} {slot.instrument.base} is below the venue's minimum"
            self._settle(wish, SignalStatus.SKIPPED, f"{dust}: left as dust")
        else:
            self._settle(wish, SignalStatus.SKIPPED, "already flat")

    def _want_more(self, slot: Slot, wish: Wish) -> None:
        if slot.subscription is None:
            self._settle(wish, SignalStatus.SKIPPED, "not followed any more: exits only")
            return
        strategy = self.situation.configuration.strategies[slot.key[0]]
        refusal = screen(wish, strategy, slot.subscription, self._conditions(slot))
        if refusal is not None:
            self._settle(wish, refusal.status, refusal.reason)
            self._take_stance(slot, wish, slot.stance.state)
        elif slot.subscription.approval and not wish.latest.approved:
            return  # waits for the owner until it is too late
        elif slot.stance.state is not DesiredState.LONG and wish.sets_state:
            self.entering[slot.key] = wish
        elif not slot.owned:
            self._settle(wish, SignalStatus.SKIPPED, "holds nothing to add to")
        elif wish.ratio > 1:
            self.growing[slot.key] = slot.owned * (wish.ratio - ONE)
        else:
            self._shrink(slot, wish)

    def _shrink(self, slot: Slot, wish: Wish) -> None:
        self._take_stance(slot, wish, slot.stance.state)
        part = slot.instrument.round_quantity(slot.owned * (ONE - wish.ratio))
        shortfall = slot.instrument.shortfall(part, slot.price)
        if wish.ratio == 1:
            self._settle(wish, SignalStatus.SKIPPED, "already long")
        elif not slot.owned:
            self._settle(wish, SignalStatus.SKIPPED, "holds nothing to reduce")
        elif shortfall:
            self._settle(wish, SignalStatus.SKIPPED, _too_small(slot, part, shortfall))
        else:
            self.leaving[slot.key] = part

    def _conditions(self, slot: Slot) -> Conditions:
        return Conditions(
            now=self.situation.now,
            halt=self.situation.halt,
            equity=self.equity,
            price=slot.price,
            frozen=self.situation.state.frozen,
            stance=slot.stance,
            holding=slot.holding,
        )

    def _take_stance(
        self, slot: Slot, wish: Wish, state: DesiredState, *, surplus: bool | None = None
    ) -> None:
        self.stances[slot.key] = replace(
            slot.stance,
            state=state,
            applied_at=wish.fired_at,
            signal_id=wish.latest.id,
            surplus=slot.stance.surplus and state is DesiredState.LONG
            if surplus is None
            else surplus,
        )

    def _settle(self, wish: Wish, status: SignalStatus, reason: str) -> None:
        self.verdicts += [verdict(signal, status, reason) for signal in wish.signals]

    def targets(self) -> Mapping[Key, Target]:
        """What the policy gives every active slot, entering ones included."""
        claims = [
            Claim(
                strategy=slot.key[0],
                symbol=slot.key[1],
                weight=slot.weight,
                price=slot.price,
                active=self._will_be_active(slot),
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

    def _will_be_active(self, slot: Slot) -> bool:
        if slot.key in self.entering:
            return True
        return self.stances.get(slot.key, slot.stance).state is DesiredState.LONG

    def reduce(self) -> Draft | None:
        """Sales and internal crosses; None when nothing is to be reduced."""
        targets = self.targets() if self._wants_targets() else {}
        wanted = self._wanted(targets)
        raised_for = self._raise_cash(targets, wanted)
        if not self.leaving:
            return None
        sellers = [self._delta(key, quantity) for key, quantity in self.leaving.items()]
        buyers = [self._delta(key, quantity) for key, quantity in wanted.items()]
        netted = net_reductions(self.account, sellers, buyers, self.situation.free)
        for key in self.leaving:
            self._promise(key, netted.moved.get(key, ZERO), netted.crossed.get(key, ZERO))
        draft = Draft(
            step=Step.REDUCE,
            equity=self.equity,
            verdicts=tuple(self.verdicts),
            intents=netted.intents,
            crosses=netted.crosses,
            stances=tuple(self.stances.values()),
            raised_for=raised_for,
        )
        return None if not (draft.intents or draft.crosses) else draft

    def _wants_targets(self) -> bool:
        acted = self.entering or self.growing or self.leaving or self.verdicts
        return bool(acted or self._reboosts())

    def _reboosts(self) -> bool:
        return self.account.policy == "boost" and self.account.reboost_on_exit

    def _wanted(self, targets: Mapping[Key, Target]) -> dict[Key, Decimal]:
        """Base that each growing slot still needs, before cash and steps are looked at."""
        wanted = dict(self.growing)
        for key, wish in self.entering.items():
            target = targets[key]
            if not target.denial:
                slot = self.slots[key]
                wanted[key] = max(target.notional * wish.ratio / slot.price - slot.owned, ZERO)
        for key, target in targets.items():
            if key not in wanted and key not in self.leaving and self._may_follow(key, target):
                slot = self.slots[key]
                self._follow(slot, target.notional / slot.price - slot.owned, wanted)
        return {key: self._capped(key, quantity) for key, quantity in wanted.items()}

    def _may_follow(self, key: Key, target: Target) -> bool:
        slot = self.slots[key]
        if key in self.entering or target.denial or key[1] in self.situation.busy:
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
            self.leaving[slot.key] = part

    def _capped(self, key: Key, quantity: Decimal) -> Decimal:
        slot = self.slots[key]
        most = slot.subscription.max_order_notional if slot.subscription else None
        return quantity if most is None else min(quantity, most / slot.price)

    def _raise_cash(
        self, targets: Mapping[Key, Target], wanted: Mapping[Key, Decimal]
    ) -> tuple[str, ...]:
        """Trim holders of the surplus down to their base, as far as entries lack cash for them.

        Done once per entry: a sale that fails must not keep the entry waiting for ever.
        """
        entries = [self.entering[key].latest.id for key in wanted if key in self.entering]
        fresh = [name for name in entries if name not in self.situation.state.trimmed_for]
        if self.account.policy != "boost" or not fresh:
            return ()
        shortage = self._shortage(wanted)
        for slot in self.slots.values():
            if shortage <= 0:
                break
            target = targets.get(slot.key)
            if target is None or not slot.stance.surplus or slot.key in self.leaving:
                continue
            shortage -= self._trim(slot, shortage)
        return tuple(fresh)

    def _trim(self, slot: Slot, shortage: Decimal) -> Decimal:
        above_base = slot.value - slot.weight * self.equity
        part = slot.instrument.round_quantity(max(min(above_base, shortage), ZERO) / slot.price)
        if slot.key[1] in self.situation.busy or slot.instrument.shortfall(part, slot.price):
            return ZERO
        self.leaving[slot.key] = part
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
                for key, q in self.leaving.items()
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
        if ordered or crossed:
            self._count_order(slot, ordered)
        if (
            key not in self.entering and slot.wish and slot.wish.state is not DesiredState.LONG
        ) or (key not in self.entering and slot.wish and slot.wish.ratio < 1):
            self._await(slot.wish, ordered, crossed)
        elif slot.stance.surplus:
            now = self.stances.get(key, slot.stance)
            self.stances[key] = replace(now, surplus=self._keeps_surplus(slot, ordered + crossed))

    def _keeps_surplus(self, slot: Slot, trimmed: Decimal) -> bool:
        above_base = slot.value - trimmed * slot.price - slot.weight * self.equity
        return above_base > max(slot.instrument.minimum_notional, ZERO)

    def _await(self, wish: Wish, ordered: Decimal, crossed: Decimal) -> None:
        if not ordered and not crossed:
            self._settle(wish, SignalStatus.SKIPPED, "below the venue's minimum: left as dust")
            return
        short = wish.state is DesiredState.SHORT
        self.verdicts += [
            Verdict(
                signal_id=signal.id,
                strategy=signal.strategy,
                symbol=signal.symbol,
                status=SignalStatus.PLANNED,
                reason="closed long, short denied (SHORT_NOT_ENABLED)" if short else "",
                success=SignalStatus.PARTIALLY_EXECUTED if short else SignalStatus.EXECUTED,
                quantity=ordered,
                crossed=crossed,
            )
            for signal in wish.signals
        ]

    def _count_order(self, slot: Slot, ordered: Decimal) -> None:
        if not ordered:
            return
        today = self.situation.now.date()
        now = self.stances.get(slot.key, slot.stance)
        counted = now.orders_today if now.orders_on == today else 0
        self.stances[slot.key] = replace(now, orders_on=today, orders_today=counted + 1)

    def wait(self) -> Draft:
        """Purchases wait until the reductions under way have ended."""
        return Draft(
            step=Step.INCREASE,
            equity=self.equity,
            verdicts=tuple(self.verdicts),
            stances=tuple(self.stances.values()),
        )

    def increase(self) -> Draft:
        """Purchases on the cash that is there; every entry gets a word, bought or not."""
        targets = self.targets() if self._wants_targets() else {}
        wanted = self._wanted(targets)
        buyers = [self._delta(key, quantity) for key, quantity in wanted.items()]
        free = self.situation.free.get(self.account.quote, ZERO)
        cash = min(self._own_cash(), free)
        spendable = cash - self.account.reserve * self.equity
        netted = net_increases(self.account, buyers, spendable)
        for key in (*self.entering, *self.growing):
            self._answer(key, targets, netted.moved.get(key, ZERO), netted.refused.get(key, ""))
        for key in netted.moved:
            if key not in self.entering and key not in self.growing:
                slot = self.slots[key]
                now = self.stances.get(key, slot.stance)
                self.stances[key] = replace(now, surplus=targets[key].surplus)
        return Draft(
            step=Step.INCREASE,
            equity=self.equity,
            verdicts=tuple(self.verdicts),
            intents=netted.intents,
            stances=tuple(self.stances.values()),
        )

    def _answer(
        self, key: Key, targets: Mapping[Key, Target], ordered: Decimal, refused: str
    ) -> None:
        slot, wish = self.slots[key], self.slots[key].wish
        if wish is None:
            return
        denial = targets[key].denial if key in targets else ""
        surplus = targets[key].surplus if key in targets else None
        if denial:
            self._settle(wish, SignalStatus.DENIED, f"cannot be sized ({denial})")
            self._take_stance(slot, wish, slot.stance.state)
        elif ordered:
            self._take_stance(slot, wish, DesiredState.LONG, surplus=surplus)
            self._count_order(slot, ordered)
            self._await(wish, ordered, ZERO)
        elif slot.sellable and key in self.entering:
            self._take_stance(slot, wish, DesiredState.LONG, surplus=surplus)
            self._settle(wish, SignalStatus.EXECUTED, "taken over inside the account")
        else:
            self._settle(wish, SignalStatus.SKIPPED, refused or "nothing to buy")
            self._take_stance(slot, wish, slot.stance.state)


def _too_small(slot: Slot, quantity: Decimal, code: str) -> str:
    instrument, worth = slot.instrument, plain((quantity * slot.price).quantize(Decimal("0.01")))
    if code == "NOTIONAL_BELOW_MINIMUM":
        return f"{worth} {instrument.quote} < minimum {plain(instrument.minimum_notional)} ({code})"
    least = plain(instrument.minimum_quantity)
    return f"{plain(quantity)} {instrument.base} < minimum {least} ({code})"
