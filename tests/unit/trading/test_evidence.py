"""What a venue shows of an order of unknown fate decides which word of the owner is taken."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import ActionRefused, ExchangeUnavailable
from chalicelib.domain.trading.evidence import (
    Activity,
    Evidence,
    OwnTrade,
    RestingOrder,
    contradiction,
    report_of,
)
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order, OrderReport, OrderStatus
from chalicelib.domain.trading.side import Side
from chalicelib.services.trading.examine_order import examine_order
from chalicelib.services.trading.resolve_order import Resolution, Word, resolve_order
from tests.contract.stores.records import NOON, order
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "50000"}
WEIGHTS = {"btc": "0.2"}


def held(fault: str, **traits: Any) -> tuple[TradingFloor, Order]:
    """A desk whose first order met the fault, and waits for the owner's word."""
    account = virtual_account(
        options={
            "faults": {"script": [fault], "invisible_seconds": 600},
            "traits": {"acceptance_unbounded": True, **traits},
        }
    )
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    floor.tick()
    for _ in range(3):
        floor.next_minute()
    [waiting] = floor.ports.orders.held(10)
    return floor, waiting


def evidence_of(floor: TradingFloor, waiting: Order) -> Evidence:
    return examine_order(floor.ports, waiting.intent.id, owner="owner").evidence


def say(floor: TradingFloor, waiting: Order, word: Word, **changes: Any) -> Order:
    evidence = evidence_of(floor, waiting)
    resolution = Resolution(word=word, **changes)
    return resolve_order(floor.ports, waiting.intent.id, resolution, evidence, dry_run=False)


def test_what_the_venue_never_had_may_be_absent_and_the_evidence_is_kept() -> None:
    floor, waiting = held("lost")
    after = say(floor, waiting, Word.ABSENT)
    assert (after.status, after.code) == (OrderStatus.REJECTED, "RESOLVED_ABSENT")
    assert after.reason == (
        "the owner says that the venue never had it; asked 2026-03-02T08:03:00Z: not found by its "
        "id, no open orders, no own trades, venue less books: BTC 0, USDT 0"
    )
    stored = floor.ports.orders.get(waiting.intent.id)
    assert stored is not None
    assert stored.reason == after.reason


@pytest.mark.parametrize("word", [Word.ABSENT, Word.FILLED])
def test_what_the_venue_lists_is_adopted_and_not_told(word: Word) -> None:
    floor, waiting = held("answer_lost", finds_by_client_id=False)
    amounts = {"quantity": Decimal("0.04"), "price": Decimal(1)} if word is Word.FILLED else {}
    with pytest.raises(ActionRefused) as refusal:
        say(floor, waiting, word, **amounts)
    [accepted] = floor.exchange.accepted()
    assert str(refusal.value) == (
        f"the venue has it as {accepted.venue_order_id}, FILLED, filled {accepted.filled}: "
        f"crypto-bot resolve {waiting.intent.id} --adopt --yes"
    )
    assert floor.ports.orders.get(waiting.intent.id) == waiting


def test_what_is_adopted_is_booked_under_the_venues_own_trades() -> None:
    floor, waiting = held("answer_lost", finds_by_client_id=False)
    evidence = evidence_of(floor, waiting)
    assert evidence.found is None
    assert evidence.differences == {"BTC": waiting.intent.quantity, "USDT": Decimal(-2000)}
    after = say(floor, waiting, Word.ADOPT)
    assert (after.status, after.code) == (OrderStatus.FILLED, "ADOPTED")
    floor.next_minute()
    assert floor.owned("btc") == waiting.intent.quantity
    [accepted] = floor.exchange.accepted()
    booked = [entry.id for entry in floor.ports.ledger.entries("paper")]
    assert f"fill#BTC/USDT#{accepted.fills[0].trade_id}" in booked
    assert evidence_of(floor, waiting).differences == {"BTC": Decimal(0), "USDT": Decimal(0)}


def test_an_order_that_can_be_looked_up_again_is_adopted_in_any_open_state() -> None:
    hidden = {"script": ["answer_lost"], "invisible": "1", "invisible_seconds": 600}
    account = virtual_account(options={"faults": hidden})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    floor.tick()
    [sent] = floor.orders
    assert sent.status is OrderStatus.SUBMITTED
    with pytest.raises(ActionRefused, match="shows nothing of order"):
        say(floor, sent, Word.ADOPT)
    floor.clock.pass_time(minutes=11)
    after = say(floor, sent, Word.ADOPT)
    assert (after.status, after.filled) == (OrderStatus.FILLED, sent.intent.quantity)
    with pytest.raises(ActionRefused, match="is FILLED; there is nothing of it to adopt"):
        say(floor, sent, Word.ADOPT)


def test_nothing_is_adopted_where_nothing_is_shown() -> None:
    floor, waiting = held("lost")
    with pytest.raises(ActionRefused, match=r"shows nothing of order .* \(asked .*not found by"):
        say(floor, waiting, Word.ADOPT)
    with pytest.raises(ActionRefused, match=r"\(nobody has looked\); say what its own page shows"):
        resolve_order(
            floor.ports, waiting.intent.id, Resolution(word=Word.ADOPT), None, dry_run=False
        )


