"""What a message is refused with, to the letter: the status, the field and the sentence."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.address import choose_strategy, named_by, symbol_of
from chalicelib.domain.trading.alerts.alert import Alert, alert_from
from chalicelib.domain.trading.alerts.body import (
    malformed,
    meaningless,
    quoted,
    read_body,
    read_text,
)
from chalicelib.domain.trading.alerts.signal_from import is_urgent, signal_from
from chalicelib.domain.trading.alerts.values import (
    flag_of,
    instant_of,
    is_missing,
    number_of,
    signed_number_of,
    text_of,
    word_of,
)
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal, Size, SizeUnit
from chalicelib.domain.trading.strategy import Strategy
from tests.situations import NOON

LONG, FLAT, SHORT = DesiredState.LONG, DesiredState.FLAT, DesiredState.SHORT


def refused(function: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str, str]:
    with pytest.raises(SignalRejected) as caught:
        function(*arguments, **named)
    return caught.value.status, caught.value.field, str(caught.value)


# --- one field ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nothing", [None, "", "  ", "NaN", "na", "N/A", "null", "{{plot_0}}", " {{ a.b }} "]
)
def test_the_ways_to_say_nothing(nothing: object) -> None:
    assert is_missing(nothing)
    fields = {"x": nothing}
    assert (text_of(fields, "x"), number_of(fields, "x")) == ("", None)
    assert (signed_number_of(fields, "x"), instant_of(fields, "x")) == (None, None)
    assert (word_of(fields, "x", {"a": 1}), flag_of(fields, "x")) == (None, False)


@pytest.mark.parametrize(
    "something", ["zero", "{{a}} b", "{{{a}}}", "nanny", 0, False, [], Decimal(0)]
)
def test_what_is_not_nothing(something: object) -> None:
    assert not is_missing(something)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" a b ", "a b"),
        ("A\u030a", "\u00c5"),
        (Decimal("60.0"), "60"),
        (Decimal("1E+64"), "1" + "0" * 64),
        (Decimal("1E-5"), "0.00001"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_text_is_stripped_and_composed_and_a_number_is_plain(value: object, text: str) -> None:
    limit = 65 if len(text) == 65 else 64
    assert text_of({"x": value}, "x", limit) == text


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (True, "x is true; it must be text"),
        (False, "x is false; it must be text"),
        ({}, "x is an object; it must be text"),
        ([], "x is a list; it must be text"),
        (5, "x is no text; it must be text"),
        ("y" * 65, "x has 65 characters; at most 64 are taken"),
        (Decimal("1E+64"), "x has 65 characters; at most 64 are taken"),
        ("a\nb", "x is 'a\\nb'; it must be printable text"),
    ],
)
def test_what_is_no_text_is_said_to_be_what_it_is(value: object, sentence: str) -> None:
    assert refused(text_of, {"x": value}, "x") == (400, "x", sentence)


def test_a_number_too_long_to_write_out_keeps_its_exponent() -> None:
    assert text_of({"x": Decimal("1E+65")}, "x") == "1E+65"
    assert text_of({"x": Decimal("1E-65")}, "x") == "1E-65"
    assert text_of({"x": Decimal("1E+6")}, "x", 5) == "1E+6"


@pytest.mark.parametrize(
    ("value", "number"),
    [("+1.50", "1.5"), ("1e3", "1000"), ("1.", "1"), (Decimal("2.5"), "2.5"), ("1e12", "1E+12")],
)
def test_a_number_as_text_or_as_number(value: object, number: str) -> None:
    assert number_of({"x": value}, "x") == Decimal(number)
    assert signed_number_of({"x": "-1e-18"}, "x") == Decimal("-1E-18")


@pytest.mark.parametrize(
    ("value", "status", "sentence"),
    [
        ("0", 422, "x is '0'; it must be above zero"),
        ("-1", 422, "x is '-1'; it must be above zero"),
        ("inf", 422, "x is 'inf'; it must be a finite number"),
        (" -Infinity ", 422, "x is '-Infinity'; it must be a finite number"),
        ("1e-19", 422, "x is '1e-19'; it must be between 1e-18 and 1e+12"),
        ("-1.1e12", 422, "x is '-1.1e12'; it must be between 1e-18 and 1e+12"),
        (
            "1,5",
            400,
            "x is '1,5'; it must be a number such as 67656.77, without separators or units",
        ),
        ("0." + "1" * 39, 422, f"x is {'0.' + '1' * 39!r}; it may have at most 38 digits"),
        (True, 400, "x is true; it must be a number such as 67656.77"),
        ([], 400, "x is a list; it must be a number such as 67656.77"),
    ],
)
def test_what_is_no_number_above_zero(value: object, status: int, sentence: str) -> None:
    assert refused(number_of, {"x": value}, "x") == (status, "x", sentence)


def test_zero_counts_where_it_means_something() -> None:
    assert number_of({"x": "-0.00"}, "x", zero=True) == 0
    assert str(signed_number_of({"x": "-0.00"}, "x")) == "0"
    assert number_of({"x": "0." + "1" * 38}, "x") == Decimal("0." + "1" * 38)
    assert refused(number_of, {"x": "-1"}, "x", zero=True) == (
        422,
        "x",
        "x is '-1'; it must be zero or more",
    )


def test_a_word_is_one_of_those_that_mean_something() -> None:
    meanings = {"buy": 1, "sell": 2}
    assert word_of({"x": " Sell"}, "x", meanings) == 2
    assert refused(word_of, {"x": "sold"}, "x", meanings) == (
        400,
        "x",
        "x is 'sold'; it must be one of buy, sell",
    )


@pytest.mark.parametrize(
    ("value", "flag"), [(True, True), (False, False), ("TRUE", True), ("false", False)]
)
def test_a_flag_is_a_word_or_a_value(value: object, *, flag: bool) -> None:
    assert flag_of({"x": value}, "x") is flag
    assert refused(flag_of, {"x": "yes"}, "x") == (
        400,
        "x",
        "x is 'yes'; it must be one of true, false",
    )


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-08-10T02:30:02Z", datetime(2024, 8, 10, 2, 30, 2, tzinfo=UTC)),
        ("2024-08-10 04:30+02:00", datetime(2024, 8, 10, 2, 30, tzinfo=UTC)),
        ("1723257002", datetime(2024, 8, 10, 2, 30, 2, tzinfo=UTC)),
        ("1723257002123", datetime(2024, 8, 10, 2, 30, 2, 123_000, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_an_instant_in_utc(text: str, instant: datetime) -> None:
    assert instant_of({"x": text}, "x") == instant
    assert instant_of({"x": text}, "x").tzinfo is UTC  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "status", "right"),
    [
        *(
            (
                text,
                400,
                "a UTC time such as 2024-08-10T02:30:02Z ({{timenow}} in TradingView)",
            )
            for text in (
                "2024-08-10T02:30:02",
                "2024-13-10T02:30:02Z",
                "17232570021",
                "0001-01-01T00:00:00+14:00",
            )
        ),
        ("1999-12-31T23:59:59Z", 422, "when the alert fired, not before 2000"),
    ],
)
def test_what_is_no_time(text: str, status: int, right: str) -> None:
    assert refused(instant_of, {"x": text}, "x") == (
        status,
        "x",
        f"x is {text!r}; it must be {right}",
    )


# --- the body -------------------------------------------------------------------------------


def test_a_value_is_shown_escaped_and_cut_after_sixty_letters() -> None:
    assert quoted("a\nb") == "'a\\nb'"
    assert quoted(Decimal("1.50")) == "'1.50'"
    assert quoted("x" * 60) == repr("x" * 60)
    assert quoted("x" * 61) == repr("x" * 60) + "..."


def test_a_refusal_without_a_field_names_none() -> None:
    assert (malformed("no").field, malformed("no").status) == ("", 400)
    assert (meaningless("no").field, meaningless("no").status) == ("", 422)


@pytest.mark.parametrize(
    ("raw", "status", "sentence"),
    [
        (b" " * 16385, 413, "the body has 16385 bytes; at most 16384 are read"),
        (b" \n", 400, "the body is empty; it must be the alert message, a JSON object"),
        (b"ab\xff", 400, "the body is not UTF-8 text: byte 2 cannot be read"),
        (b'{"a":\n x}', 400, "the body is not valid JSON: Expecting value at line 2, column 2"),
        (b"[1]", 400, 'the body is a JSON list; it must be an object such as {"ticker": ...}'),
        (
            b"12",
            400,
            'the body is a JSON single value; it must be an object such as {"ticker": ...}',
        ),
        (b'{"b": 1, "a": 1, "a": 2}', 400, "the key 'a' appears twice; give it once"),
        (b"a=1\nb=2\na=3", 400, "the key 'a' appears twice; give it once"),
        (
            b'{"a": NaN}',
            400,
            "NaN is not JSON; write a number, or put quotes around the placeholder",
        ),
        (b'{"a": 1e309}', 400, "'1e309' is beyond what a JSON number can hold"),
        (b'{"a": 1e-309}', 400, "'1e-309' is beyond what a JSON number can hold"),
        (
            b'{"a": 1e9999999999999999999}',
            400,
            "'1e9999999999999999999' is beyond what a JSON number can hold",
        ),
        (b'{"a": ' + b"1" * 39 + b"}", 400, f"'{'1' * 39}' has more than 38 digits"),
        (
            b'{"a": "\\ud800"}',
            400,
            "the body holds a lone surrogate (\\ud800 to \\udfff), which is no text",
        ),
        (
            b'{"a":' * 9 + b"1" + b"}" * 9,
            400,
            "the body is nested deeper than 8 levels; an alert is flat",
        ),
        (
            b'{"a":' * 8 + b"[1]" + b"}" * 8,
            400,
            "the body is nested deeper than 8 levels; an alert is flat",
        ),
        (
            b"[" * 8000 + b"]" * 8000,
            400,
            "the body is nested deeper than 8 levels; an alert is flat",
        ),
    ],
)
def test_a_body_that_is_no_message(raw: bytes, status: int, sentence: str) -> None:
    assert refused(read_body, raw) == (status, "", sentence)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b'\xef\xbb\xbf{"a": 1.50}', {"a": Decimal("1.50")}),
        (
            b'{"a": 1e308, "b": 0e999, "c": -1e-308}',
            {"a": Decimal("1E+308"), "b": Decimal("0E+999"), "c": Decimal("-1E-308")},
        ),
        (b'{"a": ' + b"1" * 38 + b"}", {"a": Decimal("1" * 38)}),
        (b'{"a":' * 8 + b"1" + b"}" * 8, None),
        (b" a = 1 ;; b=x=y\r\n\r\nc=", {"a": "1", "b": "x=y", "c": ""}),
        (b"a=1; ;b=2", {"a": "1", "b": "2"}),
        ('{"a": "\\ue000\\ud7ff\u00e4"}'.encode(), {"a": "\ue000\ud7ff\u00e4"}),
        (b" " * 16376 + b'{"a": 1}', {"a": Decimal(1)}),
    ],
)
def test_a_body_that_is_read(raw: bytes, fields: dict[str, object] | None) -> None:
    read = read_body(raw)
    assert fields is None or read == fields


def test_a_text_at_hand_may_be_longer_and_a_line_that_is_none_makes_it_json() -> None:
    assert read_text("a=" + "1" * 20000) == {"a": "1" * 20000}
    assert refused(read_text, "a=1\n2=b")[2].startswith("the body is not valid JSON")
    assert refused(read_text, f"{'a' * 65}=1")[2].startswith("the body is not valid JSON")
    assert read_text(f"{'a' * 64}=1") == {"a" * 64: "1"}


# --- the fields together --------------------------------------------------------------------


def message(**fields: Any) -> dict[str, object]:
    return {"ticker": "A", "order_action": "buy", **fields}


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        (
            {"ticker": "", "order_action": "buy"},
            (400, "ticker", "ticker is missing; it must be the symbol, such as BTCUSDT"),
        ),
        (
            {"ticker": "A"},
            (
                400,
                "market_position",
                "market_position is missing; it must be long, flat or short, or give "
                "order_action: buy, sell, exit or close",
            ),
        ),
        (
            message(size="100.1", size_unit="percent"),
            (422, "size", "size is 100.1 percent of the equity; at most 100 is there"),
        ),
        (
            message(market_position="short", market_position_size="0"),
            (
                422,
                "market_position_size",
                "market_position_size is 0; it must be above zero where market_position is short",
            ),
        ),
        (
            message(position_size="0"),
            (
                422,
                "market_position_size",
                "market_position_size is 0; it must be above zero where market_position is long",
            ),
        ),
    ],
)
def test_what_the_fields_cannot_mean_together(
    fields: dict[str, object], refusal: tuple[int, str, str]
) -> None:
    assert refused(alert_from, fields) == refusal


def test_long_texts_are_taken_where_they_may_be_long() -> None:
    for name in ("secret", "id", "order_id", "order_comment"):
        alert_from(message(**{name: "x" * 256}))
        assert refused(alert_from, message(**{name: "x" * 257}))[1] == name
    for name in ("strategy", "exchange", "interval"):
        alert_from(message(**{name: "x" * 64}))
        assert refused(alert_from, message(**{name: "x" * 65}))[1] == name


def test_every_field_of_the_message_is_in_the_alert() -> None:
    fields = message(
        market_position="long",
        prev_market_position="long",
        market_position_size="3",
        prev_market_position_size="2",
        time="1723257002",
        strategy="s",
        secret="x",
        id="i",
        exchange="E",
        interval="60",
        order_id="o",
        order_comment="c",
        order_price="10",
        stop_loss="9",
        take_profit="11",
        test="true",
    )
    assert alert_from(fields) == Alert(
        ticker="A",
        state=LONG,
        side=Side.BUY,
        fired_at=datetime(2024, 8, 10, 2, 30, 2, tzinfo=UTC),
        strategy="s",
        secret="x",
        id="i",
        exchange="E",
        interval="60",
        order_id="o",
        comment="c",
        previous_state=LONG,
        size=Size(amount=Decimal(3), unit=SizeUnit.QUANTITY),
        size_ratio=Decimal("1.5"),
        price=Decimal(10),
        stop_loss=Decimal(9),
        take_profit=Decimal(11),
        test=True,
    )


@pytest.mark.parametrize(
    ("fields", "ratio"),
    [
        ({"prev_market_position": "long", "prev_market_position_size": "2"}, "0.5"),
        ({"prev_market_position": "flat", "prev_market_position_size": "2"}, None),
        ({"prev_market_position": "long", "prev_market_position_size": "0"}, None),
        ({"prev_market_position": "long", "prev_market_position_size": "1"}, None),
        ({"prev_market_position": "long"}, None),
        ({"size_ratio": "0.3"}, "0.3"),
        ({"size_ratio": "0.3", "market_position": "flat"}, None),
    ],
)
def test_a_ratio_where_the_side_stays(fields: dict[str, str], ratio: str | None) -> None:
    given = {"market_position": "long", "market_position_size": "1", **fields}
    found = alert_from(message(**given)).size_ratio
    assert found == (None if ratio is None else Decimal(ratio))


QUANTITY, NOTIONAL = SizeUnit.QUANTITY, SizeUnit.NOTIONAL


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, None),
        ({"size": "5"}, ("5", QUANTITY)),
        ({"size": "5", "size_unit": "notional"}, ("5", NOTIONAL)),
        ({"size": "100", "size_unit": "percent"}, ("100", SizeUnit.PERCENT)),
        ({"order_contracts": "4"}, ("4", QUANTITY)),
        ({"order_contracts": "0"}, None),
        ({"order_contracts": "4", "size": "5"}, ("5", QUANTITY)),
        ({"order_contracts": "4", "prev_market_position": "flat"}, ("4", QUANTITY)),
        ({"order_contracts": "4", "prev_market_position": "long"}, None),
        ({"order_contracts": "4", "prev_market_position": "short"}, None),
        ({"size": "5", "prev_market_position": "long"}, None),
        ({"size": "5", "position_size": "-3"}, ("3", QUANTITY)),
        ({"size": "5", "size_unit": "notional", "position_size": "3"}, ("5", NOTIONAL)),
        (
            {
                "size": "5",
                "size_unit": "notional",
                "position_size": "3",
                "prev_market_position": "long",
            },
            ("3", QUANTITY),
        ),
        ({"market_position_size": "2", "position_size": "3"}, ("2", QUANTITY)),
        ({"order_action": "sell", "size": "5", "position_size": "0"}, None),
    ],
)
def test_what_to_hold_in_all(fields: dict[str, str], size: tuple[str, SizeUnit] | None) -> None:
    expected = None if size is None else Size(amount=Decimal(size[0]), unit=size[1])
    assert alert_from(message(**fields)).size == expected


@pytest.mark.parametrize(
    ("action", "side"),
    [("buy", Side.BUY), ("sell", Side.SELL), ("exit", Side.SELL), ("close", Side.SELL)],
)
def test_the_order_behind_an_action(action: str, side: Side) -> None:
    assert alert_from(message(order_action=action)).side is side
    assert alert_from({"ticker": "A", "market_position": "long"}).side is None


# --- whose it is ----------------------------------------------------------------------------


def alert(ticker: str = "BTCUSDT", **changes: Any) -> Alert:
    usual: dict[str, Any] = {"state": LONG, "side": None, "fired_at": NOON}
    return Alert(ticker=ticker, **{**usual, **changes})


def trading(name: str = "s", **instruments: str) -> Strategy:
    return Strategy(
        name=name, instruments={k.replace("__", ":"): v for k, v in instruments.items()}
    )


@pytest.mark.parametrize(
    ("ticker", "exchange"),
    [
        ("BTCUSDT", "BINANCE"),
        ("BTCUSDT", "binance_dly"),
        ("BTCUSDT", "BINANCE_DL"),
        ("BINANCE:BTCUSDT", ""),
        ("BINANCE_DLY:BTCUSDT", "KRAKEN"),
        ("btcusdt", ""),
        ("BTC/USDT", "ANY"),
    ],
)
def test_an_entry_with_an_exchange_is_found(ticker: str, exchange: str) -> None:
    strategy = trading(BINANCE__BTCUSDT="BTC/USDT", ETHUSDT="ETH/USDT")
    assert symbol_of(strategy, alert(ticker, exchange=exchange)) == "BTC/USDT"


def test_the_name_as_sent_goes_before_the_one_without_its_delay_and_that_before_the_bare() -> None:
    strategy = trading(X_DLY__A="one", X__A="two", A="three")
    for exchange, symbol in (("X_DLY", "one"), ("X_DL", "two"), ("X", "two"), ("Y", "three")):
        assert symbol_of(strategy, alert("A", exchange=exchange)) == symbol


def test_a_bare_ticker_may_mean_several_and_an_unknown_one_none() -> None:
    strategy = trading(X__A="one", Y__A="two", Z__A__B="three")
    assert refused(symbol_of, strategy, alert("a")) == (
        422,
        "ticker",
        "ticker 'a' may be one, two; send exchange as well, or EXCHANGE:TICKER",
    )
    assert symbol_of(trading(X__A__B="three"), alert("b")) == "three"
    known = "X:A, Y:A, Z:A:B"
    assert refused(symbol_of, strategy, alert("a", exchange="Q"))[2] == (
        f"ticker is 'a'; strategy s trades {known}"
    )
    assert refused(symbol_of, strategy, alert("Q.p")) == (
        422,
        "ticker",
        f"ticker is 'Q.p', a perpetual contract; strategy s trades {known}",
    )
    assert refused(symbol_of, trading(), alert("Q"))[2] == "ticker is 'Q'; strategy s trades none"


def test_of_many_instruments_ten_are_named() -> None:
    many = trading(**{f"T{n:02}": "x" for n in range(11)})
    assert refused(symbol_of, many, alert("Q"))[2].endswith(
        "trades " + ", ".join(f"T{n:02}" for n in range(10))
    )


def test_an_alert_names_its_strategy_or_leaves_it_open() -> None:
    one, two = trading("one"), trading("two")
    assert named_by(alert(), [one, two], None) == [one, two]
    assert named_by(alert(), [one], "one") == [one]
    assert named_by(alert(strategy="two"), [one, two], None) == [two]
    assert named_by(alert(strategy="two"), [one, two], "two") == [two]
    assert named_by(alert(strategy="x"), [one, two], None) == []
    assert refused(named_by, alert(strategy="two"), [one], "one") == (
        422,
        "strategy",
        "strategy is 'two', and the URL belongs to one; leave the field out or send to its own URL",
    )


def test_the_strategy_is_the_only_one_that_knows_the_ticker() -> None:
    one, two = trading("one", A="a"), trading("two", A="a", B="b")
    assert choose_strategy([one], alert("Q")) is one
    assert choose_strategy([one, two], alert("B")) is two
    assert refused(choose_strategy, [two, one], alert("A")) == (
        422,
        "strategy",
        "several strategies trade ticker 'A'; name one of one, two in the field strategy",
    )
    assert refused(choose_strategy, [one, two, trading("three")], alert("Q")) == (
        422,
        "strategy",
        "no strategy trades ticker 'Q'; name one of one, three, two in the field strategy",
    )


# --- the signal -----------------------------------------------------------------------------

RECEIVED = NOON + timedelta(seconds=7, microseconds=9)
STRATEGY = Strategy(name="s", instruments={"BTCUSDT": "BTC/USDT"}, sibling_wait=15)


def signal(given: Alert, strategy: Strategy = STRATEGY) -> Signal:
    return signal_from(given, strategy, received_at=RECEIVED, body_digest="d")


def test_everything_of_the_alert_is_in_the_signal() -> None:
    given = alert(
        previous_state=FLAT,
        size_ratio=Decimal(2),
        size=Size(amount=Decimal(3), unit=QUANTITY),
        price=Decimal(4),
        stop_loss=Decimal(5),
        take_profit=Decimal(6),
        interval="60",
        order_id="o",
        comment="c",
        test=True,
    )
    found = signal(given)
    assert found == Signal(
        id=found.id,
        strategy="s",
        ticker="BTCUSDT",
        symbol="BTC/USDT",
        state=LONG,
        fired_at=NOON,
        received_at=RECEIVED,
        due_at=RECEIVED + timedelta(seconds=15),
        body_digest="d",
        test=True,
        previous_state=FLAT,
        size_ratio=Decimal(2),
        size=Size(amount=Decimal(3), unit=QUANTITY),
        price=Decimal(4),
        stop_loss=Decimal(5),
        take_profit=Decimal(6),
        interval="60",
        order_id="o",
        comment="c",
    )


def test_an_urgent_one_is_due_at_once_and_one_without_a_time_fired_when_it_came() -> None:
    found = signal(alert(state=FLAT, fired_at=None))
    assert (found.urgent, found.due_at, found.fired_at) == (True, RECEIVED, RECEIVED)


def test_two_minutes_ahead_are_the_most() -> None:
    zone = timezone(timedelta(hours=2))
    signal(alert(fired_at=RECEIVED + timedelta(seconds=120)))
    ahead = (RECEIVED + timedelta(seconds=121)).astimezone(zone)
    assert refused(signal, alert(fired_at=ahead)) == (
        422,
        "time",
        f"time is {ahead.isoformat()}, 121 s ahead of our clock; "
        "at most 120 s may lie between; send {{timenow}}",
    )


@pytest.mark.parametrize(
    ("changes", "urgent"),
    [
        ({}, False),
        ({"state": FLAT}, True),
        ({"state": FLAT, "side": Side.BUY}, False),
        ({"order_id": "stop"}, False),  # a buy never is
        ({"order_id": "stop", "side": Side.SELL}, True),
        ({"comment": " SL-2", "side": Side.SELL}, True),
        ({"comment": "sl2", "side": Side.SELL}, True),
        ({"comment": "slow", "side": Side.SELL}, False),
        ({"comment": "sla1", "side": Side.SELL}, False),
        ({"comment": "sl1a", "side": Side.SELL}, True),
        ({"comment": "sl-ow", "side": Side.SELL}, True),
        ({"comment": "non-stop trend", "side": Side.SELL}, False),
        ({"comment": "sl", "size_ratio": Decimal("0.5")}, True),
        ({"comment": "sl", "size_ratio": Decimal(1)}, False),
        ({"comment": "sl", "size_ratio": Decimal("1.5")}, False),
        ({"comment": "sl", "state": SHORT}, True),
        ({"comment": "x", "state": SHORT}, False),
    ],
)
def test_urgent_is_a_move_to_flat_or_an_order_named_after_a_stop(
    changes: dict[str, Any], *, urgent: bool
) -> None:
    assert is_urgent(alert(**changes), ("stop", "sl")) is urgent
    assert not is_urgent(alert(comment="x", side=Side.SELL), ("", " "))


def test_without_a_fire_time_the_minute_and_the_bytes_are_the_identity() -> None:
    def identity(at: datetime, digest: str = "d", **changes: Any) -> str:
        given = alert(fired_at=None, **changes)
        return signal_from(given, STRATEGY, received_at=at, body_digest=digest).id

    first = identity(NOON)
    assert identity(NOON + timedelta(seconds=59, microseconds=999)) == first
    assert identity(NOON + timedelta(minutes=1)) != first
    assert identity(NOON, "other") != first
    assert identity(NOON, order_id="o") != first
    assert identity(NOON, id="own") == identity(NOON + timedelta(days=1), "other", id="own")
    timed = alert(order_id="#d")
    assert signal_from(timed, STRATEGY, received_at=RECEIVED, body_digest="x").id == first
