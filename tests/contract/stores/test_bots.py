"""Bots that run by live candles come back as they were put, on every table."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.adapters.stores.bots import TableBotStates
from chalicelib.adapters.stores.keys import key
from chalicelib.domain.bots.live import LiveBot
from chalicelib.domain.bots.standing import Held, Reckoning
from chalicelib.domain.bots.waiting_order import Waiting
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.side import Side
from chalicelib.drivers.table import Table
from chalicelib.ports.bots import KeptBot

BOTH = "ETH/USDT SOL/USDT"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
BEGUN = LiveBot("Scalper 1m threshold=1", START, Reckoning(Decimal("10000")))
LATER = BEGUN._replace(
    reckoning=Reckoning(
        Decimal("899.10"),
        {
            "BTC/USDT": Held(Decimal("0.000000000001"), Decimal("100.1")),
            "ETH/USDT": Held(Decimal(7)),
        },
    ),
    seen=START,
    state={"bot": {"close": 0.1, "bought": 1}, "candles": {"BTC/USDT": [[1], [0.1]]}, "random": 0},
    waiting=(
        Waiting("1", "BTC/USDT", Side.BUY, 7, Decimal("1.50"), limit=Decimal(95), until=9),
        Waiting("2", "BTC/USDT", Side.SELL, 7, stop=Decimal("1e-9"), group="1"),
        Waiting("3", "BTC/USDT", Side.SELL, 8, trailing=Decimal("0.1"), best=Decimal(130)),
    ),
)


def kept(bot: LiveBot = BEGUN, deployment: str = "mine", on: str = "BTC/USDT") -> KeptBot:
    return KeptBot(deployment=deployment, on=on, bot=bot)


def test_each_comes_back_as_it_was_put_last(table: Table) -> None:
    states = TableBotStates(table)
    assert states.get("mine", "BTC/USDT") is None
    first = states.put(kept())
    assert first == states.get("mine", "BTC/USDT") == replace(kept(), version=1)
    second = states.put(replace(first, bot=LATER))
    found = TableBotStates(table).get("mine", "BTC/USDT")
    assert found == second == replace(kept(LATER), version=2)
    assert str(found.bot.reckoning.cash) == "899.10"


def test_one_that_was_kept_before_orders_could_wait_has_none(table: Table) -> None:
    states = TableBotStates(table)
    states.put(kept(LATER))
    (row,) = table.query(key("bot", "mine"))
    document = json.loads(row.document)
    del document["waiting"]
    table.write([replace(row, document=json.dumps(document), version=2)])
    found = states.get("mine", "BTC/USDT")
    assert found is not None
    assert found.bot == LATER._replace(waiting=())


def test_one_that_was_kept_when_each_had_one_instrument_holds_what_it_held(table: Table) -> None:
    states = TableBotStates(table)
    states.put(kept(LATER))
    (row,) = table.query(key("bot", "mine"))
    document = json.loads(row.document)
    del document["held"]
    for version, quantity in enumerate(("2.5", "0"), start=2):
        document |= {"quantity": quantity, "average_price": "99" if quantity != "0" else None}
        table.write([replace(row, document=json.dumps(document), version=version)])
        found = states.get("mine", "BTC/USDT")
        assert found is not None
        held = {"BTC/USDT": Held(Decimal("2.5"), Decimal(99))} if quantity != "0" else {}
        assert found.bot.reckoning == Reckoning(Decimal("899.10"), held)


def test_they_are_told_apart_by_deployment_and_instruments(table: Table) -> None:
    states = TableBotStates(table)
    for bot in (kept(), kept(LATER, on=BOTH), kept(LATER, deployment="mine#BTC/USDT")):
        states.put(bot)
    assert states.get("mine", "BTC/USDT") == replace(kept(), version=1)
    assert states.get("mine", BOTH) == replace(kept(LATER, on=BOTH), version=1)


def test_of_two_that_go_on_from_one_state_the_second_is_refused(table: Table) -> None:
    states = TableBotStates(table)
    begun = states.put(kept())
    states.put(replace(begun, bot=LATER))
    with pytest.raises(StoreConflict):
        states.put(replace(begun, bot=LATER._replace(seen=None)))
    with pytest.raises(StoreConflict):
        states.put(kept())
    found = states.get("mine", "BTC/USDT")
    assert found is not None
    assert found.bot == LATER
