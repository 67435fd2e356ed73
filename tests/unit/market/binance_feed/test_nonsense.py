"""Malformed and absurd messages, and markets that there are not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.stream_plan import StreamPlan
from tests.market.binance_frames import framed
from tests.market.feed_reader import Reader


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "rubbish",
        "[]",
        '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade"}}',
        '{"stream":"btcusdt@aggTrade","data":null}',
        '{"stream":"btcusdt@aggTrade","data":{"a":1}',
        '{"stream":"btcusdt@kline_1m","data":{"e":"kline","s":"BTCUSDT","k":{"x":true}}}',
        '{"error":{"code":2,"msg":"Invalid request"}}',
        "[" * 3000,
    ],
)
def test_malformed_frames_are_handed_over_as_such_and_change_nothing(
    reader: Reader, nonsense: str
) -> None:
    reader.venue.trade(2)
    reader.venue.send(nonsense)
    reader.venue.trade(2)
    reader.read_all()
    assert reader.malformed == [nonsense.encode()]


@pytest.mark.parametrize(
    "wrong",
    [{"p": "NaN"}, {"p": "-1"}, {"q": 1.5}, {"T": 5}, {"s": "ETHUSDT"}, {"e": "trade"}, {"m": 1}],
)
def test_a_trade_that_came_malformed_is_asked_for_again(
    reader: Reader, wrong: dict[str, Any]
) -> None:
    reader.venue.trade(2)
    (fact,) = reader.venue.trade(1, told=False)
    reader.venue.tell(fact | wrong)
    reader.venue.trade(2)
    reader.read_all()
    assert reader.malformed == [framed(fact | wrong).encode()]
    assert reader.venue.asked_from() == [1002]


def test_a_row_that_is_malformed_for_rest_too_is_handed_over_and_passed(reader: Reader) -> None:
    reader.venue.trade(2)
    reader.venue.trade(1, told=False, p="0")
    reader.venue.trade(1, told=False)
    reader.venue.trade(2)
    reader.poll_until(lambda: len(reader.trades) == 5)
    assert reader.ids == [1000, 1001, 1003, 1004, 1005]
    (kept,) = reader.malformed
    assert json.loads(kept)["p"] == "0"


def test_an_absurd_price_goes_on_for_the_summaries_to_judge(reader: Reader) -> None:
    reader.venue.trade(1)
    reader.venue.trade(1, p="99999999.0")
    reader.venue.trade(1)
    reader.read_all()


def test_an_absurd_number_is_left_out_and_said(
    reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    (fact,) = reader.venue.trade(1)
    reader.venue.tell(fact | {"a": 10**15})
    reader.venue.trade(2)
    reader.read_all()
    assert "its number cannot be true" in caplog.text
    assert reader.venue.asked_from() == []


def test_a_frame_too_large_for_any_message_ends_the_connection_and_nothing_is_lost(
    reader: Reader,
) -> None:
    reader.venue.trade(1)
    reader.venue.send("x" * 300_000)
    reader.poll_until(lambda: len(reader.venue.connections) == 2)
    reader.connect()
    reader.venue.trade(1)
    reader.read_all()


def test_a_venue_that_counts_anew_is_followed(reader: Reader) -> None:
    reader.venue.trade(3)
    reader.read_all()
    last = reader.venue.trades[-1]
    again = [
        last | {"a": number, "f": number, "l": number, "T": last["T"] + 100_000 + number}
        for number in range(3)
    ]
    for fact in again:
        reader.venue.tell(fact)
    reader.poll_until(lambda: len(reader.trades) == 6)
    assert reader.ids == [1000, 1001, 1002, 0, 1, 2]


def test_an_unknown_market_is_refused_with_its_name(make_reader: Callable[..., Reader]) -> None:
    reader = make_reader(plan=StreamPlan(markets=("NO/SUCH",)))
    with pytest.raises(SettingsError, match="knows no symbol NOSUCH; it must be as the venue"):
        reader.poll()


def test_single_trades_are_refused_where_past_ones_are_not_given(
    make_reader: Callable[..., Reader],
) -> None:
    reader = make_reader(plan=StreamPlan(markets=("BTC/USDT",), trades="trade"))
    with pytest.raises(SettingsError, match="so that gaps could not be closed; stream aggTrades"):
        reader.poll()
