"""Ticks over one home folder until nothing is left to do, as several callers at once do them.

`python -m tests.functional.ticking HOME OWNER [useless]` is such a caller in a process of its own:
it says that it is ready, waits for a line, and ticks. `useless` takes the worth out of leases.
"""

import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.adapters.stores.control import TableControlStore
from chalicelib.bootstrap import Choices
from chalicelib.ports import Lease, TradingPorts
from chalicelib.services.trading.tick import tick
from chalicelib.settings import Settings
from tests.kill_loop.program import ACCOUNT

_BUDGET = timedelta(seconds=50)
_PATIENCE = 90.0


class UselessLease(TableControlStore):
    """Every lease has run out when it is given: only what the writes compare keeps order."""

    def acquire(self, account: str, owner: str, now: datetime, duration: timedelta) -> Lease | None:
        return super().acquire(account, owner, now, duration * 0)


def tick_to_the_end(ports: TradingPorts, owner: str) -> int:
    """How many orders this caller sent."""
    sent = 0
    end = time.monotonic() + _PATIENCE
    while not is_at_rest(ports):
        if time.monotonic() > end:
            raise AssertionError(f"{owner} still finds work after {_PATIENCE:.0f} s")
        report = tick(ports, owner=owner, deadline=ports.clock.now() + _BUDGET)
        sent += sum(account.orders_sent for account in report.accounts)
    return sent


def is_at_rest(ports: TradingPorts) -> bool:
    return ports.signals.next_due() is None and not ports.plans.state(ACCOUNT).open_plans


def _main(home: str, owner: str, lease: str = "") -> None:
    bootstrap.use(Choices(settings=Settings(), home=Path(home)))
    ports = bootstrap.trading()
    if lease == "useless":
        ports = replace(ports, control=UselessLease(bootstrap.table()))
    ports.exchanges.open(ports.strategies.configuration().accounts[ACCOUNT])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(f"{tick_to_the_end(ports, owner)}\n")
    bootstrap.reset()


if __name__ == "__main__":
    _main(*sys.argv[1:])
