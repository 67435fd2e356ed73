"""Whatever wakes the function `tick`, and however often: the work is done once, and soon."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from chalice.app import Chalice

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.stores.keys import key
from chalicelib.adapters.stores.signals import OPEN_SHELF
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.functions import scheduled
from chalicelib.functions.events import TickEvent, taking
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from chalicelib.settings import Settings
from tests.functional.running import TOKEN, configure
from tests.trading_floor import HandClock

QUICKLY = (0.01,) * 500
SOON = 0.2


@dataclass(kw_only=True)
class Context:
    """What Lambda tells a function about one invocation."""

    aws_request_id: str = "request-1"
    log_stream_name: str = "2026/03/02/[$LATEST]one"
    seconds: float = 60.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass(kw_only=True)
class Function:
    """The bot's state, what is asked of the webhook, and what AWS calls `tick` with."""

    clock: HandClock = field(default_factory=HandClock)

    def alert(self, position: str, **fields: str) -> str:
        self.clock.pass_time(seconds=1)
        body = {
            "time": self.clock.now().isoformat(),
            "ticker": "BTCUSDT",
            "market_position": position,
            **fields,
        }
        delivery = Delivery(body=json.dumps(body).encode(), strategy="btc", token=TOKEN)
        answer = receive_signal(bootstrap.webhook(), delivery)
        assert answer.status == 200, answer.body
        return answer.body["signal_id"]

    def schedule(self) -> dict[str, Any]:
        """As EventBridge sends it, with fields that nobody reads left out."""
        return {"source": "aws.events", "time": self.clock.now().isoformat(), "detail": {}}

    @staticmethod
    def stream(*signals: str) -> dict[str, Any]:
        """As Lambda hands on new rows of the table."""
        keys = [{"pk": {"S": key("signal", name)}, "sk": {"S": "signal"}} for name in signals]
        return {
            "Records": [
                {
                    "eventName": "INSERT",
                    "eventSource": "aws:dynamodb",
                    "dynamodb": {"Keys": k, "NewImage": {**k, "urgent": {"BOOL": True}}},
                }
                for k in keys
            ]
        }

    def status(self, signal: str) -> SignalStatus:
        found = bootstrap.signals().get(signal)
        assert found is not None
        return found.status

    def invested(self) -> str:
        """An entry, executed; its exit by a stop word is urgent."""
        entry = self.alert("long")
        application.tick(self.schedule(), Context(aws_request_id="entry"))
        assert self.status(entry) is SignalStatus.EXECUTED
        return self.alert("flat", comment="stop loss hit")


class LaggingTable(SqliteTable):
    """Its index does not show for a while what has just been written, as DynamoDB's may."""

    lags = 0

    def shelf(self, name: str, **bounds: Any) -> list[Row]:
        if name == OPEN_SHELF and self.lags:
            self.lags -= 1
            return []
        return super().shelf(name, **bounds)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[LaggingTable]:
    configure(tmp_path)
    table = LaggingTable(tmp_path / "state.sqlite3")
    yield table
    table.close()


@pytest.fixture
def function(table: LaggingTable) -> Iterator[Function]:
    function = Function()
    bootstrap.use(
        Choices(settings=Settings(), table=table, clock=function.clock, workers=InlineWorkers())
    )
    yield function
    bootstrap.reset()


def woken(event: dict[str, Any], pauses: Sequence[float] = QUICKLY, **told: Any) -> dict[str, Any]:
    context: Any = Context(**told)
    return scheduled.tick(TickEvent(event, context), pauses)


def test_a_record_of_the_stream_wakes_the_tick_for_an_urgent_signal(function: Function) -> None:
    leaving = function.invested()
    answer = application.tick(function.stream(leaving), Context())
    assert answer == {"outcome": "worked", "accounts": 1}
    assert function.status(leaving) is SignalStatus.EXECUTED


@pytest.mark.parametrize("event", [{}, {"Records": []}])
def test_an_event_that_says_nothing_is_a_tick_all_the_same(function, event) -> None:
    leaving = function.invested()
    assert application.tick(event, Context())["outcome"] == "worked"
    assert function.status(leaving) is SignalStatus.EXECUTED


def test_the_same_events_again_make_no_second_order(function: Function) -> None:
    leaving = function.invested()
    for event in (function.stream(leaving), function.schedule()) * 2:
        application.tick(event, Context())
    assert len(bootstrap.trading().orders.recent(10)) == 2  # in and out
    assert function.status(leaving) is SignalStatus.EXECUTED


