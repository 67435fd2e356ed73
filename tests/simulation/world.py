"""One schedule: alerts, ticks, the owner and the market act on the shipped services at once."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Final

from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.trading.account import Account
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.receive_signal import (
    Delivery,
    Inbox,
    StrategyCache,
    receive_signal,
)
from chalicelib.services.trading.tick import tick
from tests.simulation.auditor import Auditor
from tests.simulation.floor import MORNING, Floor, Market
from tests.simulation.kernel import Kernel, Trouble
from tests.simulation.orders import VenueBook
from tests.simulation.owner import Owner
from tests.simulation.setting import FEE, PRICES, TOKEN, Setting, instruments
from tests.simulation.table import SimulatedTable
from tests.simulation.venue import SimulatedVenue

LIFE: Final = 60.0  # a Lambda's, and how long before its end a tick begins nothing new
NOTICE: Final = 10.0
CALM: Final = 900.0  # seconds after the last fault within which everything has to be over
MANUAL_ACTS: Final = {
    "deposit": "deposit",
    "sell own": "manual trade",
    "withdraw": "withdrawal",
    "cancel": "cancelled by hand",
}
PATIENCE: Final = 30  # minutes within which whatever was begun has to be over
RESENDS: Final = 3  # as TradingView does, after a 5xx


@dataclass(frozen=True, slots=True)
class SimulatedClock:
    """`Clock` in the kernel's seconds."""

    kernel: Kernel

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=self.kernel.now)


@dataclass(frozen=True, slots=True)
class SimulatedExchanges:
    """`Exchanges` over the venues of the schedule."""

    venues: dict[str, SimulatedVenue]

    def open(self, account: Account) -> SimulatedVenue:
        return self.venues[account.name]


