"""What an alert says: fields, bounds, states, sizes, and a sentence for each thing wrong."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.alert import Alert, parse_alert
from chalicelib.domain.trading.alerts.body import read_body
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Size, SizeUnit
from tests.unit.trading.alerts import FIRED_AT, SEED, body, fixture


def rejection(raw: bytes) -> SignalRejected:
    with pytest.raises(SignalRejected) as caught:
        parse_alert(raw)
    return caught.value


def test_the_seeds_message_is_a_wish_to_be_long():
    assert parse_alert(fixture("seed.json")) == Alert(
        ticker="BTCUSD",
        state=DesiredState.LONG,
        side=Side.BUY,
        fired_at=FIRED_AT,
        price=Decimal("67656.77"),
        comment="long",
    )


def test_the_full_message_is_understood_field_by_field():
    assert parse_alert(fixture("full.json")) == Alert(
        ticker="BTCUSD",
        state=DesiredState.LONG,
        side=Side.BUY,
        fired_at=FIRED_AT,
        strategy="btc",
        exchange="BINANCE",
        interval="60",
        order_id="Long",
        comment="golden cross",
        previous_state=DesiredState.FLAT,
        size=Size(amount=Decimal("0.5"), unit=SizeUnit.QUANTITY),
        price=Decimal("67656.77"),
        stop_loss=Decimal(60000),
        take_profit=Decimal("80000.5"),
    )


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"order_action": "buy"}, DesiredState.LONG),
        ({"order_action": "sell"}, DesiredState.FLAT),
        ({"order_action": "exit"}, DesiredState.FLAT),
        ({"order_action": "CLOSE"}, DesiredState.FLAT),
        ({"order_action": "sell", "market_position": "short"}, DesiredState.SHORT),
        ({"order_action": "sell", "market_position": "long"}, DesiredState.LONG),
        ({"order_action": "buy", "market_position": "flat"}, DesiredState.FLAT),
        ({"market_position": "long"}, DesiredState.LONG),
        ({"order_action": "buy", "market_position": "{{strategy.market_position}}"}, "long"),
    ],
)
def test_the_market_position_decides_and_the_action_only_without_it(fields, state):
    assert parse_alert(body(**({"order_action": None} | fields))).state == state


@pytest.mark.parametrize(
    "nothing", [None, "", "  ", "NaN", "nan", "na", "N/A", "null", "{{close}}", "{{plot_0}}"]
)
@pytest.mark.parametrize("name", ["order_price", "stop_loss", "time", "order_id", "interval"])
def test_what_tradingview_leaves_empty_is_absent(name, nothing):
    absent = parse_alert(json.dumps({k: v for k, v in SEED.items() if k != name}).encode())

    assert parse_alert(body(**{name: nothing})) == absent


def test_a_required_field_that_was_never_filled_in_is_missing():
    assert rejection(body(ticker="{{ticker}}")).status == 400
    assert rejection(body(order_action="{{strategy.order.action}}")).status == 400


@pytest.mark.parametrize(
    ("raw", "status", "word"),
    [
        (b"", 400, "empty"),
        (b"   \n", 400, "empty"),
        (b"\xff\xfe{}", 400, "UTF-8"),
        (b"hello", 400, "line 1, column 1"),
        (b"[]", 400, "list"),
        (b'"text"', 400, "single value"),
        (b'{"ticker": "A",}', 400, "not valid JSON"),
        ("{\u201cticker\u201d: 1}".encode(), 400, "not valid JSON"),
        (b'{"ticker": "A", "ticker": "B"}', 400, "twice"),
        (b'{"a": {"b": 1, "b": 2}}', 400, "twice"),
        (b'{"ticker": "A", "x": NaN}', 400, "NaN"),
        (b'{"ticker": "A", "x": -Infinity}', 400, "Infinity"),
        (b'{"ticker": "A", "x": 1e999}', 400, "'1e999'"),
        (b'{"ticker": "A", "x": 1e-99999999999999999999}', 400, "JSON number"),
        (b'{"ticker": "A", "x": ' + b"9" * 5000 + b"}", 400, "JSON number"),
        (b'{"ticker": "A", "x": ' + b"9" * 39 + b"}", 400, "38 digits"),
        (b'{"ticker": "A", "x": "\\ud800"}', 400, "surrogate"),
        (b'{"ticker": "A", "\\udfff": 1}', 400, "surrogate"),
        (b"[" * 15000, 400, "nested deeper"),
        (b'{"x": ' + b"[" * 8 + b"]" * 8 + b"}", 400, "nested deeper"),
        (b"{" + b" " * 16384, 413, "16385 bytes"),
        (b"SYMBOL=BTCUSD\nSYMBOL=ETHUSD", 400, "twice"),
    ],
)
def test_a_body_that_is_no_message_is_refused_with_the_reason(raw, status, word):
    problem = rejection(raw)

    assert problem.status == status
    assert word in str(problem)


def test_eight_levels_and_sixteen_kilobytes_are_read():
    nested = b'{"x": ' + b"[" * 7 + b"]" * 7 + b"}"

    assert read_body(nested + b" " * (16384 - len(nested)))["x"] == [[[[[[[]]]]]]]


def test_byte_order_mark_and_windows_line_ends_do_not_matter():
    raw = b"\xef\xbb\xbf" + fixture("full.json").replace(b"\n", b"\r\n")

    assert parse_alert(raw) == parse_alert(fixture("full.json"))


@pytest.mark.parametrize(
    ("fields", "status", "field", "word"),
    [
        ({"ticker": None}, 400, "ticker", "missing"),
        ({"ticker": ["BTCUSD"]}, 400, "ticker", "a list"),
        ({"ticker": True}, 400, "ticker", "true"),
        ({"ticker": "B" * 65}, 400, "ticker", "65 characters"),
        ({"ticker": "BTC\u0000"}, 400, "ticker", "printable"),
        ({"order_comment": "a\u202eb"}, 400, "order_comment", "printable"),
        ({"order_action": None}, 400, "market_position", "missing"),
        ({"order_action": "hodl"}, 400, "order_action", "'hodl'"),
        ({"order_price": "67,656.77"}, 400, "order_price", "'67,656.77'"),
        ({"order_price": "1_000"}, 400, "order_price", "'1_000'"),
        ({"order_price": "\u0661"}, 400, "order_price", "a number such as"),
        ({"order_price": {"a": 1}}, 400, "order_price", "an object"),
        ({"order_price": False}, 400, "order_price", "false"),
        ({"order_price": "Infinity"}, 422, "order_price", "finite"),
        ({"order_price": "-5"}, 422, "order_price", "above zero"),
        ({"order_price": 0}, 422, "order_price", "above zero"),
        ({"order_price": "1e999"}, 422, "order_price", "between 1e-18 and 1e+12"),
        ({"order_price": "0.0000000000000000001"}, 422, "order_price", "between"),
        ({"order_price": "1000000000000.1"}, 422, "order_price", "between"),
        ({"order_price": "1." + "1" * 38}, 422, "order_price", "38 digits"),
        ({"order_contracts": -1}, 422, "order_contracts", "zero or more"),
        ({"market_position": "long", "market_position_size": 0}, 422, "market_position_size", "0"),
        ({"size": 101, "size_unit": "percent"}, 422, "size", "at most 100"),
        ({"time": "yesterday"}, 400, "time", "{{timenow}}"),
        ({"time": "2024-08-10T02:30:02"}, 400, "time", "{{timenow}}"),
        ({"time": "2024-13-10T02:30:02Z"}, 400, "time", "'2024-13-10T02:30:02Z'"),
        ({"time": "0001-01-01T00:00:00+14:00"}, 400, "time", "{{timenow}}"),
        ({"time": "1999-12-31T23:59:59Z"}, 422, "time", "2000"),
        ({"test": "perhaps"}, 400, "test", "true, false"),
    ],
)
def test_a_refusal_names_the_field_and_the_value(fields, status, field, word):
    problem = rejection(body(**fields))

    assert (problem.status, problem.field) == (status, field)
    assert word in str(problem)


@pytest.mark.parametrize("price", ["1e-18", "1e12", "0.000000000000000001", 1000000000000])
def test_the_bounds_themselves_are_taken(price):
    assert parse_alert(body(order_price=price)).price == Decimal(str(price))


def test_numbers_come_as_text_or_as_numbers_and_stay_exact():
    as_text = parse_alert(
        b'{"ticker":"A","order_action":"buy","order_price":"0.10000000000000001"}'
    )
    as_number = parse_alert(
        b'{"ticker":"A","order_action":"buy","order_price":0.10000000000000001}'
    )

    assert as_text.price == as_number.price == Decimal("0.10000000000000001")


@pytest.mark.parametrize(
    "time",
    [
        "2024-08-10T02:30:02Z",
        "2024-08-10 02:30:02Z",
        "2024-08-10T04:30:02+02:00",
        "2024-08-10T04:30:02+0200",
        "2024-08-10T02:30:02.000Z",
        1723257002,
        "1723257002000",
    ],
)
def test_a_fire_time_is_one_instant_however_it_is_written(time):
    fired_at = parse_alert(body(time=time)).fired_at

    assert fired_at == datetime(2024, 8, 10, 2, 30, 2, tzinfo=UTC)
    assert fired_at.tzinfo is UTC


def test_text_is_composed_so_that_one_name_has_one_spelling():
    assert parse_alert(body(order_id="Cafe\u0301")).order_id == "Caf\u00e9"


def test_unknown_fields_are_ignored():
    assert parse_alert(body(leverage=20, nested={"a": [1]})) == parse_alert(body())


@pytest.mark.parametrize(
    ("previous", "before", "position", "after", "ratio"),
    [
        ("long", "0.5", "long", "0.375", Decimal("0.75")),
        ("long", "0.5", "long", "1", Decimal(2)),
        ("long", "0.5", "long", "0.50", None),
        ("short", "1", "short", "0.5", Decimal("0.5")),
        ("short", "1", "long", "0.5", None),
        ("flat", "0", "long", "0.5", None),
        ("long", "NaN", "long", "0.5", None),
        ("long", "0.5", "flat", "0", None),
    ],
)
def test_partial_exits_and_additions_are_ratios_of_what_is_held(
    previous, before, position, after, ratio
):
    alert = parse_alert(
        body(
            prev_market_position=previous,
            prev_market_position_size=before,
            market_position=position,
            market_position_size=after,
        )
    )

    assert alert.size_ratio == ratio


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"market_position_size": "0.5", "order_contracts": "9"}, ("0.5", "quantity")),
        ({"position_size": "-0.5"}, ("0.5", "quantity")),
        ({"order_contracts": "0.3", "prev_market_position": "flat"}, ("0.3", "quantity")),
        ({"order_contracts": "0.3", "prev_market_position": "short"}, None),
        ({"order_contracts": "0.3", "prev_market_position": "long"}, None),
        ({"order_contracts": 0}, None),
        ({"size": "10", "size_unit": "percent"}, ("10", "percent")),
        ({"size": "10", "size_unit": "percent", "prev_market_position": "long"}, None),
        ({"size": "250", "size_unit": "notional", "market_position_size": 1}, ("250", "notional")),
        ({"size": "2"}, ("2", "quantity")),
    ],
)
def test_the_size_is_what_to_hold_in_all(fields, size):
    alert = parse_alert(body(market_position="long", **fields))
    expected = size and Size(amount=Decimal(size[0]), unit=SizeUnit(size[1]))

    assert alert.size == expected


def test_a_move_to_flat_has_no_size():
    alert = parse_alert(body(market_position="flat", order_contracts="0.5", size="1"))

    assert alert.size is None
    assert alert.size_ratio is None


def test_the_secret_is_not_in_what_is_printed():
    assert "hush-hush" not in repr(parse_alert(body(secret="hush-hush")))
