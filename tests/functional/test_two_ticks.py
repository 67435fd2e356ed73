"""Several ticks at the same moment over one home folder and one venue: every order once.

The venue's own book judges, as after the kill loop. With a lease one works while the others find
it busy; with a useless one they work over each other, and only compare-and-set is left.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.secrets.file import FileSecrets
from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.adapters.workers import ThreadWorkers
from chalicelib.bootstrap import STATE_FILE, Choices
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from chalicelib.settings import Settings
from tests.functional.running import TOKEN, command, eventually
from tests.functional.ticking import UselessLease, is_at_rest, tick_to_the_end
from tests.kill_loop.dice import PlannedFault, Target
from tests.kill_loop.judge import Evidence, problems
from tests.kill_loop.program import ACCOUNT, STRATEGIES, configure, ticker
from tests.kill_loop.venue import SITES, Venue, open_venue
from tests.trading_floor import OpenExchanges, trading_ports
from tests.venues.faults import FaultKind

ROOT = Path(__file__).parents[2]
CALLERS = 3


@dataclass(frozen=True, kw_only=True)
class Hall:
    """One home, one venue, and whoever ticks."""

    home: Path
    venue: Venue
    table: SqliteTable

    def alerts(self, state: str) -> list[str]:
        """Every strategy's wish, stored as the webhook does; ids of the signals."""
        bootstrap.use(Choices(settings=Settings(), home=self.home))
        fired = datetime.now(UTC).isoformat()  # noqa: TID251 - the program's own clock
        ids = []
        for name in STRATEGIES:
            body = {"time": fired, "ticker": ticker(self.venue.site, name)}
            delivery = Delivery(
                body=json.dumps({**body, "market_position": state}).encode(),
                strategy=name,
                token=TOKEN,
            )
            answer = receive_signal(bootstrap.webhook(), delivery)
            assert answer.status == 200, answer.body
            ids.append(answer.body["signal_id"])
        bootstrap.reset()
        return ids

    def lose_answers(self, *nth: int) -> None:
        """Of these orders from now on; each is accepted."""
        self.venue.plan(
            PlannedFault(
                target=Target.NEW_ORDER,
                kind=FaultKind.CUT,
                after=True,
                nth=number,
                seconds=0,
                fraction="1",
            )
            for number in nth
        )

    def ports(self, stack: ExitStack, lease: type[TableControlStore]) -> TradingPorts:
        """A caller's own connections to the file and to the venue."""
        table = SqliteTable(self.home / STATE_FILE, patience=30)
        stack.callback(table.close)
        account = TableStrategyStore(table).configuration().accounts[ACCOUNT]
        clock = SystemClock()
        exchange = connect(account, FileSecrets(self.home).secret(account.secret), clock)
        stack.callback(exchange.close)
        ports = trading_ports(table, clock, OpenExchanges({ACCOUNT: exchange}))
        return replace(ports, workers=ThreadWorkers(), control=lease(table))

    def judge(self, ids: list[str]) -> None:
        """Nothing is wrong, everything was executed, and each order is at the venue once."""
        evidence = Evidence(
            account=ACCOUNT,
            quote=self.venue.site.quote,
            venue=self.venue.book(),
            acknowledged=frozenset(ids),
            table=self.table,
        )
        assert problems(evidence) == []
        signals = evidence.signals
        assert {signals[name].status for name in ids} == {SignalStatus.EXECUTED}
        accepted = sorted(theirs["client_id"] for theirs in evidence.venue["orders"])
        assert accepted == sorted(order.intent.client_order_id for order in evidence.orders)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    # Who waits for the venue lets the others work.
    with open_venue(SITES["binance"], tmp_path, Decimal(10_000), latency=0.05) as venue:
        home = tmp_path / "home"
        configure(home, venue)
        table = SqliteTable(home / STATE_FILE, patience=30)
        yield Hall(home=home, venue=venue, table=table)
        table.close()


def by_threads(hall: Hall, lease: str) -> list[int]:
    with ExitStack() as stack:
        kind = UselessLease if lease == "useless" else TableControlStore
        callers = [hall.ports(stack, kind) for _ in range(CALLERS)]
        start = Barrier(CALLERS)

        def run(number: int) -> int:
            start.wait(60)
            return tick_to_the_end(callers[number], f"caller-{number}")

        with ThreadPoolExecutor(CALLERS) as pool:
            return list(pool.map(run, range(CALLERS)))


def by_processes(hall: Hall, lease: str) -> list[int]:
    callers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.functional.ticking", str(hall.home), str(number), lease],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ,  # noqa: TID251 - handed on to the program
        )
        for number in range(CALLERS)
    ]
    for caller in callers:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "ready\n"
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.write("go\n")
        caller.stdin.flush()
    said = [caller.communicate()[0] for caller in callers]
    assert [caller.returncode for caller in callers] == [0] * CALLERS
    return [int(text) for text in said]


@pytest.mark.parametrize("lease", ["real", "useless"])
@pytest.mark.parametrize("tick_together", [by_threads, by_processes])
def test_ticks_at_once_send_every_order_once(
    hall: Hall, tick_together: Callable[[Hall, str], list[int]], lease: str
) -> None:
    entries = hall.alerts("long")
    hall.lose_answers(2, 3)
    tick_together(hall, lease)
    exits = hall.alerts("flat")
    hall.lose_answers(1)
    tick_together(hall, lease)
    hall.judge([*entries, *exits])


def test_a_run_and_ticks_typed_beside_it_send_every_order_once(hall: Hall) -> None:
    words = [sys.executable, "-m", "chalicelib.cli", "tick", "--home", str(hall.home)]
    entries = hall.alerts("long")
    hall.lose_answers(2)
    callers = [command(hall.home, "--port", "0"), words, words]
    running, *typed = [
        subprocess.Popen(
            caller,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ,  # noqa: TID251 - handed on to the program
        )
        for caller in callers
    ]
    try:
        with ExitStack() as stack:
            ports = hall.ports(stack, TableControlStore)
            for caller in typed:
                said = caller.communicate(timeout=60)[0]
                assert caller.returncode == 0 or b"locked" in said, said  # its turn never came
            eventually(lambda: is_at_rest(ports))
            assert running.poll() is None
    finally:
        running.kill()
        for caller in (running, *typed):
            caller.communicate()
    hall.judge(entries)