def test_a_scheduled_event_that_is_tried_again_too_late_leaves_the_work(function: Function) -> None:
    leaving = function.invested()
    event = function.schedule()
    function.clock.pass_time(seconds=61)
    assert application.tick(event, Context()) == {"outcome": "stale", "accounts": 0}
    assert application.tick(function.stream(leaving), Context())["outcome"] == "worked"


def test_where_a_host_ticks_the_schedule_leaves_it_to_the_host(function: Function) -> None:
    leaving = function.invested()
    settings = replace(bootstrap.settings(), ticks_on_host=True)
    bootstrap.use(replace(bootstrap.choices(), settings=settings))
    answer = application.tick(function.schedule(), Context())
    assert answer == {"outcome": "left to the host", "accounts": 0}
    assert application.tick({}, Context())["outcome"] == "worked"  # the owner asks for one
    assert function.status(leaving) is SignalStatus.EXECUTED


def test_an_urgent_signal_waits_for_the_tick_at_work_and_not_for_the_next(function) -> None:
    leaving = function.invested()
    control = bootstrap.trading().control
    now = function.clock.now()
    lease = control.acquire("paper", "another tick", now, timedelta(minutes=5))
    assert lease is not None
    done = Timer(SOON, control.release, [lease])
    done.start()
    answer = woken(function.stream(leaving))
    done.join()
    assert answer["outcome"] == "worked"
    assert function.status(leaving) is SignalStatus.EXECUTED


def test_an_urgent_signal_is_found_although_the_index_lags(function, table) -> None:
    leaving = function.invested()
    table.lags = 3
    assert woken(function.stream(leaving))["outcome"] == "worked"
    assert function.status(leaving) is SignalStatus.EXECUTED


def test_with_little_time_left_the_rest_is_the_next_ticks(function, table) -> None:
    leaving = function.invested()
    table.lags = 3
    assert woken(function.stream(leaving), seconds=19)["outcome"] == "idle"
    assert table.lags == 2
    assert function.status(leaving) is SignalStatus.RECEIVED


def test_what_a_tick_has_decided_against_is_not_tried_again_at_once(function, caplog) -> None:
    """An urgent signal for an account that may not act now costs one tick."""
    leaving = function.invested()
    plans = bootstrap.trading().plans
    until = function.clock.now() + timedelta(minutes=5)
    plans.save_state(replace(plans.state("paper"), blocked_until=until, blocked_because="ban"))
    with caplog.at_level("INFO", logger="chalicelib"):
        assert woken(function.stream(leaving))["accounts"] == 1
    assert function.status(leaving) is SignalStatus.RECEIVED
    assert caplog.text.count("tick paper blocked") == 1


def test_an_event_that_arrives_twice_at_once_is_worked_off_by_one(function: Function) -> None:
    """AWS may run the same event twice, with one request id: the lease is not theirs together."""
    leaving = function.invested()
    first = Context(aws_request_id="same", log_stream_name="one")
    control = bootstrap.trading().control
    owner = f"{first.aws_request_id} {first.log_stream_name}"
    control.acquire("paper", owner, function.clock.now(), timedelta(minutes=1))
    woken(function.stream(leaving), (), aws_request_id="same", log_stream_name="two")
    assert function.status(leaving) is SignalStatus.RECEIVED
    woken(function.stream(leaving), (), aws_request_id="same", log_stream_name="one")
    assert function.status(leaving) is SignalStatus.EXECUTED


def test_the_owner_may_ask_whether_the_venues_answer(function: Function) -> None:
    leaving = function.invested()
    assert application.tick({"check": "venues"}, Context()) == {"venues": {"paper": ""}}
    assert function.status(leaving) is SignalStatus.RECEIVED
    configuration = bootstrap.strategies().configuration()
    broken = replace(configuration.accounts["paper"], prices_from="")
    bootstrap.strategies().apply(expected_version=configuration.version, accounts=[broken])
    told = application.tick({"check": "venues"}, Context())["venues"]["paper"]
    assert told.startswith("account paper is virtual and says not where its prices come from")
    with pytest.raises(ValueError, match="check is 'weather'; it must be 'venues'"):
        application.tick({"check": "weather"}, Context())


def test_only_an_event_function_can_be_told_what_it_takes() -> None:
    with pytest.raises(TypeError, match="is no event function of Chalice"):
        taking(TickEvent)(Chalice(app_name="other").log.info)
