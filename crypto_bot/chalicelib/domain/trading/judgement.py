"""Who leaves, stays, enters or changes size, and the word for signals that lead to nothing."""

from dataclasses import replace
from decimal import Decimal

from chalicelib.domain.money import ONE, ZERO, plain
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.applied import applied, told_quantity
from chalicelib.domain.trading.gate import Gate
from chalicelib.domain.trading.plan import Stance, Trigger, Verdict
from chalicelib.domain.trading.protection import Levels, levels_after, misplaced, trigger_of
from chalicelib.domain.trading.risk import Refusal, too_many_positions
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.domain.trading.situation import Key, Situation, Slot
from chalicelib.domain.trading.wishes import Wish, overtaken_by, verdict


class Judgement:
    """The slots of one situation, sorted. Quantities are in base.

    `leaving` and `growing` say how much, `entering` is sized later by the policy; `exits` are the
    wishes that a leaving slot answers. `stances` are those that change, `verdicts` signals that
    have been answered, `triggers` protecting prices that the market has come to.
    """

    def __init__(self, situation: Situation, slots: dict[Key, Slot], equity: Decimal) -> None:
        self.situation = situation
        self.slots = slots
        self.gate = Gate(situation, equity)
        self.verdicts: list[Verdict] = []
        self.triggers: list[Trigger] = []
        self.stances: dict[Key, Stance] = {}
        self.leaving: dict[Key, Decimal] = {}
        self.exits: dict[Key, Wish] = {}
        self.entering: dict[Key, Wish] = {}
        self.growing: dict[Key, Decimal] = {}
        self._answer_orphans()
        for slot in slots.values():
            self._judge(slot)
        self._part_limits()
        self._limit_positions()

    @property
    def acted(self) -> bool:
        """Whether any signal had a say: only then are others looked at again."""
        moved = self.entering or self.growing or self.leaving
        return bool(moved or self.verdicts or self.triggers)

    def stance(self, slot: Slot) -> Stance:
        """The slot's stance after this judgement."""
        return self.stances.get(slot.key, slot.stance)

    def is_active(self, slot: Slot) -> bool:
        """Whether the slot wants to be invested after this judgement."""
        return slot.key in self.entering or self.stance(slot).state is DesiredState.LONG

    def levels(self, slot: Slot, wish: Wish) -> Levels:
        """The prices at which the slot leaves by itself, once the wish is applied."""
        strategy = self.situation.configuration.strategies[slot.key[0]]
        return levels_after(wish, slot.stance, strategy, slot.price)

    def settle(self, wish: Wish, status: SignalStatus, reason: str) -> None:
        """The last word on the wish's signals."""
        self.verdicts += [verdict(signal, status, reason) for signal in wish.signals]

    def take_stance(
        self, slot: Slot, wish: Wish, state: DesiredState, *, surplus: bool | None = None
    ) -> None:
        """The wish is applied: nothing older counts for the slot any more."""
        before = self.stance(slot)
        stays = slot.stance.surplus and state is DesiredState.LONG
        enters = state is DesiredState.LONG and slot.stance.state is not DesiredState.LONG
        levels = self.levels(slot, wish) if state is DesiredState.LONG else Levels()
        self.stances[slot.key] = Stance(
            **applied(wish, slot.stance),
            strategy=before.strategy,
            symbol=before.symbol,
            state=state,
            surplus=stays if surplus is None else surplus,
            orders_on=before.orders_on,
            orders_today=before.orders_today,
            realized_before=slot.realized if enters else before.realized_before,
            losses=slot.losing_trips if enters else before.losses,
            stop_loss=levels.stop_loss,
            take_profit=levels.take_profit,
            told_quantity=told_quantity(wish, before, state),
        )

    def pass_over(self, slot: Slot, wish: Wish) -> None:
        """The wish is refused: nothing older counts any more, and nothing else changes."""
        before = self.stance(slot)
        self.stances[slot.key] = replace(before, **applied(wish, slot.stance), grows_from=None)

    def await_orders(self, wish: Wish, ordered: Decimal, crossed: Decimal, note: str = "") -> None:
        """The wish's signals are answered by what becomes of the order."""
        short = wish.state is DesiredState.SHORT
        self.verdicts += [
            Verdict(
                signal_id=signal.id,
                strategy=signal.strategy,
                symbol=signal.symbol,
                status=SignalStatus.PLANNED,
                reason="closed long, short denied (SHORT_NOT_ENABLED)" if short else note,
                success=SignalStatus.PARTIALLY_EXECUTED if short else SignalStatus.EXECUTED,
                quantity=ordered,
                crossed=crossed,
            )
            for signal in wish.signals
        ]

    def count_order(self, slot: Slot, ordered: Decimal) -> None:
        """Where there is a cap on orders a day, this is one."""
        cap = slot.subscription.max_orders_per_day if slot.subscription else None
        if not ordered or cap is None:
            return
        today = self.situation.now.date()
        now = self.stance(slot)
        counted = now.orders_today if now.orders_on == today else 0
        self.stances[slot.key] = replace(now, orders_on=today, orders_today=counted + 1)

    def _judge(self, slot: Slot) -> None:
        if slot.key[1] in self.situation.selling:
            return
        trigger = self._triggered(slot)
        if slot.key in self.situation.releasing:
            return  # of what its stop may still sell nothing else can be sold
        if self.situation.halt is HaltLevel.FLATTEN:
            self._flatten(slot)
        if slot.wish is not None and trigger is None:
            self._heed(slot, slot.wish)
        if not (slot.key in self.leaving or slot.key in self.entering or slot.key in self.growing):
            self._tidy(slot)

    def _heed(self, slot: Slot, wish: Wish) -> None:
        if wish.waits_on(slot.price, self.situation.now):
            return
        if wish.state is not DesiredState.LONG:
            self._leave(slot, wish)
        elif not wish.wants_more:
            self._shrink(slot, wish)
        elif slot.key[1] in self.situation.busy:
            self._leave_instead(slot, wish)
        else:
            self._want_more(slot, wish)

    def _triggered(self, slot: Slot) -> Trigger | None:
        """Once seen it counts, wherever the price goes while the stop is taken back."""
        trigger = trigger_of(slot.stance, slot.price)
        if trigger is not None and (slot.wish is None or slot.wish.state is DesiredState.LONG):
            self.triggers.append(trigger)
            self.stances[slot.key] = slot.stance.left(trigger.reason)
            return trigger
        return None

    def _answer_orphans(self) -> None:
        """Wishes for what the venue does not have end here; without a price they wait a while."""
        for key, wish in self.situation.wishes.items():
            if key in self.slots:
                continue
            unusable = self.situation.unusable.get(key[1])
            if unusable is not None:
                self._answer_unusable(key, wish, unusable)
            elif key[1] in self.situation.prices:
                self.settle(wish, SignalStatus.SKIPPED, "not followed any more, nothing is held")
            elif key[1] not in self.situation.instruments:
                venue = self.situation.account.exchange
                self.settle(
                    wish, SignalStatus.DENIED, f"{venue} has no {key[1]} (INSTRUMENT_UNKNOWN)"
                )
            elif wish.wants_more and self._is_too_late(wish):
                reason = f"no price for {key[1]} while it was in time (PRICE_UNKNOWN)"
                self.settle(wish, SignalStatus.EXPIRED, reason)

    def _answer_unusable(self, key: Key, wish: Wish, why: str) -> None:
        """Nothing can be ordered. Whoever is in, or may be, waits with its exit."""
        may_own = key[1] in self.situation.busy or self.situation.portfolio.holding(*key).quantity
        if wish.wants_more or not may_own:
            reason = f"{key[1]} cannot be traded, {why} (INSTRUMENT_UNUSABLE)"
            self.settle(wish, SignalStatus.DENIED, reason)

    def _is_too_late(self, wish: Wish) -> bool:
        strategy = self.situation.configuration.strategies[wish.latest.strategy]
        return self.situation.now - wish.fired_at > strategy.entry_lag

    def _flatten(self, slot: Slot) -> None:
        if slot.stance.state is DesiredState.LONG:
            self.stances[slot.key] = slot.stance.left()
        if slot.sellable:
            self.leaving[slot.key] = slot.owned

    def _tidy(self, slot: Slot) -> None:
        # An exit that did not complete is pursued for as long as there is something to sell.
        if self.stance(slot).state is not DesiredState.LONG and slot.sellable:
            self.leaving[slot.key] = slot.owned
        elif (left := self.stance(slot).shrinks_to) is not None:
            # Nor is a stop of a part given up that did not sell all of it.
            part = slot.instrument.round_quantity(max(slot.owned - left, ZERO))
            if part > 0 and not slot.instrument.shortfall(part, slot.price):
                self.leaving[slot.key] = part
            else:
                self.stances[slot.key] = replace(self.stance(slot), shrinks_to=None)

    def _leave(self, slot: Slot, wish: Wish) -> None:
        if slot.owned <= 0 and slot.key[1] in self.situation.busy:
            return  # its own purchase may be under way: there is something to leave, or not
        short = wish.state is DesiredState.SHORT
        if not (wish.is_limited and slot.owned > 0):  # else it stays in with what is not sold
            self.take_stance(slot, wish, wish.state)
        if slot.owned > 0:
            # What is dust by itself may be sold together with another strategy's.
            self.leaving[slot.key] = slot.owned
            self.exits[slot.key] = wish
        elif short:
            self.settle(wish, SignalStatus.DENIED, "short denied, already flat (SHORT_NOT_ENABLED)")
        else:
            because = f": {slot.stance.left_by}" if slot.stance.left_by else ""
            self.settle(wish, SignalStatus.SKIPPED, f"already flat{because}")

    def _want_more(self, slot: Slot, wish: Wish) -> None:
        if slot.subscription is None:
            self.settle(wish, SignalStatus.SKIPPED, "not followed any more: exits only")
            self._leave_instead(slot, wish)
            return
        refusal = self.gate.refusal(slot, wish) or misplaced(self.levels(slot, wish), slot.price)
        if refusal is not None:
            self._refuse(slot, wish, refusal)
            return
        if slot.subscription.approval and not wish.approved:
            self._leave_instead(slot, wish)
            return  # waits for the owner until it is too late
        if wish.instead is not None:
            self.verdicts += [overtaken_by(wish.latest, s) for s in wish.instead.signals]
        self._enter_or_grow(slot, wish)

    def _refuse(self, slot: Slot, wish: Wish, refusal: Refusal) -> None:
        self.settle(wish, refusal.status, refusal.reason)
        self._leave_instead(slot, wish)
        self.pass_over(slot, wish)

    def _part_limits(self) -> None:
        """One order has one limit: who moves at any price is not held up by the limit of another,
        which has its turn when that order has ended.
        """
        ways = (self.leaving.keys(), self.entering.keys() | self.growing.keys())
        for keys in ways:
            at_any = {key[1] for key in keys if not self._is_limited(key)}
            for key in [k for k in keys if k[1] in at_any and self._is_limited(k)]:
                self.leaving.pop(key, None)
                self.exits.pop(key, None)
                self.entering.pop(key, None)
                self.growing.pop(key, None)
                self.stances.pop(key, None)

    def _is_limited(self, key: Key) -> bool:
        wish = self.exits.get(key) or self.entering.get(key)
        if wish is None and key in self.growing:
            wish = self.slots[key].wish
        return wish is not None and wish.is_limited

    def _limit_positions(self) -> None:
        """Whoever asked first gets what room there is; what is on its way out makes room."""
        most = self.situation.account.max_open_positions
        if most is None:
            return
        held = {key for key, slot in self.slots.items() if self._stays_open(slot)}
        asking = sorted(
            self.entering.keys() - held,
            key=lambda key: (self.entering[key].fired_at, key),
        )
        for key in asking[max(most - len(held), 0) :]:
            refusal = too_many_positions(max(len(held), most), most)
            self._refuse(self.slots[key], self.entering.pop(key), refusal)

    def _stays_open(self, slot: Slot) -> bool:
        wants_in = self.stance(slot).state is DesiredState.LONG
        if slot.key[1] in self.situation.selling and self.situation.reducing and not wants_in:
            return False  # entries are judged again when that sale has ended
        return (wants_in or slot.sellable) and self.leaving.get(slot.key) != slot.owned

    def _leave_instead(self, slot: Slot, wish: Wish) -> None:
        """The entry does not come about, so the exit before it stands."""
        if wish.instead is not None:
            self._leave(slot, wish.instead)

    def _enter_or_grow(self, slot: Slot, wish: Wish) -> None:
        if slot.stance.state is not DesiredState.LONG and wish.sets_state:
            self.entering[slot.key] = wish
        elif not slot.owned:
            self.settle(wish, SignalStatus.SKIPPED, "holds nothing to add to")
        elif wish.ratio > 1:
            base = slot.owned if slot.stance.grows_from is None else slot.stance.grows_from
            self.growing[slot.key] = max(base * wish.ratio - slot.owned, ZERO)
        else:
            self._shrink(slot, wish)

    def _shrink(self, slot: Slot, wish: Wish) -> None:
        if not slot.owned:
            # Not applied: its entry may still be on the way, and is older.
            self.settle(wish, SignalStatus.SKIPPED, "holds nothing to reduce")
            return
        self.take_stance(slot, wish, self.stance(slot).state)
        if slot.key in self.leaving:  # being flattened: all of it goes
            self.exits[slot.key] = wish
            return
        part = slot.instrument.round_quantity(slot.owned * (ONE - wish.ratio))
        shortfall = slot.instrument.shortfall(part, slot.price)
        if wish.ratio == 1:
            self.settle(wish, SignalStatus.SKIPPED, "already long")
        elif shortfall:
            self.settle(wish, SignalStatus.SKIPPED, _too_small(slot, part, shortfall))
        else:
            self.leaving[slot.key] = part
            self.exits[slot.key] = wish
            if wish.latest.order is not None and not wish.is_limited:
                left = slot.owned - part
                self.stances[slot.key] = replace(self.stance(slot), shrinks_to=left)


def _too_small(slot: Slot, quantity: Decimal, code: str) -> str:
    instrument, worth = slot.instrument, plain((quantity * slot.price).quantize(Decimal("0.01")))
    if code == "NOTIONAL_BELOW_MINIMUM":
        return f"{worth} {instrument.quote} < minimum {plain(instrument.minimum_notional)} ({code})"
    least = plain(instrument.minimum_quantity)
    return f"{plain(quantity)} {instrument.base} < minimum {least} ({code})"
