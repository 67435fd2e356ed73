"""Lives of the program, one after the other, then calm, and what the venue's own book says."""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.bootstrap import STATE_FILE
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from tests.kill_loop.calm import Calm
from tests.kill_loop.dice import LONGEST_LIFE, Dice, Life, Trigger
from tests.kill_loop.judge import Evidence, problems
from tests.kill_loop.program import ACCOUNT, STRATEGIES, Program, configure, ticker
from tests.kill_loop.sender import Sender
from tests.kill_loop.venue import SITES, Venue, open_venue
from tests.ports import steady_port

CASH = Decimal(10_000)
_POLL = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a loop did and what was wrong; `story` is everything that was drawn, line by line."""

    kills: int
    seconds: float
    start_seconds: float
    in_doubt: int
    asked: int
    triggers: Counter[Trigger]
    alerts: int
    acknowledged: int
    deliveries: int
    orders: int
    trades: int
    resent: int
    problems: tuple[str, ...]
    story: tuple[str, ...]

    def sentence(self) -> str:
        verdict = "0 duplicates, 0 lost, books balanced"
        if self.problems:
            verdict = f"{len(self.problems)} problems"
        kinds = ", ".join(f"{count} after {kind}" for kind, count in sorted(self.triggers.items()))
        return (
            f"{self.kills} kills: {verdict}. {self.seconds / self.kills:.2f} s each, "
            f"{self.start_seconds:.2f} s of it to start ({kinds}); {self.alerts} alerts in "
            f"{self.deliveries} deliveries, {self.acknowledged} answered; {self.orders} orders, "
            f"{self.trades} trades; {self.in_doubt} kills left an order of unknown fate, "
            f"{self.resent} orders were proved absent and sent again, "
            f"{self.asked} asked the owner"
        )


@dataclass(kw_only=True)
class Loop:
    """`progress` hears of every kill."""

    venue: Venue
    folder: Path
    dice: Dice
    progress: Callable[[int], None]
    in_doubt: int = 0
    seconds: float = 0.0
    story: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    triggers: Counter[Trigger] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        home = self.folder / "home"
        configure(home, self.venue)
        self.program = Program(home=home, log=self.folder / "program.log", port=steady_port())
        self.sender = Sender(
            dice=self.dice,
            address=self.program.address,
            ticker=lambda strategy: ticker(self.venue.site, strategy),
        )
        self.table = SqliteTable(home / STATE_FILE, patience=10)
        self.calm = Calm(
            home=home,
            venue=self.venue,
            program=self.program,
            sender=self.sender,
            table=self.table,
        )

    def run(self, kills: int) -> Result:
        try:
            self.problems = self._run(kills)
        except AssertionError as failure:  # the program ended, or never came up
            self.problems = [str(failure)]
        finally:
            self.sender.close()
            self.program.kill()
        result = self._result(kills)
        self.table.close()
        return result

    def _run(self, kills: int) -> list[str]:
        began = time.monotonic()
        self.sender.start()
        for number in range(kills):
            self._live(self.dice.life(number))
            self.progress(number + 1)
        self.seconds = time.monotonic() - began
        return [*self.calm.settle(), *self._refused(), *problems(self._evidence())]

    def _live(self, life: Life) -> None:
        self.story.append(str(life))
        self.venue.plan(life.faults)
        self.venue.move_prices(life.price_factor)
        self.program.start()
        if life.trigger is Trigger.START:
            self._sleep(life.wait)
        elif self._happens(life.trigger, life.nth):
            time.sleep(life.wait)
        self.program.kill()
        self.triggers[life.trigger] += 1
        self.in_doubt += self._is_in_doubt()

    def _sleep(self, seconds: float) -> None:
        while self.program.age < seconds:
            self.program.listens()
            time.sleep(_POLL)

    def _happens(self, trigger: Trigger, times: int) -> bool:
        """Whether it did so often before the longest life was over."""
        before = self._count(trigger)
        self.program.wait_until_it_listens()
        end = time.monotonic() + LONGEST_LIFE
        while time.monotonic() < end:
            if self._count(trigger) >= before + times:
                return True
            self.program.listens()
            time.sleep(_POLL)
        return False

    def _count(self, trigger: Trigger) -> int:
        if trigger is Trigger.ANSWERED:
            return self.sender.answered
        self.venue.listen()
        return self.venue.told.count(trigger)

    def _is_in_doubt(self) -> bool:
        """Whether the kill left an order of which the stores do not know what became of it."""
        orders = TableOrderStore(self.table)
        return any(
            order.status is OrderStatus.SUBMITTED
            for plan_id in TablePlanStore(self.table).state(ACCOUNT).open_plans
            for order in orders.of_plan(plan_id)
        )

    def _evidence(self) -> Evidence:
        return Evidence(
            account=ACCOUNT,
            quote=self.venue.site.quote,
            venue=self.venue.book(),
            acknowledged=frozenset(n for a in self.sender.acknowledged for n in a.signal_ids),
            table=self.table,
        )

    def _refused(self) -> list[str]:
        """Whoever answers says 200 or a 5xx, and all deliveries of an alert are one signal."""
        return [
            alert.told()
            for alert in self.sender.alerts
            if len(alert.signal_ids) > 1 or any(0 < s < 500 and s != 200 for s in alert.answers)
        ]

    def _result(self, kills: int) -> Result:
        alerts, evidence = self.sender.alerts, self._evidence()
        accepted = evidence.venue["orders"]
        return Result(
            kills=kills,
            seconds=self.seconds,
            start_seconds=statistics.median(self.program.starts or [0.0]),
            in_doubt=self.in_doubt,
            asked=self.calm.asked,
            triggers=self.triggers,
            alerts=len(alerts),
            acknowledged=len(self.sender.acknowledged),
            deliveries=sum(alert.deliveries for alert in alerts),
            orders=len(accepted),
            trades=sum(len(order["trades"]) for order in accepted),
            resent=sum(order.attempts > 1 for order in evidence.orders),
            problems=tuple(self.problems),
            story=(*self.story, *(alert.told() for alert in alerts)),
        )


def run_loop(
    site: str, folder: Path, *, kills: int, seed: int, progress: Callable[[int], None]
) -> Result:
    """Kill the program so many times in `folder`, which is empty before."""
    dice = Dice(seed=seed, strategies=tuple(STRATEGIES))
    with open_venue(SITES[site], folder, CASH) as venue:
        return Loop(venue=venue, folder=folder, dice=dice, progress=progress).run(kills)
