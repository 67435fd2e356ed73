"""What 100 alerts and their tick cost, against the units that infra/ gives to a stage's tables.

DynamoDB saves up to 300 s of unused units per table and index; a candle's close spends from that.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from moto import mock_aws

from chalicelib import bootstrap
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.functions import scheduled
from chalicelib.functions.events import TickEvent
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from chalicelib.settings import Settings, Stage
from tests.canaries import PATH_TOKEN
from tests.infra.metered_dynamodb import MeteredClient, Units, item_size
from tests.infra.terraform import INFRA
from tests.trading_floor import HandClock, OpenExchanges, virtual_account

MINUTE, SAVED_SECONDS = 60, 300
STRATEGIES, EACH = 10, 10
SYMBOLS = [f"C{number:02}/USDT" for number in range(STRATEGIES * EACH)]
UNIT_OF_PART = re.compile(r"(?P<part>\w+)\s*= \{ read = (?P<read>\d+), write = (?P<write>\d+) \}")


def provisioned(stage: str) -> Units:
    """Units per second, out of tables.tf; test_stores.py holds a plan against what is free."""
    text = (INFRA / "tables.tf").read_text(encoding="utf-8")
    [block] = re.findall(rf"^    {stage} = \{{\n(.*?)^    \}}", text, re.MULTILINE | re.DOTALL)
    found = {m["part"]: (int(m["read"]), int(m["write"])) for m in UNIT_OF_PART.finditer(block)}
    (read, write), (index_read, index_write) = found["state"], found["shelf"]
    return Units(table_read=read, table_write=write, index_read=index_read, index_write=index_write)


@dataclass(frozen=True, kw_only=True)
class Context:
    aws_request_id: str = "request"
    log_stream_name: str = "stream"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@dataclass(kw_only=True)
class Meter:
    """A stage with ten strategies of ten symbols each, and what it has consumed."""

    client: MeteredClient
    clock: HandClock

    def alert(self, number: int, state: str) -> str:
        self.clock.pass_time(seconds=0.1)
        body = {
            "time": self.clock.now().isoformat(),
            "ticker": SYMBOLS[number].replace("/", ""),
            "market_position": state,
        }
        delivery = Delivery(
            body=json.dumps(body).encode(), strategy=f"s{number // EACH}", token=PATH_TOKEN
        )
        answer = receive_signal(bootstrap.webhook(), delivery)
        assert answer.status == 200, answer.body
        return str(answer.body["signal_id"])

    def tick(self) -> None:
        context: Any = Context()
        scheduled.tick(TickEvent({"time": self.clock.now().isoformat()}, context))

    def used(self) -> Units:
        return replace(self.client.used)


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    """On AWS the venue is elsewhere: the virtual one keeps its own books in a table of its own."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = MeteredClient(aws_client("dynamodb"))
        create_table(client.client, "state")
        clock, account = HandClock(), virtual_account("main")
        venue = VirtualExchange(
            account,
            SqliteTable(":memory:"),
            FixedPrices(dict.fromkeys(SYMBOLS, Decimal(100)), clock),
            clock,
            parse_options(account),
            pause=lambda _: None,
        )
        bootstrap.use(
            Choices(
                settings=Settings(stage=Stage.DEV, table_name="state"),
                table=DynamoDbTable(client, "state"),
                clock=clock,
                workers=InlineWorkers(),
                exchanges=OpenExchanges({"main": venue}),
            )
        )
        names = [f"s{number}" for number in range(STRATEGIES)]
        symbols = {name: SYMBOLS[n * EACH : (n + 1) * EACH] for n, name in enumerate(names)}
        bootstrap.strategies().apply(
            expected_version=0,
            accounts=[account],
            strategies=[
                Strategy(
                    name=name,
                    instruments={symbol.replace("/", ""): symbol for symbol in symbols[name]},
                    sibling_wait=0,
                    token_hashes=(hash_token(PATH_TOKEN),),
                )
                for name in names
            ],
            subscriptions=[
                Subscription(account="main", strategy=name, weight=Decimal("0.09"))
                for name in names
            ],
        )
        yield Meter(client=client, clock=clock)
        bootstrap.reset()


@pytest.mark.slow
def test_a_hundred_alerts_and_their_tick_are_within_what_is_saved(meter: Meter) -> None:
    meter.tick()
    meter.clock.pass_time(minutes=1)
    before = meter.used()
    ids = [meter.alert(number, "long") for number in range(len(SYMBOLS))]
    meter.tick()
    used = asdict(meter.used().since(before))

    ended = [bootstrap.signals().get(name) for name in ids]
    assert {signal.status for signal in ended if signal} == {SignalStatus.EXECUTED}
    assert len(bootstrap.trading().orders.recent(1000)) == len(SYMBOLS)
    assert used["table_write"] > 5 * len(SYMBOLS), "each order is written again and again"
    for stage in ("dev", "prod"):
        saved = {part: SAVED_SECONDS * units for part, units in asdict(provisioned(stage)).items()}
        assert all(used[part] <= saved[part] for part in saved), (stage, used, saved)


def test_an_idle_minute_leaves_half_of_its_units_to_be_saved(meter: Meter) -> None:
    for number in range(5):
        meter.alert(number, "long")
    meter.tick()
    worst = Units()
    for _ in range(12):  # longer than figures are kept between two looks
        meter.clock.pass_time(minutes=1)
        before = meter.used()
        meter.tick()
        minute = asdict(meter.used().since(before))
        worst = Units(**{part: max(used, minute[part]) for part, used in asdict(worst).items()})
    for stage in ("dev", "prod"):
        half = {part: MINUTE / 2 * units for part, units in asdict(provisioned(stage)).items()}
        assert all(asdict(worst)[part] <= half[part] for part in half), (stage, worst, half)


@pytest.mark.parametrize(
    ("attribute", "size"),
    [({"S": "caf\u00e9"}, 5), ({"N": "1234"}, 4), ({"BOOL": True}, 1), ({"B": b"xyz"}, 3)],
)
def test_sizes_are_reckoned_as_aws_does(attribute, size):
    assert item_size({"ab": attribute}) == 2 + size


def test_writes_are_reckoned_as_aws_does(meter: Meter) -> None:
    table = bootstrap.table()

    def cost(*rows: Row) -> tuple[float, float]:
        before = meter.used()
        table.write(rows)
        spent = meter.used().since(before)
        return spent.table_write, spent.index_write

    def row(version: int, at: str | None, size: int = 100, sort: str = "a") -> Row:
        shelf = None if at is None else "waiting"
        return Row(
            partition="p", sort=sort, document="x" * size, version=version, shelf=shelf, at=at
        )

    assert cost(row(1, None)) == (1, 0)
    assert cost(row(2, "1")) == (1, 1)
    assert cost(row(3, "1")) == (1, 1)
    assert cost(row(4, "2")) == (1, 2)
    assert cost(row(5, "2", size=3000)) == (4, 4)
    assert cost(row(6, None)) == (4, 4)
    assert cost(row(1, "1", sort="b"), row(1, "1", sort="c")) == (4, 2)
