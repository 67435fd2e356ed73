"""When TradingView would have told an order, and what it would have said."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.bots.candles import Candles, at_ms
from chalicelib.domain.replay.orders import ListedOrder
from chalicelib.domain.replay.telling import History, Teller, in_turn, tellings, unreached
from chalicelib.domain.trading.alerts.alert import parse_alert
from chalicelib.domain.trading.signal import DesiredState
from tests.unit.replay.lists import at

HOUR = timedelta(hours=1)
QUARTER = 900_000


def order(hour: float, price: str, before: str = "0", after: str = "1") -> ListedOrder:
    return ListedOrder(at(hour), "L", Decimal(price), Decimal(before), Decimal(after))


def quarters(*candles: tuple[float, float, float]) -> History:
    """(open, high, low) of each quarter from hour 0 on."""
    start = [at_ms(at(0)) + number * QUARTER for number in range(len(candles))]
    opens, highs, lows = (list(column) for column in zip(*candles, strict=True))
    return History(Candles(start, opens, highs, lows, opens, [1.0] * len(start)), QUARTER)


def teller(history: History | None = None, name: str = "a") -> Teller:
    return Teller(name, "BTCUSDT", "1h", HOUR, history)


def told(history: History | None, *orders: ListedOrder) -> list[float]:
    return [(each.at - at(0)) / HOUR for each in tellings(orders, teller(history))]


@pytest.mark.parametrize(
    ("price", "hour"),
    [
        ("100", 0),  # the open
        ("100.1", 0),  # so near to it that it may be another venue's
        ("99.9", 0),
        ("100.2", 0.25),  # in the first quarter
        ("98", 0.25),
        ("103", 0.5),  # in the second
        ("97", 0.75),
        ("105", 1),  # in the last of the chart's candle
        ("106", 1),  # nowhere in it: the prices are another market's, and by then it was filled
        ("95.9", 1),
    ],
)
def test_an_order_inside_the_candle_is_told_when_its_price_has_been_seen(price, hour) -> None:
    history = quarters(
        (100, 102, 98), (101, 104, 101), (103, 103, 96), (99, 105, 99), (106, 106, 1)
    )
    assert told(history, order(0, price)) == [hour]


def test_without_candles_of_that_time_it_is_told_when_the_charts_candle_has_closed() -> None:
    history = quarters((100, 102, 98))
    assert told(history, order(-1, "99")) == [0]
    assert told(history, order(0.25, "99")) == [1.25]
    assert told(history, order(0.24, "99")) == [0.25]
    assert told(None, order(0, "99")) == [0]


@pytest.mark.parametrize(
    ("price", "hour"),
    [
        ("103.5", 0.75),  # in the first candle after the gap
        ("103", 0.75),  # its open, but not the chart's
        ("86", 1),
        ("105", 1.25),  # it was filled in the gap
    ],
)
def test_after_a_gap_where_it_is_listed_the_candles_left_are_looked_through(price, hour) -> None:
    history = quarters((100, 102, 98), (105, 106, 104), (103, 104, 102), (90, 90, 85), (90, 91, 90))
    for column in history.candles:
        del column[1]
    assert told(history, order(0.25, price)) == [hour]


def test_of_candles_longer_than_the_charts_the_last_has_closed_too() -> None:
    history = quarters((100, 102, 98), (97, 97, 96))
    minutes = Teller("a", "BTCUSDT", "5m", timedelta(minutes=5), history)
    found = [
        (each.at - at(0)) / HOUR
        for price in ("99", "90")
        for each in tellings([order(0, price)], minutes)
    ]
    assert found == [0.25, 0.25]


def test_orders_are_counted_whose_price_no_candle_of_theirs_came_to() -> None:
    history = quarters((100, 102, 98), (101, 104, 101), (103, 103, 96), (99, 105, 99))
    orders = [
        order(-9, "1"),  # of that time there are no candles
        *(order(0, price) for price in ("100", "100.1", "96", "95.9", "105.1")),
    ]
    assert unreached(orders, teller(history)) == 2
    assert unreached(orders, teller()) == 0


def test_a_price_of_before_it_is_listed_is_not_waited_for() -> None:
    history = quarters((100, 102, 98), (103, 104, 103), (104, 105, 99))
    assert told(history, order(0.25, "99")) == [0.75]


def test_none_is_told_before_the_one_before_it() -> None:
    history = quarters((100, 102, 98), (100, 100, 100))
    orders = (order(0, "102"), order(0, "100", "1", "0"), order(0.25, "100", "0", "1"))
    assert told(history, *orders) == [0.25, 0.25, 0.25]


def test_an_alert_says_what_the_full_template_says() -> None:
    (each,) = tellings([order(1, "100.50", "2", "-0.5")], teller())
    assert (each.strategy, each.listed_at, each.at) == ("a", at(1), at(1))
    assert each.message == {
        "id": "a 1",
        "strategy": "a",
        "time": "2024-01-01T01:00:00Z",
        "ticker": "BTCUSDT",
        "interval": "1h",
        "order_action": "sell",
        "order_contracts": "2.5",
        "order_price": "100.5",
        "order_id": "L",
        "order_comment": "L",
        "market_position": "short",
        "market_position_size": "0.5",
        "prev_market_position": "long",
        "prev_market_position_size": "2",
    }


def test_a_purchase_from_nothing_says_so() -> None:
    (each,) = tellings([order(1, "100")], teller())
    assert [each.message[name] for name in ("order_action", "market_position")] == ["buy", "long"]
    assert each.message["prev_market_position"] == "flat"


def test_it_is_understood_as_the_webhook_understands_alerts() -> None:
    import json

    told = tellings(
        [order(0, "100", "0", "4"), order(1, "110", "4", "1"), order(2, "120", "1", "0")], teller()
    )
    alerts = [parse_alert(json.dumps(each.message).encode()) for each in told]
    assert [(a.state, a.size_ratio) for a in alerts] == [
        (DesiredState.LONG, None),
        (DesiredState.LONG, Decimal("0.25")),
        (DesiredState.FLAT, None),
    ]
    assert [each.id for each in alerts] == ["a 1", "a 2", "a 3"]
    assert (alerts[0].side, alerts[1].side) == ("buy", "sell")


def test_alerts_of_all_strategies_come_in_turn() -> None:
    one = tellings([order(0, "1"), order(2, "1", "1", "0")], teller(name="b"))
    two = tellings([order(0, "1"), order(0, "1", "1", "0"), order(1, "1")], teller(name="a"))
    found = [(each.message["id"], (each.at - at(0)) / HOUR) for each in in_turn([one, two])]
    assert found == [("a 1", 0), ("a 2", 0), ("b 1", 0), ("a 3", 1), ("b 2", 2)]
