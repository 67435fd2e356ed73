"""Alert and strategy -> signal: instrument, urgency, waiting, identity."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.address import choose_strategy
from chalicelib.domain.trading.alerts.alert import parse_alert
from chalicelib.domain.trading.alerts.signal_from import signal_from, with_own_words
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.domain.trading.signal_order import OrderKind, OwnWords, SignalOrder
from tests.unit.trading.alerts import FIRED_AT, SEED, body, strategy

RECEIVED_AT = FIRED_AT + timedelta(seconds=1)


def signal(raw: bytes, *, received_at=RECEIVED_AT, digest="d", **fields) -> Signal:
    return signal_from(
        parse_alert(raw), strategy(**fields), received_at=received_at, body_digest=digest
    )


@pytest.mark.parametrize(
    ("instruments", "ticker", "exchange", "symbol"),
    [
        ({"BTCUSDT": "BTC/USDT"}, "BTCUSDT", "", "BTC/USDT"),
        ({"BTCUSDT": "BTC/USDT"}, "btcusdt", "", "BTC/USDT"),
        ({"BTCUSDT": "BTC/USDT"}, "BINANCE:BTCUSDT", "", "BTC/USDT"),
        ({"BTCUSDT": "BTC/USDT"}, "BTCUSDT", "BINANCE", "BTC/USDT"),
        ({"BINANCE:BTCUSDT": "BTC/USDT"}, "BINANCE:BTCUSDT", "", "BTC/USDT"),
        ({"BINANCE:BTCUSDT": "BTC/USDT"}, "BTCUSDT", "", "BTC/USDT"),
        ({"BINANCE:BTCUSDT": "BTC/USDT"}, "BTCUSDT", "BINANCE_DLY", "BTC/USDT"),
        ({"A:BTCUSD": "BTC/USD", "B:BTCUSD": "BTC/USDC"}, "BTCUSD", "B", "BTC/USDC"),
        ({"XBTUSD": "BTC/USD"}, "XBTUSD", "", "BTC/USD"),
        ({"BTCUSDT.P": "BTC/USDT:USDT"}, "BYBIT:BTCUSDT.P", "", "BTC/USDT:USDT"),
        ({"BTCUSDT": "BTC/USDT"}, "BTC/USDT", "", "BTC/USDT"),
    ],
)
def test_a_ticker_is_looked_up_in_the_strategys_own_table(instruments, ticker, exchange, symbol):
    assert signal(body(ticker=ticker, exchange=exchange), instruments=instruments).symbol == symbol


@pytest.mark.parametrize(
    ("instruments", "ticker", "word"),
    [
        (
            {"BTCUSDT": "BTC/USDT"},
            "BTCUSDT.P",
            "^ticker is 'BTCUSDT.P', a perpetual contract; strategy btc trades BTCUSDT$",
        ),
        ({"BTCUSDT": "BTC/USDT"}, "BTCUSD", "strategy btc trades BTCUSDT"),
        ({"BINANCE:BTCUSDT": "BTC/USDT"}, "KRAKEN:BTCUSDT", "'KRAKEN:BTCUSDT'"),
        ({"BTCUSDT": "BTC/USDT"}, "BTC/USDT:USDT", "trades BTCUSDT"),
        ({"A:BTCUSD": "BTC/USD", "B:BTCUSD": "BTC/USDC"}, "BTCUSD", "BTC/USD, BTC/USDC"),
    ],
)
def test_a_ticker_outside_the_table_is_refused_and_never_guessed(instruments, ticker, word):
    with pytest.raises(SignalRejected, match=word) as caught:
        signal(body(ticker=ticker), instruments=instruments)

    assert caught.value.status == 422


def test_an_entry_for_one_exchange_does_not_serve_another():
    instruments = {"BINANCE:BTCUSDT": "BTC/USDT"}

    with pytest.raises(SignalRejected, match="trades BINANCE:BTCUSDT"):
        signal(body(ticker="BTCUSDT", exchange="KRAKEN"), instruments=instruments)


@pytest.mark.parametrize(
    ("fields", "urgent"),
    [
        ({"order_action": "sell", "order_comment": "non-stop trend"}, True),  # flat
        ({"order_action": "buy", "order_comment": "stop"}, False),
        ({"order_action": "buy", "market_position": "flat"}, False),
        ({"order_action": "sell", "market_position": "flat"}, True),
        ({"order_action": "sell", "market_position": "short"}, False),
        ({"order_action": "sell", "market_position": "short", "order_id": "SL"}, True),
        ({"order_action": "sell", "market_position": "short", "order_id": "sl_2"}, True),
        ({"order_action": "sell", "market_position": "short", "order_id": "Stop Loss hit"}, True),
        ({"order_action": "sell", "market_position": "short", "order_id": "slow line"}, False),
        (
            {"order_action": "sell", "market_position": "short", "order_comment": "non-stop trend"},
            False,
        ),
        ({"order_action": "sell", "market_position": "long", "order_comment": "stop 1/3"}, True),
        ({"order_action": None, "market_position": "long", "order_comment": "stop"}, False),
        ({"order_action": None, "market_position": "flat"}, True),
        (
            {
                "order_action": None,
                "order_comment": "sl 1",
                "market_position": "long",
                "market_position_size": "1",
                "prev_market_position": "long",
                "prev_market_position_size": "2",
            },
            True,
        ),
    ],
)
def test_moves_to_flat_and_stops_are_urgent_and_a_buy_never_is(fields, urgent):
    stored = signal(body(**fields))

    assert stored.urgent is urgent
    assert stored.due_at == RECEIVED_AT + timedelta(seconds=0 if urgent else 20)


def test_a_strategy_may_have_its_own_stop_words():
    fields = {"order_action": "sell", "market_position": "short", "order_comment": "bail out now"}

    assert signal(body(**fields), stop_words=("bail out",)).urgent
    assert not signal(body(**fields), stop_words=("",)).urgent


def test_an_alert_may_fire_two_minutes_ahead_of_our_clock_and_not_a_second_more():
    early = FIRED_AT - timedelta(seconds=120)

    assert signal(body(), received_at=early).fired_at == FIRED_AT
    with pytest.raises(SignalRejected, match="121 s ahead") as caught:
        signal(body(), received_at=early - timedelta(seconds=1))
    assert (caught.value.status, caught.value.field) == (422, "time")


def test_an_alert_from_long_ago_is_still_a_signal():
    assert signal(body(), received_at=FIRED_AT + timedelta(days=900)).fired_at == FIRED_AT


def test_the_same_wish_has_the_same_identity_whatever_else_differs():
    later = RECEIVED_AT + timedelta(hours=1)

    assert signal(body()).id == signal(body(order_price="1"), received_at=later, digest="e").id


@pytest.mark.parametrize(
    "other",
    [
        {"time": "2024-08-10T02:30:03Z"},
        {"order_id": "second"},
        {"order_action": "sell"},
        {"id": "mine"},
    ],
)
def test_another_wish_has_another_identity(other):
    assert signal(body()).id != signal(body(**other)).id


def test_the_senders_own_id_alone_decides():
    one = signal(body(id="n-1"))

    assert one.id == signal(body(id="n-1", time="2024-08-10T02:31:00Z", order_action="sell")).id
    assert one.id != signal(body(id="n-1"), name="eth").id
    assert one.id != signal(body(id="n-2")).id


def test_without_a_fire_time_a_repetition_is_the_same_bytes_within_the_minute():
    raw = json.dumps({k: v for k, v in SEED.items() if k != "time"}).encode()
    first = signal(raw)

    assert first.fired_at == RECEIVED_AT
    assert first.id == signal(raw, received_at=RECEIVED_AT + timedelta(seconds=30)).id
    assert first.id != signal(raw, received_at=RECEIVED_AT + timedelta(seconds=60)).id
    assert first.id != signal(raw, digest="other bytes").id


def test_the_previous_position_travels_along():
    assert signal(body(prev_market_position="short")).previous_state is DesiredState.SHORT


def test_the_strategy_is_the_only_one_with_that_ticker():
    alert = parse_alert(body())
    btc, eth = strategy(), strategy(name="eth", instruments={"ETHUSD": "ETH/USD"})

    assert choose_strategy([btc, eth], alert) == btc
    with pytest.raises(SignalRejected, match=r"several strategies trade.* btc, slow") as several:
        choose_strategy([btc, eth, strategy(name="slow")], alert)
    with pytest.raises(SignalRejected, match=r"no strategy trades.* btc, eth"):
        choose_strategy([btc, eth], parse_alert(body(ticker="SOLUSD")))
    assert several.value.status == 422


@pytest.mark.parametrize("fields", [{}, {"order_action": "sell", "market_position": "flat"}])
def test_an_order_is_looked_at_at_once_and_its_price_is_not_urgent(fields):
    said = signal(body(**fields))
    order = SignalOrder(kind=OrderKind.LIMIT, side=Side.BUY, name="n-2", price=Decimal(100))
    own = OwnWords(order=order, keeps=("n-1",), holds=Decimal(2))
    beside = replace(said, keeps=("n-1",), holds=Decimal(2))

    assert with_own_words(said, replace(own, order=None)) == beside
    assert with_own_words(said, own) == replace(
        beside, order=order, urgent=False, due_at=RECEIVED_AT
    )
