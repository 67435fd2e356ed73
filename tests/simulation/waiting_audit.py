"""I14: an order of a bot that waits is executed in its time, at its price, and not once it was
taken back. That it is executed once, and has its last word, I1 and I3 say of every signal.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from chalicelib.domain.trading.plan import Plan, Verdict
from chalicelib.domain.trading.signal import Signal, SignalStatus, signal_id_from_sender
from chalicelib.domain.trading.signal_order import SignalOrder
from tests.simulation.kernel import Kernel

_SEEN_BY: Final = 5.0  # what was answered is on the shelf of what is due


class WaitingAudit:
    """Hears of every signal and of every verdict that a plan has on one."""

    def __init__(
        self, kernel: Kernel, seen: Counter[str], violate: Callable[[str, str], None]
    ) -> None:
        self._kernel = kernel
        self._seen = seen
        self._violate = violate
        self._orders: dict[str, SignalOrder] = {}
        self._taken_back: dict[str, float] = {}  # when that was answered

    def stored(self, signal: Signal) -> None:
        """What it waits for."""
        if signal.order is not None:
            self._orders[signal.id] = signal.order

    def taken_back(self, strategy: str, name: str) -> None:
        """A cancellation was answered."""
        signal_id = signal_id_from_sender(strategy=strategy, sender_id=name)
        self._taken_back.setdefault(signal_id, self._kernel.now)

    def decided(self, plan: Plan, verdict: Verdict) -> None:
        """Of an order that has waited, whether it may be executed."""
        order = self._orders.get(verdict.signal_id)
        if order is None:
            return
        if verdict.status is not SignalStatus.PLANNED:
            self._seen["an order that waited expired"] += "(ORDER_EXPIRED)" in verdict.reason
            self._seen["an order that waited was taken back"] += "cancelled by" in verdict.reason
            return
        self._seen["an order that waited was met"] += 1
        if order.is_over(plan.created_at):
            self._violate("I14", f"{verdict.signal_id} is executed after {order.expires_at}")
        price = plan.prices.get(verdict.symbol)
        if order.worst is not None and price is not None and not order.is_met(price):
            self._violate("I14", f"{verdict.signal_id} {order.words}, and the price is {price}")
        since, process = self._taken_back.get(verdict.signal_id), self._kernel.process
        if since is not None and process is not None and process.started_at > since + _SEEN_BY:
            self._violate("I14", f"{verdict.signal_id} is executed though it was taken back")
