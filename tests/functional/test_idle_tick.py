"""What a tick with nothing to do costs, on both tables: two reads and one write, the look included.

An owner pays for each read of 43,200 idle ticks a month, and hears what is new all the same.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from moto import mock_aws

from chalicelib import bootstrap
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.operation.notice import Notice
from chalicelib.domain.trading.account import Account, HaltLevel, Mode, Subscription
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.functions.watching import after_tick
from chalicelib.services.trading.tick import tick
from chalicelib.settings import Settings, Stage
from tests.counted_table import CountedTable
from tests.situations import a_signal
from tests.trading_floor import HandClock

IDLE = {"shelf": 2, "overwrite": 1}


class Bot:
    """What a scheduled function does, over a table that counts."""

    def __init__(self, table: CountedTable, clock: HandClock) -> None:
        self.table = table
        self.clock = clock

    def tick(self, minutes: int = 1) -> dict[str, int]:
        """One tick later; what the table was asked by it and by the look after it."""
        self.clock.pass_time(minutes=minutes)
        self.table.take()
        deadline = self.clock.now() + timedelta(minutes=1)
        report = tick(bootstrap.trading(), owner="one", deadline=deadline)
        self.outcome = report.outcome
        after_tick(report, owner="one")
        return self.table.take()

    def sentences(self) -> list[str]:
        found: list[Notice] = notices().recent(20)
        return [notice.sentence for notice in found]


@pytest.fixture(params=["sqlite", "dynamodb"])
def bot(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        counted = CountedTable(_table(request.param))
        clock = HandClock()
        bootstrap.use(
            Choices(
                settings=Settings(stage=Stage.DEV, table_name="state", cloudwatch_metrics=True),
                table=counted,
                clock=clock,
                workers=InlineWorkers(),
            )
        )
        _configure()
        yield Bot(counted, clock)
        bootstrap.reset()


def _table(kind: str) -> Any:
    if kind == "sqlite":
        return SqliteTable(":memory:")
    client = aws_client("dynamodb")
    create_table(client, "state")
    return DynamoDbTable(client, "state")


def _configure() -> None:
    """Some accounts and strategies: the cost of idling does not grow with them."""
    names = [f"s{number}" for number in range(5)]
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[
            Account(
                name=name,
                exchange="virtual",
                mode=Mode.VIRTUAL,
                quote="USDT",
                prices_from="synthetic",
                exchange_options={"virtual": {"balances": {"USDT": "10000"}}},
            )
            for name in ("a", "b", "c")
        ],
        strategies=[
            Strategy(name=name, instruments={"BTCUSDT": "BTC/USDT"}, silence_after=3)
            for name in names
        ],
        subscriptions=[
            Subscription(account=account, strategy=name, weight=Decimal("0.1"))
            for account in ("a", "b", "c")
            for name in names
        ],
    )


def _alert(bot: Bot, strategy: str = "s0") -> str:
    signal = a_signal(strategy, at=bot.clock.now())
    bootstrap.signals().add(signal)
    return signal.id


def _quarantined(bot: Bot) -> QuarantinedAlert:
    return QuarantinedAlert(
        id="q",
        strategy="s0",
        received_at=bot.clock.now(),
        status=422,
        reason="unknown ticker",
        excerpt="",
        digest="",
    )


def test_an_idle_tick_is_two_reads_and_one_write(bot: Bot) -> None:
    _alert(bot)
    bot.tick()
    assert bot.outcome == "worked"
    assert [bot.tick(), bot.tick(), bot.tick()] == [IDLE] * 3
    assert bot.outcome == "idle"


def test_the_stores_are_looked_at_every_five_minutes_all_the_same(bot: Bot) -> None:
    bot.tick()
    looks = [bot.tick() != IDLE for _ in range(15)]
    assert looks == [False, False, False, False, True] * 3


def test_a_tick_at_work_is_looked_after_at_once(bot: Bot) -> None:
    bot.tick()
    assert bot.tick() == IDLE
    bootstrap.signals().add(a_signal("s0", state="short", at=bot.clock.now()))
    bot.tick()
    [sentence] = bot.sentences()
    assert sentence.startswith("alert of s0 for BTCUSDT (short) ended DENIED")


def test_what_other_processes_leave_is_told_within_five_minutes(bot: Bot) -> None:
    bot.tick()
    bootstrap.signals().quarantine(_quarantined(bot))
    bootstrap.trading().control.set_halt(HaltLevel.NO_ENTRIES, "looking", bot.clock.now())
    for _ in range(5):
        bot.tick()
    told = "; ".join(bot.sentences())
    assert "could not become a signal (422): unknown ticker" in told
    assert "trading is halted (no_entries): looking" in told


def test_silence_is_noticed_while_nothing_happens(bot: Bot) -> None:
    bot.tick()
    for _ in range(4 * 12):
        bot.tick(minutes=5)
    assert sum("has been silent since" in sentence for sentence in bot.sentences()) == 5


def test_while_somebody_is_still_to_be_told_every_tick_looks(bot: Bot) -> None:
    settings = notices().notifications()
    topic = "arn:aws:sns:eu-west-1:123456789012:gone"
    dead = Channel(name="mail", kind=ChannelKind.SNS, topic=topic)
    notices().save_notifications(replace(settings, channels=(dead,)))
    bot.tick()
    assert bot.tick() == IDLE
    bootstrap.trading().control.set_halt(HaltLevel.NO_ENTRIES, "looking", bot.clock.now())
    for _ in range(5):
        bot.tick()
    assert len(notices().undone(5)) == 1
    assert IDLE not in [bot.tick(), bot.tick()]
    notices().save_notifications(replace(notices().notifications(), channels=()))
    bot.tick()
    assert bot.tick() == IDLE


def test_the_figures_of_an_idle_tick_are_those_of_the_last_look(
    bot: Bot, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alarms see how things stand each minute, and news once."""
    state = bootstrap.trading().plans.state("a")
    bootstrap.trading().plans.save_state(replace(state, frozen={"BTC/USDT": "gone"}))
    bot.tick()
    bootstrap.signals().quarantine(_quarantined(bot))
    for _ in range(6):
        bot.tick()
    found = [line for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert len(found) == 7
    assert all('"LedgerDrift": 1' in line or '"LedgerDrift":1' in line for line in found)
    assert all('"TickHeartbeat"' in line for line in found)
    counted = ['"SignalsQuarantined":1' in line.replace(" ", "") for line in found]
    assert counted == [False] * 5 + [True, False]
