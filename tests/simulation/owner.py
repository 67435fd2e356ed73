"""The owner of a schedule: pulls switches, changes settings, and resolves what is held."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Final

from chalicelib.domain.errors import ActionRefused, CryptoBotError, StoreConflict
from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.cancel_order import cancel_order
from chalicelib.services.trading.close_strategy import close_strategy
from chalicelib.services.trading.decide_signal import decide_signal
from chalicelib.services.trading.halt_trading import halt_trading
from chalicelib.services.trading.pause_strategy import pause_strategy
from chalicelib.services.trading.resolve_order import Resolution, Word, resolve_order
from chalicelib.services.trading.resume_account import resume_account
from tests.simulation.kernel import Kernel
from tests.simulation.setting import Setting
from tests.simulation.venue import SimulatedVenue

ABSENT: Final = Resolution(word=Word.ABSENT)


class Owner:
    """Knows what the venue's own page shows, and acts through the services alone."""

    def __init__(
        self,
        ports: TradingPorts,
        kernel: Kernel,
        venues: dict[str, SimulatedVenue],
        setting: Setting,
    ) -> None:
        self._ports = ports
        self._kernel = kernel
        self._venues = venues
        self._setting = setting

    def acts(self) -> list[Callable[[], object]]:
        """What the owner may do in the middle of it all."""
        names = [strategy.name for strategy in self._setting.strategies]
        ports = self._ports
        return [
            lambda: halt_trading(ports, HaltLevel.NO_ENTRIES, "the owner's hand"),
            lambda: halt_trading(ports, HaltLevel.FLATTEN, "the owner's hand"),
            lambda: halt_trading(ports, HaltLevel.NONE, "the owner's hand"),
            lambda: self._pause(names[0], paused=True),
            lambda: self._pause(names[0], paused=False),
            lambda: close_strategy(ports, names[-1]),
            lambda: self._change_weights(Decimal("0.7")),
            lambda: self._change_weights(Decimal("1.2")),
            self._cancel_resting,
            self._cancel_resting,
        ]

    def let_everything_go_on(self) -> None:
        """No halt, nothing paused, no breaker open, every approval given."""
        ports = self._ports
        for account in self._venues:
            resume_account(ports, account)
        halt_trading(ports, HaltLevel.NONE, "calm")
        for subscription in ports.strategies.configuration().subscriptions:
            self._pause(subscription.strategy, paused=False)
        for signal in ports.signals.recent(100):
            self._approve(signal.id)

    def _approve(self, signal_id: str) -> None:
        for _ in range(10):  # a tick may be writing the same signal
            with suppress(StoreConflict):
                with suppress(ActionRefused):
                    decide_signal(self._ports, signal_id, approved=True)
                return

    def resolve_held(self) -> None:
        """Say "absent" of an order that the venue has not, once none can be on its way."""
        for order in self._ports.orders.held(20):
            venue = self._venues[order.intent.account]
            sent = order.sent_at or order.created_at
            age = (self._ports.clock.now() - sent).total_seconds()
            there = venue.book.of(order.intent.client_order_id)
            if (
                any(known.is_open for known in there)
                and self._kernel.dice.random() < self._setting.owner_ends_held
            ):
                venue.floor.cancel_by_hand()
            if there or age < venue.floor.habits.late_by + 60:
                continue
            with suppress(ActionRefused, StoreConflict):
                resolve_order(self._ports, order.intent.id, ABSENT, None, dry_run=False)

    def _pause(self, name: str, *, paused: bool) -> None:
        pause_strategy(self._ports.strategies, strategy=name, account=None, paused=paused)

    def _change_weights(self, factor: Decimal) -> None:
        configuration = self._ports.strategies.configuration()
        with exact_arithmetic():
            changed = [
                replace(s, weight=(s.weight * factor).quantize(Decimal("0.001")))
                for s in configuration.subscriptions
                if s.weight > ZERO
            ]
        self._ports.strategies.apply(expected_version=configuration.version, subscriptions=changed)

    def _cancel_resting(self) -> None:
        for order in self._ports.orders.recent(20):
            if order.status.is_resting:
                with suppress(CryptoBotError):
                    cancel_order(self._ports, order.intent.id)
                return
