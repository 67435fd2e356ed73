"""Host and scheduled function on the same stores take turns, and the function can be told to rest.

The lease on an account is what keeps them apart; TICKS_ON, which Terraform's output sets, spares
the exchange calls from an address that it does not know.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.domain.deployment.outputs import StageOutputs
from chalicelib.domain.deployment.stage_config import variables
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.functions import scheduled
from chalicelib.functions.events import TickEvent
from chalicelib.local.schedule import Rhythm, Schedule
from chalicelib.local.tally import Tally
from chalicelib.settings import Settings
from tests.trading_floor import TradingFloor

MOST_ROUNDS = 200
CALL_SECONDS = 0.002
# The hourly report reads these beside the ticks, without the account's lease.
REPORTED = frozenset({"balances", "tickers", "instruments"})


@dataclass(kw_only=True)
class Turnstile:
    """An exchange that notices when two callers are at work on the account at once."""

    inner: Any
    inside: Counter[int] = field(default_factory=Counter)
    callers: set[int] = field(default_factory=set)
    met: int = 0
    turn: Lock = field(default_factory=Lock)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            with self._entered():
                time.sleep(CALL_SECONDS)
                return method(*arguments, **named)

        return call if callable(method) and name not in REPORTED else method

    @contextmanager
    def _entered(self) -> Iterator[None]:
        me = get_ident()
        with self.turn:
            self.callers.add(me)
            self.inside[me] += 1
            self.met += any(count for who, count in self.inside.items() if who != me)
        try:
            yield
        finally:
            with self.turn:
                self.inside[me] -= 1


@dataclass(frozen=True, kw_only=True)
class Context:
    aws_request_id: str = "scheduled"
    log_stream_name: str = "one"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[TradingFloor]:
    table = SqliteTable(tmp_path / "state.sqlite3", patience=30)
    floor = TradingFloor({"BTC/USDT": "100"}, {"btc": "0.5"}, table=table)
    floor.exchanges.by_account[floor.account.name] = Turnstile(inner=floor.exchange)
    yield floor
    bootstrap.reset()
    table.close()


def opened(floor: TradingFloor, **settings: Any) -> None:
    """The function's own view of the stores."""
    store: Any = floor.table
    bootstrap.use(
        Choices(
            settings=Settings(**settings),
            table=store,
            clock=floor.clock,
            workers=InlineWorkers(),
            exchanges=floor.exchanges,
        )
    )


def scheduled_tick(floor: TradingFloor) -> dict[str, Any]:
    context: Any = Context()
    return scheduled.tick(TickEvent({"time": floor.clock.now().isoformat()}, context))


def host_of(floor: TradingFloor) -> Schedule:
    """What `crypto-bot run --stage` ticks with."""
    rhythm = Rhythm(tick=0.05, look=0.001)
    return Schedule(
        ports=floor.ports, analytics=floor.analytics, tally=Tally(), owner="run", rhythm=rhythm
    )


def test_host_and_schedule_never_trade_at_once(floor):
    opened(floor)
    gate: Turnstile = floor.exchanges.by_account[floor.account.name]
    host = host_of(floor)
    host.start()
    rounds = 0
    try:
        while rounds < MOST_ROUNDS and (rounds < 10 or len(gate.callers) < 2):
            rounds += 1
            floor.clock.pass_time(seconds=1)
            name = floor.alert("btc", "long" if rounds % 2 else "flat")
            while not floor.signal(name).status.is_final:
                if rounds % 3:
                    scheduled_tick(floor)
                else:  # left to the host, so that it has work on the busiest machine
                    time.sleep(CALL_SECONDS)
    finally:
        host.stop()
    assert gate.met == 0, "both were at work on one account"
    assert len(gate.callers) == 2, f"only one of them worked in {rounds} rounds"
    statuses = {signal.status for signal in floor.ports.signals.recent(MOST_ROUNDS)}
    assert statuses == {SignalStatus.EXECUTED}
    sent = [order.intent.client_order_id for order in floor.orders]
    assert len(set(sent)) == len(sent) == rounds


def test_where_a_host_ticks_the_schedule_rests(floor, plans):
    ticks_on = {name: plans[name].outputs["ticks_on"] for name in ("prod", "everything")}
    assert ticks_on == {"prod": "schedule", "everything": "host"}
    name = floor.alert("btc", "long")
    told = Settings.from_environment(variables(outputs_with(ticks_on["everything"])))
    opened(floor, ticks_on_host=told.ticks_on_host)
    assert scheduled_tick(floor)["outcome"] == "left to the host"
    assert floor.signal(name).status is SignalStatus.RECEIVED

    told = Settings.from_environment(variables(outputs_with(ticks_on["prod"])))
    opened(floor, ticks_on_host=told.ticks_on_host)
    assert scheduled_tick(floor)["outcome"] == "worked"
    assert floor.signal(name).status is SignalStatus.EXECUTED


def outputs_with(ticks_on: str) -> StageOutputs:
    texts: dict[str, Any] = {f.name: "x" for f in fields(StageOutputs) if f.type in {"str", str}}
    known = {"stage": "prod", "cloudwatch_metrics": "yes", "ticks_on": ticks_on}
    return StageOutputs(**{**texts, **known})