class World:
    """Everything of one seed. `run` plays it to its end and lets the auditor judge."""

    def __init__(self, seed: int, setting: Setting) -> None:
        self.seed = seed
        self.setting = setting
        self.kernel = Kernel(seed, Trouble())
        self.dice = Random(f"world {seed}")
        self.table = SimulatedTable(self.kernel, lag=setting.lag)
        self.market = Market(instruments(), dict(PRICES))
        self.venues = {account.name: self._venue(account) for account in setting.accounts}
        self.clock = SimulatedClock(self.kernel)
        self.ports = TradingPorts(
            clock=self.clock,
            workers=self.kernel,
            signals=TableSignalStore(self.table),
            plans=TablePlanStore(self.table),
            orders=TableOrderStore(self.table),
            ledger=TableLedgerStore(self.table),
            strategies=TableStrategyStore(self.table),
            control=TableControlStore(self.table),
            exchanges=SimulatedExchanges(self.venues),
        )
        self.ports.strategies.apply(
            expected_version=0,
            strategies=setting.strategies,
            accounts=setting.accounts,
            subscriptions=setting.subscriptions,
        )
        self.auditor = Auditor(self.kernel, self.table, self.venues, self.market)
        self.owner = Owner(self.ports, self.kernel, self.venues)
        self.ticks = 0
        self._inboxes = [self._inbox() for _ in range(2)]

    # --- the schedule ----------------------------------------------------------------------

    def run(self) -> Auditor:
        """Faults until `faults_until`, then calm, then the reckoning."""
        setting, kernel = self.setting, self.kernel
        kernel.trouble = setting.trouble
        self._schedule_alerts()
        self._schedule_ticks()
        self._schedule_market()
        self._schedule_owner()
        kernel.run(setting.faults_until)
        self.calm_down()
        return self.reckon()

    def calm_down(self) -> None:
        """From here on everything works, and the owner lets everything go on."""
        self.kernel.trouble = Trouble()
        for venue in self.venues.values():
            venue.floor.habits = replace(venue.floor.habits, expires=0.0, nothing=0.0, liquid=1.0)
        start = self.kernel.now
        self.kernel.spawn(start, self.owner.let_everything_go_on, "owner")
        while self.kernel.now < start + CALM:
            self.tick_at(self.kernel.now)
            self.kernel.spawn(self.kernel.now + 1, self.owner.resolve_held, "owner")
            self.kernel.run(self.kernel.now + 30)
            if self.is_settled():
                return

    def is_settled(self) -> bool:
        """Whether every alert has its last word, and every order and plan has ended."""
        states = [self.ports.plans.state(name) for name in self.venues]
        return (
            not self.auditor.unfinished()
            and not any(self.auditor.unconcluded(state) for state in states)
            and all(signal.status.is_final for signal in self.ports.signals.recent(1000))
        )

    def reckon(self) -> Auditor:
        """Compare books and venue once more, and judge the end."""
        self.kernel.run(self.kernel.now + 960)  # the quarter of an hour until the next comparison
        for _ in range(PATIENCE):  # which may find something to do, and has to end that too
            self.tick_at(self.kernel.now)
            self.kernel.run(self.kernel.now + 60)
            if self.is_settled():
                break
        self.auditor.judge_the_end(self.ports)
        return self.auditor

    # --- ticks -----------------------------------------------------------------------------

    def tick_at(self, time: float) -> None:
        """A tick as the scheduled function runs it."""
        self.ticks += 1
        owner = f"tick {self.ticks}"
        self.kernel.spawn(time, partial(self._tick, owner), owner, life=LIFE)

    def _tick(self, owner: str) -> None:
        deadline = self.clock.now() + timedelta(seconds=LIFE - NOTICE)
        tick(self.ports, owner=owner, deadline=deadline)

    def _schedule_ticks(self) -> None:
        time, dice = 1.0, self.dice
        while time < self.setting.faults_until:
            chance = dice.random()
            if chance > 0.1:
                self.tick_at(time)
            else:
                self._seen("tick missed")
            if chance > 0.85:
                self._seen("tick twice")
                self.tick_at(time + dice.choice((0.0, 0.5, 20.0)))
            time += self.setting.period

    # --- alerts ----------------------------------------------------------------------------

    def _schedule_alerts(self) -> None:
        dice, states = self.dice, dict.fromkeys((s.name for s in self.setting.strategies), "flat")
        latest = self.setting.faults_until * 0.8
        for fired in sorted(self._fire_times(latest)):
            name = dice.choice(sorted(states))
            before = states[name]
            after = "long" if before == "flat" else dice.choice(("flat", "flat", "short"))
            if dice.random() < 0.15:
                after = before
            states[name] = "flat" if after == "short" else after
            # Most come at once; some so late that a newer one has overtaken them.
            delay = dice.uniform(0.2, 3) if dice.random() < 0.9 else dice.uniform(5, 120)
            if delay > 3:
                self._seen("alert late")
            self.alert_at(fired + delay, name, after, before, fired)
            if dice.random() < 0.2:
                self._seen("alert twice")
                self.alert_at(fired + delay + dice.uniform(0, 90), name, after, before, fired)

    def _fire_times(self, latest: float) -> list[float]:
        """Half of the alerts come at a candle's close, several strategies' at the same."""
        dice = self.dice
        times = [dice.uniform(1, latest) for _ in range(self.setting.alerts)]
        return [round(t / 60) * 60.0 if dice.random() < 0.5 else t for t in times]

    def alert_at(self, time: float, name: str, after: str, before: str, fired: float) -> None:
        """The strategy's message, on its way since `fired`."""
        instant = MORNING + timedelta(seconds=int(fired))
        message = {
            "time": instant.isoformat().replace("+00:00", "Z"),
            "ticker": f"{name[:3].upper()}USDT",
            "order_action": "buy" if after == "long" else "sell",
            "order_price": str(PRICES[f"{name[:3].upper()}/USDT"]),
            "order_comment": "stop" if int(fired) % 5 == 0 and after == "flat" else after,
            "market_position": after,
            "prev_market_position": before,
            "secret": TOKEN.format(name),
        }
        self._deliver_at(max(time, 0.0), json.dumps(message).encode(), name, RESENDS)

    def _deliver_at(self, time: float, body: bytes, name: str, resends: int) -> None:
        inbox = self._inboxes[len(body) % len(self._inboxes)]

        def deliver() -> None:
            answer = receive_signal(inbox, Delivery(body=body, strategy=name))
            self.auditor.answered(answer)
            if answer.status >= 500 and resends:
                self._deliver_at(self.kernel.now + 5, body, name, resends - 1)

        self.kernel.spawn(time, deliver, "webhook", life=30.0)

    def _inbox(self) -> Inbox:
        cache = StrategyCache(self.ports.strategies, self.clock)
        wake = lambda: self.tick_at(self.kernel.now + 0.5)  # noqa: E731
        return Inbox(signals=self.ports.signals, strategies=cache, clock=self.clock, wake=wake)

    # --- the owner and the market ----------------------------------------------------------

    def _schedule_owner(self) -> None:
        setting, dice = self.setting, self.dice
        acts = self.owner.acts(setting)
        for _ in range(setting.owner_acts):
            act = acts[dice.randrange(len(acts))]
            start = dice.uniform(5, setting.faults_until)
            self.kernel.spawn(start, partial(_as_the_owner, act), "owner")
        time = 45.0
        while time < setting.faults_until:
            self.kernel.spawn(time, partial(_as_the_owner, self.owner.resolve_held), "owner")
            time += 90

    def _schedule_market(self) -> None:
        dice = self.dice
        time = 0.0
        while time < self.setting.faults_until:
            time += dice.uniform(10, 60)
            symbol = dice.choice(sorted(PRICES))
            self.kernel.at(time, partial(self._move, symbol, Decimal(dice.randint(985, 1014))))
        for _ in range(self.setting.manual_acts):
            start = dice.uniform(5, self.setting.faults_until)
            name = dice.choice(sorted(self.venues))
            act = partial(self._manual, name, dice.choice(list(MANUAL_ACTS)))
            self.kernel.at(start, act)

    def _seen(self, fault: str) -> None:
        self.auditor.seen[f"fault: {fault}"] += 1

    def _move(self, symbol: str, per_mille: Decimal) -> None:
        tick = self.market.instruments[symbol].price_tick
        moved = self.market.prices[symbol] * per_mille / 1000
        self.market.prices[symbol] = (moved // tick) * tick
        for venue in self.venues.values():
            venue.floor.price_moved(symbol)

    def _manual(self, name: str, kind: str) -> None:
        """What the owner does at the venue himself, with coins that are his own."""
        self._seen(MANUAL_ACTS[kind])
        totals = self.venues[name].book.totals
        if kind == "deposit":
            totals["BTC"] = totals.get("BTC", Decimal(0)) + Decimal("0.5")
        elif kind == "sell own":
            totals["BTC"] -= Decimal(1)
            totals["USDT"] += Decimal(99)
        elif kind == "withdraw":
            totals["ETH"] -= Decimal("1.5")
        else:
            self.venues[name].floor.cancel_by_hand()

    def _venue(self, account: Account) -> SimulatedVenue:
        # The owner's own coins lie on the account too, and are not the strategies' to sell.
        balances = {"USDT": Decimal(10000), "BTC": Decimal(5), "ETH": Decimal(20)}
        balances["BNB"] = Decimal(3)
        book = VenueBook(balances, FEE, self.setting.fee_in)
        del account
        return SimulatedVenue(
            self.kernel, Floor(self.kernel, self.market, self.setting.habits, book)
        )


def _as_the_owner(act: Callable[[], object]) -> None:
    """A command that does not work out is told to the owner, who may try again."""
    with suppress(CryptoBotError):
        act()
