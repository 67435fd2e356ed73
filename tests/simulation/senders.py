"""The strategies' messages: when they fire, and what delays, doubles, overtakes and spoils them."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Final

from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal_order import OrderKind, OwnWords, SignalOrder
from chalicelib.services.trading.receive_signal import (
    Delivery,
    Inbox,
    receive_own,
    receive_signal,
)
from tests.simulation.auditor import Auditor
from tests.simulation.floor import MORNING
from tests.simulation.kernel import Kernel
from tests.simulation.setting import PRICES, TOKEN, Setting

RESENDS: Final = 3  # as TradingView does, after a 5xx


def taken_back(order: SignalOrder) -> SignalOrder:
    """What ends the order."""
    return SignalOrder(kind=OrderKind.CANCEL, side=order.side, name=order.name)


class Senders:
    """Everybody who sends alerts to one of the `inboxes`."""

    def __init__(
        self, kernel: Kernel, setting: Setting, inboxes: Sequence[Inbox], auditor: Auditor
    ) -> None:
        self._kernel = kernel
        self._setting = setting
        self._inboxes = inboxes
        self._auditor = auditor
        self._states = dict.fromkeys((s.name for s in setting.strategies), "flat")
        self._newest: dict[str, float] = {}  # fire time of what has arrived, by strategy
        self._ordered = 0

    def schedule(self, dice: Random) -> None:
        """All alerts of the schedule."""
        for fired in sorted(self._fire_times(dice)):
            name = dice.choice(sorted(self._states))
            before = self._states[name]
            after = "long" if before == "flat" else dice.choice(("flat", "flat", "short"))
            if dice.random() < 0.15:
                after = before
            self._say(dice, name, after, fired)
            sibling = next((s for s in self._states if s != name and s[:3] == name[:3]), None)
            if sibling is not None and dice.random() < 0.25:
                # On the same coin at the same moment: one order for both, or one buys of the other.
                self._say(dice, sibling, dice.choice(("long", "flat")), fired)

    def schedule_orders(self, dice: Random) -> None:
        """What bots of the strategies want to wait for, and some of it no longer."""
        for _ in range(self._setting.orders):
            name = dice.choice(sorted(self._states))
            fired = dice.uniform(1, self._setting.faults_until * 0.7)
            kind = OrderKind(dice.choice(("limit", "limit", "stop", "trailing")))
            price = PRICES[f"{name[:3].upper()}/USDT"]
            level = price * dice.randint(985, 1015) / 1000
            self._ordered += 1
            order = SignalOrder(
                kind=kind,
                side=dice.choice((Side.BUY, Side.BUY, Side.SELL)),
                name=f"order {self._ordered}",
                price=None if kind is OrderKind.TRAILING else level,
                distance=Decimal("0.01") if kind is OrderKind.TRAILING else None,
                quantity=dice.choice((None, Decimal(1))),
                expires_at=MORNING + timedelta(seconds=int(fired + dice.uniform(60, 400))),
            )
            stop = {"stop_loss": str(price * Decimal("0.9"))} if order.side is Side.BUY else {}
            self.order_at(fired + dice.uniform(0.1, 3), name, order, fired, **stop)
            if dice.random() < 0.2:
                self.order_at(fired + dice.uniform(3, 60), name, order, fired, **stop)
            if dice.random() < 0.25:
                later = fired + dice.uniform(5, 120)
                self.order_at(later, name, taken_back(order), later)

    def order_at(
        self, time: float, name: str, order: SignalOrder, fired: float, **words: str
    ) -> None:
        """What a bot says of an order, until it is stored."""
        cancels = order.kind is OrderKind.CANCEL
        sells_all = order.side is Side.SELL and order.quantity is None
        message = {
            "id": f"{order.name} cancelled" if cancels else order.name,
            "time": (MORNING + timedelta(seconds=int(fired))).isoformat(),
            "ticker": f"{name[:3].upper()}USDT",
            "market_position": "flat" if sells_all or cancels else "long",
            **words,
        }
        body = json.dumps(message).encode()
        inbox = self._inboxes[len(body) % len(self._inboxes)]

        def tell() -> None:
            answer = receive_own(inbox, Delivery(body=body, strategy=name), OwnWords(order=order))
            self._auditor.answered(answer)
            if answer.status >= 500:
                self._kernel.spawn(self._kernel.now + 5, tell, "bot", life=30.0)
            elif cancels:
                self._auditor.waiting.taken_back(name, order.name)

        self._kernel.spawn(max(time, 0.0), tell, "bot", life=30.0)

    def _fire_times(self, dice: Random) -> list[float]:
        """Half of the alerts come at a candle's close, several strategies' at the same."""
        latest = self._setting.faults_until * 0.8
        times = [dice.uniform(1, latest) for _ in range(self._setting.alerts)]
        return [round(t / 60) * 60.0 if dice.random() < 0.5 else t for t in times]

    def _say(self, dice: Random, name: str, after: str, fired: float) -> None:
        before = self._states[name]
        self._states[name] = "flat" if after == "short" else after
        # Most come at once; some so late that a newer one has overtaken them.
        delay = dice.uniform(0.2, 3) if dice.random() < 0.9 else dice.uniform(5, 120)
        if delay > 3:
            self._seen("alert late")
        self.alert_at(fired + delay, name, after, before, fired)
        if dice.random() < 0.2:
            self._seen("alert twice")
            self.alert_at(fired + delay + dice.uniform(0, 90), name, after, before, fired)
        if dice.random() < 0.065:
            self._seen("alert with another body")
            later = fired + delay + dice.uniform(1, 60)
            self.alert_at(later, name, after, before, fired, worth=2)

    def alert_at(
        self, time: float, name: str, after: str, before: str, fired: float, worth: int = 1
    ) -> None:
        """The strategy's message, on its way since `fired`; `worth` changes the price in it."""
        instant = MORNING + timedelta(seconds=int(fired))
        message = {
            "time": instant.isoformat().replace("+00:00", "Z"),
            "ticker": f"{name[:3].upper()}USDT",
            "order_action": "buy" if after == "long" else "sell",
            "order_price": str(PRICES[f"{name[:3].upper()}/USDT"] * Decimal(worth)),
            "order_comment": "stop" if int(fired) % 5 == 0 and after == "flat" else after,
            "market_position": after,
            "prev_market_position": before,
            "secret": TOKEN.format(name),
        }
        deliver = self._delivery(json.dumps(message).encode(), name, fired, RESENDS)
        self._kernel.spawn(max(time, 0.0), deliver, "webhook", life=30.0)

    def _delivery(self, body: bytes, name: str, fired: float, resends: int) -> Callable[[], None]:
        inbox = self._inboxes[len(body) % len(self._inboxes)]

        def deliver() -> None:
            if fired < self._newest.get(name, 0.0):
                self._seen("alert overtaken")
            self._newest[name] = max(fired, self._newest.get(name, 0.0))
            answer = receive_signal(inbox, Delivery(body=body, strategy=name))
            self._auditor.answered(answer)
            if answer.status >= 500 and resends:
                self._seen("alert resent")
                again = self._delivery(body, name, fired, resends - 1)
                self._kernel.spawn(self._kernel.now + 5, again, "webhook", life=30.0)

        return deliver

    def _seen(self, fault: str) -> None:
        self._auditor.seen[f"fault: {fault}"] += 1
