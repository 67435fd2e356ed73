"""The sum of a minute: no order, no repetition and no splitting of its trades changes it."""

import json
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import summarize
from chalicelib.domain.market.trade import Trade, parse_trade
from tests.market.recorded import expected_rows

START = 1_723_161_300_000
MINUTE = Minute("BTCUSDT", datetime(2024, 8, 8, 23, 55, tzinfo=UTC))

AMOUNTS = st.decimals("0.000000000001", "999999999999999", places=12).map(lambda d: f"{d:f}")
# Within half of each other: none is absurd.
PRICES = st.decimals("70", "100", places=8).map(lambda d: f"{d:f}")


@st.composite
def facts(draw: st.DrawFn, prices: st.SearchStrategy[str] = PRICES) -> dict[str, Any]:
    number = draw(st.integers(0, 40))
    return {
        "e": "aggTrade",
        "s": "BTCUSDT",
        "a": number,
        "p": draw(prices),
        "q": draw(AMOUNTS),
        "f": 10 * number,
        "l": 10 * number + 5,
        "T": START + draw(st.integers(0, 59_999)),
        "m": draw(st.booleans()),
    }


MINUTES = st.lists(facts(), min_size=1, max_size=30, unique_by=lambda fact: fact["a"])


def trades_of(facts: list[dict[str, Any]]) -> list[Trade]:
    return [parse_trade(json.dumps(fact).encode()) for fact in facts]


@given(facts=MINUTES)
def test_it_equals_fractions(facts: list[dict[str, Any]]) -> None:
    summary = summarize(MINUTE, trades_of(facts)).summary
    (row,) = expected_rows(json.dumps(fact).encode() for fact in facts).values()
    assert [summary.total_count_b, summary.total_count_s] == row.count
    assert [Fraction(summary.total_btc_b), Fraction(summary.total_btc_s)] == row.base
    assert [Fraction(summary.total_usd_b), Fraction(summary.total_usd_s)] == row.quote


@given(facts=MINUTES, dice=st.randoms(use_true_random=False), copies=st.integers(1, 3))
def test_order_and_copies_change_nothing(
    facts: list[dict[str, Any]], dice: Any, copies: int
) -> None:
    trades = trades_of(facts)
    again = trades * copies
    dice.shuffle(again)
    assert summarize(MINUTE, again).summary == summarize(MINUTE, trades).summary


@given(trades=st.lists(facts(prices=AMOUNTS), max_size=30), dice=st.randoms(use_true_random=False))
def test_contradicting_copies_and_odd_prices_give_one_answer(trades: Any, dice: Any) -> None:
    given_trades = trades_of(trades)
    shuffled = list(given_trades)
    dice.shuffle(shuffled)
    one, other = summarize(MINUTE, given_trades), summarize(MINUTE, shuffled)
    assert one.summary == other.summary
    assert sorted(one.absurd) == sorted(other.absurd)
    counted = one.summary.total_count_b + one.summary.total_count_s
    assert counted + len(one.absurd) == len({trade.id for trade in given_trades})


@given(facts=MINUTES, data=st.data())
def test_single_trades_of_an_aggregated_one_are_not_counted_again(
    facts: list[dict[str, Any]], data: st.DataObject
) -> None:
    """A stream of single trades beside one of aggregated ones."""
    trades = trades_of(facts)
    parts = [
        trade._replace(kind="trade", id=number, first=number, last=number)
        for trade in trades
        for number in data.draw(st.sets(st.integers(trade.first, trade.last), max_size=3))
    ]
    mixed = data.draw(st.permutations([*trades, *parts]))
    assert summarize(MINUTE, mixed).summary == summarize(MINUTE, trades).summary
    between = trades[0]._replace(kind="trade", id=trades[0].last + 1)
    more = summarize(MINUTE, [*mixed, between]).summary
    before = summarize(MINUTE, trades).summary
    assert (
        more.total_count_b + more.total_count_s == before.total_count_b + before.total_count_s + 1
    )


@given(facts=st.lists(facts(), min_size=3, max_size=30, unique_by=lambda fact: fact["a"]))
def test_a_price_far_from_all_others_is_left_out(facts: list[dict[str, Any]]) -> None:
    usual = summarize(MINUTE, trades_of(facts))
    assert usual.absurd == ()
    for price in ("0.00000001", "1", "250", "999999999999999"):
        odd = {**facts[0], "a": 1000, "p": price}
        verdict = summarize(MINUTE, trades_of([*facts, odd]))
        assert [trade.id for trade in verdict.absurd] == [1000]
        assert verdict.summary == usual.summary
