"""One schedule: alerts, ticks, the owner and the market act on the shipped services at once."""

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
from chalicelib.services.trading.receive_signal import Inbox, StrategyCache
from chalicelib.services.trading.tick import tick
from tests.simulation.auditor import Auditor
from tests.simulation.floor import MORNING, Floor, Market
from tests.simulation.kernel import Kernel, Trouble
from tests.simulation.orders import VenueBook
from tests.simulation.owner import Owner
from tests.simulation.senders import Senders
from tests.simulation.setting import FEE, PRICES, Setting, instruments
from tests.simulation.table import SimulatedTable
from tests.simulation.venue import ListingVenue, SimulatedVenue

NOTICE: Final = 10.0  # how long before the end of its life a tick begins nothing new
CALM: Final = 900.0  # seconds after the last fault within which everything has to be over
MANUAL_ACTS: Final = {
    "deposit": "deposit",
    "sell own": "manual trade",
    "withdraw": "withdrawal",
    "cancel": "cancelled by hand",
}
COMPARISONS: Final = 3  # of books and venue, of which the last finds everything at rest
LATE_MARKET: Final = 300.0  # seconds for which prices move on when all trouble has stopped
PATIENCE: Final = 30  # minutes within which whatever was begun has to be over


class SimulatedClock:
    """`Clock` in the kernel's seconds, which stand still between effects."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._seconds, self._instant = 0.0, MORNING

    def now(self) -> datetime:
        seconds = self._kernel.now
        if seconds != self._seconds:
            self._seconds, self._instant = seconds, MORNING + timedelta(seconds=seconds)
        return self._instant


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
        self.owner = Owner(self.ports, self.kernel, self.venues, setting)
        self.ticks = 0
        inboxes = [self._inbox() for _ in range(2)]
        self.senders = Senders(self.kernel, setting, inboxes, self.auditor)

    # --- the schedule ----------------------------------------------------------------------

    def run(self) -> Auditor:
        """Faults until `faults_until`, then calm, then the reckoning."""
        setting, kernel = self.setting, self.kernel
        kernel.trouble = setting.trouble
        self.senders.schedule(self.dice)
        self.senders.schedule_orders(Random(f"bots {self.seed}"))
        self._schedule_ticks()
        self._schedule_market()
        if setting.shared:
            self._schedule_another()
        self._schedule_owner()
        kernel.run(setting.faults_until)
        self.calm_down()
        return self.reckon()

    def calm_down(self) -> None:
        """From here on everything works, and the owner lets everything go on."""
        self.kernel.trouble = Trouble()
        for venue in self.venues.values():
            venue.floor.habits = replace(venue.floor.habits, expires=0.0, nothing=0.0, liquid=1.0)
            venue.floor.another_stops()
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
            and not self.auditor.undecided
        )

    def reckon(self) -> Auditor:
        """Compare books and venue once more, and judge the end."""
        for _ in range(COMPARISONS):
            before = self.auditor.moves
            self.kernel.run(self.kernel.now + 960)  # the quarter of an hour until the next one
            for _ in range(PATIENCE):  # which may find something to do, and has to end that too
                self.tick_at(self.kernel.now)
                self.kernel.run(self.kernel.now + 60)
                if self.is_settled():
                    break
            if self.auditor.moves == before:
                break
        self.auditor.judge_the_end(self.ports)
        return self.auditor

    # --- ticks -----------------------------------------------------------------------------

    def tick_at(self, time: float) -> None:
        """A tick as the scheduled function runs it."""
        self.ticks += 1
        owner = f"tick {self.ticks}"
        self.kernel.spawn(time, partial(self._tick, owner), owner, life=self.setting.life)

    def _tick(self, owner: str) -> None:
        deadline = self.clock.now() + timedelta(seconds=self.setting.life - NOTICE)
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

    def _inbox(self) -> Inbox:
        cache = StrategyCache(self.ports.strategies, self.clock)
        wake = lambda: self.tick_at(self.kernel.now + 0.5)  # noqa: E731
        return Inbox(signals=self.ports.signals, strategies=cache, clock=self.clock, wake=wake)

    # --- the owner and the market ----------------------------------------------------------

    def _schedule_owner(self) -> None:
        setting, dice = self.setting, self.dice
        acts = self.owner.acts()
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
        while time < self.setting.faults_until + LATE_MARKET:
            time += dice.uniform(10, 60)
            symbol = dice.choice(sorted(PRICES))
            self.kernel.at(
                time, partial(self._move, symbol, Decimal(dice.randint(*self.setting.moves)))
            )
        for _ in range(self.setting.manual_acts):
            start = dice.uniform(5, self.setting.faults_until)
            name = dice.choice(sorted(self.venues))
            act = partial(self._manual, name, dice.choice(list(MANUAL_ACTS)))
            self.kernel.at(start, act)

    def _schedule_another(self) -> None:
        """One order from the beginning, which is noticed at once, and others now and then."""
        dice, end = self.dice, self.setting.faults_until
        for name in sorted(self.venues):
            floor = self.venues[name].floor
            for time in (0.5, *(dice.uniform(5, end) for _ in range(dice.choice((0, 1, 2))))):
                symbol = dice.choice(sorted(PRICES))
                self.kernel.at(time, partial(floor.another_buys, symbol))
            self.kernel.at(dice.uniform(200, end), floor.another_stops)

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
        kind = ListingVenue if self.setting.shared else SimulatedVenue
        return kind(self.kernel, Floor(self.kernel, self.market, self.setting.habits, book))


def _as_the_owner(act: Callable[[], object]) -> None:
    """A command that does not work out is told to the owner, who may try again."""
    with suppress(CryptoBotError):
        act()