def test_without_an_answer_there_is_no_evidence_and_the_lease_is_given_back() -> None:
    floor, waiting = held("lost")
    floor.exchanges.by_account["paper"] = Unreachable(floor.exchange)
    with pytest.raises(ExchangeUnavailable):
        evidence_of(floor, waiting)
    moment = timedelta(seconds=1)
    lease = floor.ports.control.acquire("paper", "tick", floor.clock.now(), moment)
    assert lease is not None
    floor.ports.control.release(lease)
    floor.exchanges.by_account["paper"] = floor.exchange
    assert evidence_of(floor, waiting).found is None
    told = Resolution(word=Word.ABSENT)
    after = resolve_order(floor.ports, waiting.intent.id, told, None, dry_run=False)
    assert after.reason.endswith("; the venue was not asked")


class Unreachable:
    """The real exchange, whose lists cannot be read."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    def activity(self, *_: object) -> Activity:
        raise ExchangeUnavailable("503")


def test_nobody_is_asked_while_somebody_works_there_or_the_venue_wants_silence() -> None:
    floor, waiting = held("lost")
    now = floor.clock.now()
    lease = floor.ports.control.acquire("paper", "tick", now, timedelta(minutes=1))
    assert lease is not None
    with pytest.raises(ActionRefused, match="a tick works on account paper just now"):
        evidence_of(floor, waiting)
    floor.ports.control.release(lease)
    state = floor.ports.plans.state("paper")
    floor.ports.plans.save_state(replace(state, blocked_until=now + timedelta(minutes=5)))
    with pytest.raises(
        ActionRefused, match="asked account paper for silence until 2026-03-02T08:08"
    ):
        evidence_of(floor, waiting)


def test_only_a_sent_order_of_a_known_account_is_looked_up() -> None:
    floor, _ = held("lost")
    with pytest.raises(ActionRefused, match="there is no order nothing; crypto-bot orders --held"):
        examine_order(floor.ports, "nothing", owner="owner")
    unsent = floor.ports.orders.save(order("p9"))
    with pytest.raises(ActionRefused, match="is INITIALIZED and was never sent"):
        examine_order(floor.ports, unsent.intent.id, owner="owner")
    elsewhere = floor.ports.orders.save(order("p8", attempts=1, status=OrderStatus.HELD))
    with pytest.raises(ActionRefused, match="is of account main, and there is no such account"):
        examine_order(floor.ports, elsewhere.intent.id, owner="owner")


# --- what a list alone allows ---------------------------------------------------------------


def trade(quantity: str, *, ours: bool = True) -> OwnTrade:
    fill = Fill(
        trade_id=f"t{quantity}",
        quantity=Decimal(quantity),
        price=Decimal(100),
        fee=Decimal(0),
        fee_asset="USD",
        at=NOON,
    )
    return OwnTrade(venue_order_id="v1", side=Side.BUY, fill=fill, asked_for=ours)


def resting(*, ours: bool = True) -> RestingOrder:
    return RestingOrder(
        venue_order_id="v1",
        side=Side.BUY,
        quantity=Decimal("0.1"),
        filled=Decimal(0),
        limit_price=Decimal(100),
        asked_for=ours,
    )


@pytest.mark.parametrize(
    ("orders", "trades", "status"),
    [
        ((), (trade("0.04"), trade("0.06")), OrderStatus.FILLED),
        ((), (trade("0.04"), trade("0.06", ours=False)), OrderStatus.CANCELED),
        ((resting(ours=False),), (trade("0.04"),), OrderStatus.CANCELED),
        (None, (trade("0.1"),), OrderStatus.FILLED),
        (None, (trade("0.04"),), None),  # the rest of it may be open
        ((resting(),), (trade("0.04"),), None),
        ((), (trade("0.1", ours=False),), None),
        ((), None, None),
    ],
)
def test_trades_stand_for_the_order_when_nothing_of_it_can_be_open(
    orders: tuple[RestingOrder, ...] | None,
    trades: tuple[OwnTrade, ...] | None,
    status: OrderStatus | None,
) -> None:
    lists = Activity(resting=orders, trades=trades)
    evidence = Evidence(asked_at=NOON, found=None, activity=lists, differences={})
    report = report_of(order(), evidence)
    assert (None if report is None else report.status) == status


def test_a_lookup_is_believed_before_any_list() -> None:
    found = OrderReport(
        client_order_id="c",
        venue_order_id="v1",
        status=OrderStatus.ACCEPTED,
        filled=Decimal(0),
        fills=(),
    )
    for lists in (None, Activity(resting=(resting(),), trades=(trade("0.1"),))):
        evidence = Evidence(asked_at=NOON, found=found, activity=lists, differences={})
        assert report_of(order(), evidence) == found
        assert contradiction(order(), evidence).startswith("the venue has it as v1, ACCEPTED")


def test_an_order_that_rests_unfound_is_cancelled_by_hand_first() -> None:
    lists = Activity(resting=(resting(),), trades=())
    evidence = Evidence(asked_at=NOON, found=None, activity=lists, differences={})
    assert contradiction(order(), evidence).startswith(
        "it rests at the venue as v1, where a lookup by its id does not find it: cancel it on the "
    )
    assert "1 open order (1 of it), no own trades" in evidence.sentence()
    unlisted = Evidence(asked_at=NOON, found=None, activity=None, differences={})
    assert contradiction(order(), unlisted) == ""
    assert "no list of open orders, no list of own trades" in unlisted.sentence()
