"""After the last kill: faults off, everything is delivered and worked off, and one last word."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from chalicelib.adapters.stores.ledger import TableLedgerStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.plans import TablePlanStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.domain.trading.order import Order
from chalicelib.drivers.table import Table
from tests.kill_loop.program import ACCOUNT, STRATEGIES, Program
from tests.kill_loop.sender import Sender
from tests.kill_loop.venue import Venue

_PATIENCE = 180.0
_WORTH_A_SALE = Decimal(6)  # in quote; Binance's minimum is 5


@dataclass(kw_only=True)
class Calm:
    """`asked` counts the orders that only the owner could decide; `refused` is the last answer to
    a word of the owner's that was not taken: the program may have found the order meanwhile.
    """

    home: Path
    venue: Venue
    program: Program
    sender: Sender
    table: Table
    asked: int = 0
    refused: str = ""

    def settle(self) -> list[str]:
        """The program as it is when nothing is left to do; what is still open, in sentences."""
        self.venue.plan(())
        self.program.start()
        self.program.wait_until_it_listens()
        self.sender.fall_silent()
        trouble = self._rest("the alerts")
        time.sleep(1.1)  # TradingView's clock counts seconds, and the last word is to be the last
        states = self._last_words()
        trouble += self._rest("the last alerts")
        self.program.stop()
        return trouble or self._out_of_step(states)

    def _last_words(self) -> dict[str, str]:
        states = {}
        for number, name in enumerate(STRATEGIES, start=1):
            wish = self.sender.dice.wish(-number)
            states[name] = "long" if wish.number % 2 else "flat"
            self.sender.fire(replace(wish, strategy=name, gives_up=False), states[name])
        return states

    def _rest(self, what: str) -> list[str]:
        return [
            *self._until(f"{what} are not delivered", self.sender.is_done),
            *self._until(f"{what} are not worked off", self._is_at_rest),
        ]

    def _until(self, otherwise: str, done: Callable[[], bool]) -> list[str]:
        end = time.monotonic() + _PATIENCE
        while not done():
            self.program.listens()
            if time.monotonic() > end:
                said = f" ({self.refused})" if self.refused else ""
                return [f"after {_PATIENCE:.0f} s without faults {otherwise}{said}"]
            time.sleep(0.05)
        return []

    def _is_at_rest(self) -> bool:
        for order in TableOrderStore(self.table).held(10):
            self._ask_the_owner(order)
        state = TablePlanStore(self.table).state(ACCOUNT)
        return TableSignalStore(self.table).next_due() is None and not state.open_plans

    def _ask_the_owner(self, order: Order) -> None:
        """Sent three times and never seen: the owner looks at the venue's page and says so."""
        known = {theirs["client_id"] for theirs in self.venue.book()["orders"]}
        if order.intent.client_order_id in known:
            return  # the next tick finds it, too
        words = ["resolve", order.intent.id, "--absent", "--yes", "--home", str(self.home)]
        answer = subprocess.run(
            [sys.executable, "-m", "chalicelib.cli", *words],
            check=False,
            timeout=60,
            capture_output=True,
            text=True,
        )
        if answer.returncode == 0:
            self.asked += 1
        else:
            self.refused = answer.stderr.strip()

    def _out_of_step(self, states: dict[str, str]) -> list[str]:
        """Who holds nothing although it is long, or something it could sell although it is flat."""
        site = self.venue.site
        portfolio = TableLedgerStore(self.table).portfolio(ACCOUNT, site.quote)
        wrong = []
        for name, state in states.items():
            symbol = f"{STRATEGIES[name]}/{site.quote}"
            worth = portfolio.holding(name, symbol).quantity * site.symbols[symbol]
            if (worth > _WORTH_A_SALE) is not (state == "long"):
                wrong.append(f"{name} is {state} and holds {symbol} for {worth:.2f} {site.quote}")
        return wrong
