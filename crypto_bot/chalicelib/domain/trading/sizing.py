"""A judgement in numbers: what is sold, what changes hands, what is bought on which cash."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import ZERO, plain
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.allocation import Claim, Target, Terms, allocate
from chalicelib.domain.trading.exposure import within_exposure
from chalicelib.domain.trading.judgement import Judgement
from chalicelib.domain.trading.netting import Delta, net_increases, net_reductions
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.plan import Step
from chalicelib.domain.trading.risk import over_exposed
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.domain.trading.situation import Draft, Key, Situation, Slot, equity_of, slots_of
from chalicelib.domain.trading.trimming import Trimming
from chalicelib.domain.trading.wishes import Wish

# A holder of the surplus that lacks less than this part of its target is left alone.
_REBOOST_FROM: Final = Decimal("0.05")


class Sizing:
    """One situation judged, with the targets that its policy gives every active slot."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.account = situation.account
        self.slots = slots_of(situation)
        self.equity = equity_of(situation)
        self.judged = Judgement(situation, self.slots, self.equity)
        self.targets = self._allocate() if self._wants_targets() else {}
        self.cut: frozenset[Key] = frozenset()

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
                stop_loss=self.judged.levels(slot, slot.wish).stop_loss if slot.wish else None,
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
        raised_for = Trimming(self.judged, self.targets, self.equity).raise_cash(wanted)
        if not (self.judged.leaving or self.judged.triggers):
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
            intents=tuple(self._explained(intent) for intent in netted.intents),
            crosses=netted.crosses,
            triggers=tuple(self.judged.triggers),
            stances=tuple(self.judged.stances.values()),
            raised_for=raised_for,
        )
        return draft if draft.intents or draft.crosses or draft.triggers else None

    def _explained(self, intent: OrderIntent) -> OrderIntent:
        """With the reason of those who leave without a signal that has it."""
        sellers = [self.slots[(share.strategy, intent.symbol)] for share in intent.shares]
        left = [(slot.key[0], self.judged.stance(slot).left_by) for slot in sellers]
        because = "; ".join(f"{strategy}: {why}" for strategy, why in left if why)
        return replace(intent, because=because)

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
        return self._within_exposure({key: self._capped(key, q) for key, q in wanted.items()})

    def _within_exposure(self, wanted: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
        most = self.account.max_exposure_per_coin
        bounded = within_exposure(most, self.equity, self.slots, wanted, self.judged.leaving)
        self.cut = frozenset(key for key, quantity in wanted.items() if bounded[key] < quantity)
        return bounded

    def _may_follow(self, key: Key, target: Target) -> bool:
        slot = self.slots[key]
        if target.denial or not self.situation.is_settled(key):
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
            if self.judged.gate.lets_grow(slot):
                wanted[slot.key] = part
        elif self.account.rebalance_band is not None:
            self.judged.leaving[slot.key] = part

    def _capped(self, key: Key, quantity: Decimal) -> Decimal:
        slot = self.slots[key]
        most = slot.subscription.max_order_notional if slot.subscription else None
        return quantity if most is None else min(quantity, most / slot.price)

    def _delta(self, key: Key, quantity: Decimal) -> Delta:
        slot = self.slots[key]
        return Delta(
            strategy=key[0],
            quantity=quantity,
            owned=slot.owned,
            price=slot.price,
            instrument=slot.instrument,
            worst=self._worst(key),
        )

    def _worst(self, key: Key) -> Decimal | None:
        """The limit of the order that moves it, if one does."""
        moving = self.judged.exits.get(key) or self.judged.entering.get(key)
        if moving is None and key in self.judged.growing:
            moving = self.slots[key].wish
        order = None if moving is None else moving.latest.order
        return None if order is None else order.worst

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
        cash = min(self.situation.uncommitted, free)
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
            self.judged.pass_over(slot, wish)
        elif ordered:
            self.judged.take_stance(slot, wish, DesiredState.LONG, surplus=surplus)
            self.judged.count_order(slot, ordered)
            self.judged.await_orders(wish, ordered, ZERO, self._cut_note(key))
        elif slot.sellable and (enters or slot.stance.grows_from is not None):
            self.judged.take_stance(slot, wish, DesiredState.LONG, surplus=surplus)
            self.judged.settle(wish, SignalStatus.EXECUTED, "taken over inside the account")
        else:
            self._refuse(key, wish, refused or "nothing to buy")

    def _refuse(self, key: Key, wish: Wish, otherwise: str) -> None:
        slot, most = self.slots[key], self.account.max_exposure_per_coin
        status, reason = SignalStatus.SKIPPED, otherwise
        if most is not None and key in self.cut:
            refusal = over_exposed(slot.instrument.base, most)
            status, reason = refusal.status, refusal.reason
        self.judged.settle(wish, status, reason)
        self.judged.pass_over(slot, wish)

    def _cut_note(self, key: Key) -> str:
        most = self.account.max_exposure_per_coin
        if most is None or key not in self.cut:
            return ""
        return f"cut to {most:.2%} of equity in {self.slots[key].instrument.base} (EXPOSURE_CUT)"
