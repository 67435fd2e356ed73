"""Faults on the way, and that a sender who looks before sending again is never wrong."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.errors import (
    ExchangeError,
    ExchangeUnavailable,
    OrderNotPlaced,
    OrderRejected,
    OutcomeUnknown,
)
from chalicelib.domain.trading.order import OrderStatus
from tests.unit.venues_virtual.support import START, buy, open_venue, sell


def scripted(*words, **faults):
    return open_venue(faults={"script": list(words), **faults})


@pytest.mark.parametrize("word", ["answer_lost", "error_after"])
def test_a_lost_answer_is_found_and_adopted(word):
    venue = scripted(word)
    intent = buy("1", "100")
    with pytest.raises(OutcomeUnknown):
        venue.send(intent)
    report = venue.find(intent)
    assert report is not None
    assert report.status is OrderStatus.FILLED
    assert venue.held()["BTC"] == 2


@pytest.mark.parametrize("word", ["lost", "error_before"])
def test_a_lost_request_left_nothing_and_may_be_sent_again(word):
    venue = scripted(word)
    intent = buy("1", "100")
    with pytest.raises(OutcomeUnknown):
        venue.send(intent)
    assert venue.find(intent) is None
    assert venue.held() == {"USDT": Decimal(10000), "BTC": Decimal(1)}
    assert venue.send(intent).status is OrderStatus.FILLED


def test_the_two_ways_to_lose_a_connection_look_alike():
    venue = scripted("lost", "answer_lost")
    sentences = []
    for _ in range(2):
        with pytest.raises(OutcomeUnknown) as failure:
            venue.send(buy("1", "100"))
        sentences.append(str(failure.value))
    assert sentences[0] == sentences[1]


def test_a_rate_limit_says_when_to_try_again():
    venue = scripted("rate_limited", retry_seconds="2.5")
    with pytest.raises(OrderNotPlaced) as failure:
        venue.send(buy("1", "100"))
    assert failure.value.retry_at == START + timedelta(seconds=2.5)
    assert venue.find(buy("1", "100")) is None


def test_a_ban_answers_nothing_until_it_is_over():
    venue = scripted("banned", ban_seconds="30")
    intent = buy("1", "100")
    with pytest.raises(OrderNotPlaced, match="418, banned") as failure:
        venue.send(intent)
    over = START + timedelta(seconds=30)
    assert failure.value.retry_at == over
    venue.wait(29)
    exchange = venue.exchange
    for ask in (exchange.balances, lambda: exchange.tickers([intent.symbol])):
        with pytest.raises(ExchangeUnavailable, match="banned until") as silence:
            ask()
        assert silence.value.retry_at == over
    with pytest.raises(ExchangeUnavailable):
        venue.find(intent)
    with pytest.raises(OrderNotPlaced) as refusal:
        venue.send(intent)
    assert refusal.value.retry_at == over
    venue.wait(1)
    assert venue.find(intent) is None
    assert venue.send(intent).status is OrderStatus.FILLED


def test_a_refusal_is_final():
    venue = scripted("refused")
    with pytest.raises(OrderRejected) as refusal:
        venue.send(buy("1", "100"))
    assert refusal.value.code == "VENUE_REFUSED"


def test_a_refusal_whose_answer_is_lost_is_an_unknown_outcome():
    venue = scripted("answer_lost")
    with pytest.raises(OutcomeUnknown):
        venue.send(sell("5", "100"))
    assert venue.find(sell("5", "100")) is None


def test_a_late_request_is_accepted_within_the_bound_at_the_price_of_then():
    venue = scripted("late", late_seconds="4")
    intent = buy("1", "110")
    with pytest.raises(OutcomeUnknown):
        venue.send(intent)
    venue.wait(3.999)
    assert venue.find(intent) is None
    venue.price("105")
    venue.wait(0.001)
    report = venue.find(intent)
    assert report is not None
    assert (report.status, report.fills[0].price) == (OrderStatus.FILLED, Decimal(105))
    assert len(venue.exchange.accepted()) == 1


def test_a_late_request_that_the_venue_then_refuses_leaves_no_trace():
    venue = scripted("late")
    with pytest.raises(OutcomeUnknown):
        venue.send(sell("1", "100"))
    venue.send(sell("1", "100", name="quicker"))
    venue.wait(10)
    assert venue.find(sell("1", "100")) is None
    assert len(venue.exchange.accepted()) == 1


def test_who_sends_again_too_early_has_two_orders():
    venue = scripted("late")
    intent = buy("1", "100")
    with pytest.raises(OutcomeUnknown):
        venue.send(intent)
    assert venue.find(intent) is None  # which proves nothing yet
    venue.send(intent)
    venue.wait(5)
    assert venue.held()["BTC"] == 3
    assert len(venue.exchange.accepted()) == 2


def test_a_late_request_meets_its_twin_in_the_book_and_is_refused():
    venue = scripted("late")
    intent = buy("1", "90", rests=True)
    with pytest.raises(OutcomeUnknown):
        venue.send(intent)
    venue.send(intent)
    venue.wait(5)
    assert len(venue.exchange.accepted()) == 1
    assert venue.balance("USDT").locked == Decimal("90.09")


def test_an_order_may_stay_invisible_for_a_while():
    venue = open_venue(faults={"invisible": "1", "invisible_seconds": "2"})
    intent = buy("1", "100")
    assert venue.send(intent).status is OrderStatus.FILLED
    assert venue.find(intent) is None
    assert venue.held()["BTC"] == 2
    venue.wait(2)
    assert venue.find(intent) is not None


def test_what_is_invisible_is_not_listed_either():
    venue = open_venue(faults={"invisible": "1", "invisible_seconds": "2"})
    resting = buy("1", "90", rests=True)
    assert venue.send(resting).status is OrderStatus.ACCEPTED
    assert venue.exchange.open_orders(()) == ()
    venue.wait(2)
    [listed] = venue.exchange.open_orders(())
    assert (listed.client_order_id, listed.limit_price) == (resting.client_order_id, Decimal(90))
    venue.exchange.cancel(resting, listed.venue_order_id)
    assert venue.exchange.open_orders(()) == ()


def test_the_traits_promise_what_the_faults_do():
    calm = open_venue().exchange.traits()
    assert (calm.acceptance_bound, calm.visibility_lag) == (timedelta(0), timedelta(0))
    assert (calm.in_flight, calm.finds_by_client_id) == (10, True)
    stormy = open_venue(faults={"lost": "0.1"}).exchange.traits()
    assert stormy.acceptance_bound == timedelta(seconds=5)
    assert stormy.visibility_lag == timedelta(seconds=3)
    late = open_venue(faults={"late": "0.1", "late_seconds": "9"}).exchange.traits()
    assert late.acceptance_bound == timedelta(seconds=9)


def test_a_venue_that_cannot_look_up_finds_nothing():
    venue = open_venue(traits={"finds_by_client_id": False, "acceptance_unbounded": True})
    venue.send(buy("1", "100"))
    assert venue.find(buy("1", "100")) is None
    assert venue.exchange.traits().acceptance_bound is None


def careless_run(seed):
    """A hundred orders against every fault: what each answered, and the books afterwards."""
    kinds = ["refused", "rate_limited", "lost", "error_before", "late", "answer_lost"]
    faults = dict.fromkeys([*kinds, "error_after", "invisible"], "0.08")
    venue = open_venue(seed=seed, partial_fill="0.3", faults=faults)
    answers = []
    for number in range(100):
        side = buy if number % 2 else sell
        try:
            answers.append(repr(venue.send(side("0.1", "100", name=f"order {number}"))))
        except ExchangeError as error:
            answers.append(repr(error))
        venue.wait(1)
    return answers, [repr(report) for report in venue.exchange.accepted()], venue.held()


def test_the_same_seed_makes_the_same_day():
    first, again, other = careless_run("a"), careless_run("a"), careless_run("b")
    assert first == again
    assert first[0] != other[0]
    kinds = {answer.partition("(")[0] for answer in first[0]}
    assert kinds == {"OrderReport", "OrderRejected", "OrderNotPlaced", "OutcomeUnknown"}


def test_faults_strike_about_as_often_as_they_are_told():
    venue = open_venue(faults={"refused": "0.25"})
    refused = 0
    for number in range(400):
        try:
            venue.send(sell("0.00001", "100", name=f"order {number}"))
        except OrderRejected:
            refused += 1
    assert 70 < refused < 130


def test_every_attempt_at_an_order_has_its_own_luck():
    """Else a retry would meet the same fault for ever, and prove nothing."""
    venue = open_venue(faults={"lost": "0.6"})
    intent, attempts = buy("1", "100"), 0
    while venue.find(intent) is None and attempts < 50:
        attempts += 1
        with suppress(OutcomeUnknown):
            venue.send(intent)
    assert venue.find(intent) is not None
    assert attempts > 1
