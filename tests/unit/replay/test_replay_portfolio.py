"""Listed trades through the services that trade: sizes, prices, lags, refusals, and the books."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.replay.document import document
from chalicelib.domain.replay.report import ReplayReport, listed_as, reasons_of
from chalicelib.domain.replay.trade_list import SHORT
from chalicelib.services.replay.search_weights import Terms, search_weights, split_of
from tests.unit.replay.lists import at, listed, trade
from tests.unit.replay.portfolios import CASH, Replayed, hourly, told

BTC, ETH = "BTC/USDT", "ETH/USDT"


def test_sized_by_the_list_at_its_own_prices_it_wins_what_tradingview_says() -> None:
    trades = [
        trade(1, 0, 2, quantity="2"),
        trade(2, 3, 5, quantity="3", prices=("105", "101.5")),
        trade(3, 6, 7, side=SHORT, quantity="3", prices=("101", "90")),
        trade(4, 8, 9, quantity="0.5", prices=("90", "99")),
    ]
    result = Replayed({"btc": trades}).under("signal_sized", btc="0.98")
    (part,) = result.parts
    said = listed_as("btc", BTC, listed(*trades))
    assert part.profit == part.realized == said.profit == Decimal("14.0")
    assert (said.trades, said.open) == (4, 0)
    assert result.curves.equity[-1] == 10_014.0
    assert [each.slippage for each in result.deviations if each.slippage is not None] == [0] * 6
    assert [(r.status, r.code, r.alerts) for r in reasons_of(result)] == [
        ("DENIED", "SHORT_NOT_ENABLED", 1),
        ("SKIPPED", "already flat", 1),  # the end of the short
    ]


def test_what_is_open_at_the_end_counts_at_the_last_price() -> None:
    trades = [trade(1, 0, 2, quantity="2"), trade(2, 3, None, quantity="3", prices=("105", "0"))]
    candles = {BTC: hourly(100, 100, 110, 105, 105, 107)}
    (part,) = Replayed({"btc": trades}, candles).under("signal_sized", btc="0.98").parts
    assert (part.realized, part.open_profit, part.held) == (Decimal(20), Decimal(6), Decimal(3))
    assert part.profit == Decimal(26)


def test_boost_gives_the_first_one_in_what_the_others_leave() -> None:
    candles = {BTC: hourly(*[100.0] * 12), ETH: hourly(*[10.0] * 12)}
    lists = {"btc": [trade(1, 1, 9)], "eth": [trade(1, 3, 6, prices=("10", "10"))]}
    replayed = Replayed(lists, candles)
    boosted, fixed = (replayed.under(p, btc="0.2", eth="0.5") for p in ("boost", "fixed"))
    bought = {
        (each.strategy, each.state.value): each.quantity * (each.price or 0)
        for each in boosted.deviations
    }
    assert bought["btc", "long"] == pytest.approx(Decimal(7000), rel=Decimal("0.001"))
    assert bought["eth", "long"] == pytest.approx(Decimal(5000), rel=Decimal("0.001"))
    assert boosted.parts[0].tally.unasked == 1  # BTC was trimmed to make room
    assert fixed.parts[0].tally.unasked == 0
    assert fixed.deviations[0].quantity == pytest.approx(Decimal(20), rel=Decimal("0.001"))


def test_strategies_that_swap_an_instrument_pay_no_fee_for_it() -> None:
    candles = {BTC: hourly(*[100.0] * 8)}
    lists = {
        "btc": [
            trade(1, 1, 3, prices=("100", "100")),
            trade(2, 3, None, side=SHORT, prices=("100", "100")),
        ],
        "btc_2": [trade(1, 3, 5, prices=("100", "100"))],
    }
    result = Replayed(lists, candles, fee="0.01").under("signal_sized", btc="0.4", btc_2="0.4")
    first, second = result.parts
    assert (first.profit, second.profit) == (Decimal(-1), Decimal(-1))
    assert result.metrics.fees == 2.0
    bought_and_sold = 200  # at the venue; 100 changed hands in the books
    mean = sum(result.curves.equity) / len(result.curves.equity)
    assert result.metrics.turnover == pytest.approx(bought_and_sold / mean)
    assert [each.status for each in result.deviations] == [
        *("EXECUTED", "PARTIALLY_EXECUTED", "EXECUTED", "EXECUTED")
    ]


def test_an_alert_is_filled_at_the_price_of_its_arrival() -> None:
    candles = {BTC: hourly(100, 110, 121, 130, 140)}
    lists = {"btc": [trade(1, 1, 3, prices=("110", "130"))]}
    at_once = Replayed(lists, candles).under("fixed", btc="0.5").deviations
    assert [each.price for each in at_once] == [Decimal(110), Decimal(130)]
    late = Replayed(lists, candles, lag=3570).under("fixed", btc="0.5").deviations
    assert [each.price for each in late] == [Decimal(121), Decimal(140)]
    assert [each.alert_price for each in late] == [Decimal(110), Decimal(130)]
    assert late[0].slippage_bps == Decimal("1000.00")
    assert late[0].late == timedelta(hours=1)


def test_an_entry_that_arrives_too_late_is_skipped_and_an_exit_never() -> None:
    candles = {BTC: hourly(*[100.0] * 12)}
    lists = {"btc": [trade(1, 1, 5, prices=("100", "100"))]}
    result = Replayed(lists, candles, lag=7200).under("fixed", btc="0.5")
    assert [status for _, status, _ in told(result)] == ["EXPIRED", "SKIPPED"]
    assert "ENTRY_TOO_LATE" in result.deviations[0].reason


def test_slippage_and_fees_make_it_worse() -> None:
    candles = {BTC: hourly(*[100.0] * 8)}
    lists = {"btc": [trade(1, 1, 3, prices=("100", "100"))]}
    replayed = Replayed(
        lists, candles, fee="0.001", slippage="0.002", account={"increment": Decimal("0.004")}
    )
    result = replayed.under("signal_sized", btc="0.5")
    (part,) = result.parts
    assert part.profit == Decimal("99.8") - Decimal("100.2") - Decimal("0.2")
    assert [each.slippage_bps for each in result.deviations] == [Decimal(20), Decimal(20)]


def test_orders_below_the_minimum_are_refused_with_the_reason() -> None:
    candles = {BTC: hourly(*[100.0] * 8)}
    lists = {"btc": [trade(1, 1, 3, prices=("100", "100"), quantity="0.05")]}
    instruments = {BTC: {"minimum_notional": "10"}}
    result = Replayed(lists, candles, instruments=instruments).under("signal_sized", btc="0.5")
    assert [(r.status, r.code) for r in reasons_of(result)] == [
        ("SKIPPED", "NOTIONAL_BELOW_MINIMUM"),
        ("SKIPPED", "already flat"),
    ]


def test_in_a_gap_of_the_candles_nothing_is_bought() -> None:
    candles = {BTC: hourly(100, 100, 0, 0, 0, 100, 100, 100)}
    lists = {"btc": [trade(1, 3, 6, prices=("100", "100"))]}
    result = Replayed(lists, candles).under("fixed", btc="0.5")
    assert "PRICE_STALE" in result.deviations[0].reason


def test_a_partial_exit_sells_its_part() -> None:
    candles = {BTC: hourly(*[100.0] * 8)}
    lists = {
        "btc": [
            trade(1, 1, 3, prices=("100", "100"), quantity="0.25"),
            trade(2, 1, 5, prices=("100", "100"), quantity="0.75"),
        ]
    }
    result = Replayed(lists, candles).under("fixed", btc="0.5")
    entry, part, rest = (each.quantity for each in result.deviations)
    assert (-part / entry, -rest / entry) == (Decimal("0.25"), Decimal("0.75"))


def test_a_stop_inside_the_candle_is_not_sold_at_its_open() -> None:
    candles = {BTC: hourly(100, 100, 80, 80, 80)}
    lists = {"btc": [trade(1, 1, 1, prices=("100", "95"), signals=("In", "SL"))]}
    result = Replayed(lists, candles).under("fixed", btc="0.5")
    assert [each.price for each in result.deviations] == [Decimal(100), Decimal(80)]


def test_what_the_webhook_refuses_is_told() -> None:
    replayed = Replayed({"btc": [trade(1, 0, 1)]})
    first, *others = replayed.portfolio.told
    odd = first._replace(message={**first.message, "order_price": "much"})
    replayed.portfolio = replayed.portfolio._replace(told=(odd, *others))
    result = replayed.under("fixed", btc="0.5")
    (refused,) = result.refused
    assert (refused.strategy, refused.at, refused.status) == ("btc", "2024-01-01T00:00:00Z", 400)
    assert reasons_of(result)[0].status == "REFUSED 400"


def waves() -> Replayed:
    """Two coins that go up and down at different times, each with a strategy that knows."""
    btc = [100 + 10 * (n % 10 < 5) + n % 3 for n in range(200)]
    eth = [50 + 10 * (n % 14 < 7) - n % 4 for n in range(200)]
    lists = {}
    for name, prices, step in (("btc", btc, 10), ("eth", eth, 14)):
        lists[name] = [
            trade(k + 1, a, a + 6, prices=(str(prices[a]), str(prices[a + 6])))
            for k, a in enumerate(range(step - 3, 190, step))
        ]
    return Replayed(lists, {BTC: hourly(*btc), ETH: hourly(*eth)}, fee="0.001")


def test_parts_add_up_to_what_the_account_won() -> None:
    result = waves().under("boost", btc="0.4", eth="0.5")
    won = float(sum((part.profit for part in result.parts), Decimal(0)))
    assert won == pytest.approx(result.curves.equity[-1] - float(CASH), abs=1e-6)
    assert {n: c[-1] for n, c in result.curves.profit.items()} == pytest.approx(
        {part.strategy: float(part.profit) for part in result.parts}, abs=1e-6
    )
    assert result.metrics.total_return == pytest.approx(won / float(CASH))


def test_parts_add_up_where_the_last_fill_is_after_the_last_price() -> None:
    trades = [trade(1, 0, 5), trade(2, 6, None, prices=("110", "0"))]
    account = {"increment": Decimal("0.04")}
    replayed = Replayed({"btc": trades}, lag=600, slippage="0.01", fee="0.001", account=account)
    result = replayed.under("fixed", btc="0.5")
    (part,) = result.parts
    assert result.curves.equity[-1] == pytest.approx(float(CASH + part.profit), abs=1e-6)
    assert result.metrics.total_return == pytest.approx(float(part.profit / CASH))
    assert part.held > 0
    paid = part.held * Decimal("111.1")
    assert part.open_profit == part.held * 110 - paid - paid * Decimal("0.001")


def test_what_is_bought_as_a_window_ends_is_worth_what_the_market_asked_then() -> None:
    candles = {BTC: hourly(100, 100, 120, 90, 90), ETH: hourly(*[10.0] * 5)}
    candles[BTC][1] = candles[BTC][1]._replace(close=Decimal(100))  # and it opens at 120 then
    lists = {"btc": [trade(1, 2, None, prices=("120", "0"))], "eth": [trade(1, 0, 1)]}
    replayed = Replayed(lists, candles)
    replayed.portfolio = replayed.portfolio.between(None, at(2.5))
    result = replayed.under("fixed", btc="0.5", eth="0.4")
    btc, eth = result.parts
    assert (btc.held > 0, btc.profit, eth.profit) == (True, 0, 0)
    assert result.curves.at[-1] > at_ms(at(2))
    assert result.curves.equity[-1] == CASH


def test_the_same_lists_give_the_same_document_to_the_last_byte() -> None:
    def told() -> str:
        replayed = waves()
        result = replayed.under("boost", btc="0.4", eth="0.5")
        report = ReplayReport(replayed.portfolio, (), "candles", (), (result,))
        return json.dumps(document(report))

    assert told() == told()


def test_a_search_chooses_before_the_split_and_is_judged_after_it() -> None:
    replayed = waves()
    given = {"btc": Decimal("0.4"), "eth": Decimal("0.4")}
    terms = Terms(whole=Decimal("0.98"), trials=4, seed=3, share=0.5)
    counted: list[int] = []
    found = search_weights(
        replayed.portfolio, "fixed", given, replayed.opens, terms, counted.append
    )
    split = split_of(replayed.portfolio, 0.5)
    assert found.split == f"{split:%Y-%m-%dT%H:%M:%SZ}"
    assert (len(found.tried), sum(counted)) == (5, 5)
    assert found.tried[0].weights == given
    assert 0 < (found.deflated or 0) < 1
    assert found.best == max(found.tried, key=lambda trial: trial.rank)
    assert min(each.fired_at for each in found.chosen.deviations) >= split
    later = replayed.portfolio.between(split, None)
    assert found.chosen.curves.at[0] == later.bounds()[0] > at_ms(split)
    assert (found.given.weights, found.chosen.weights) == (given, found.best.weights)
