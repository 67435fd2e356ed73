"""What is said about a message and kept of it, to the letter: lint, template, schema, redaction."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.domain.errors import (
    ExchangeUnavailable,
    OrderNotPlaced,
    OrderRejected,
    SignalRejected,
)
from chalicelib.domain.trading.alerts.alert import Alert
from chalicelib.domain.trading.alerts.lint import Finding, Kind, lint_alert
from chalicelib.domain.trading.alerts.placeholders import (
    NUMBERS,
    TEXTS,
    filled_in,
    is_known,
)
from chalicelib.domain.trading.alerts.redaction import (
    LONGEST_ALERT,
    excerpt_of,
    kept_alert,
    kept_body,
    redacted,
    without_token,
)
from chalicelib.domain.trading.alerts.schema import alert_schema
from chalicelib.domain.trading.alerts.template import alert_template, lint_notes, lint_template
from chalicelib.domain.trading.alerts.tokens import hash_token, opens
from chalicelib.domain.trading.signal import DesiredState
from chalicelib.domain.trading.strategy import Strategy
from tests.situations import NOON

SCHEMA = Path(__file__).parents[2] / "fixtures" / "alert_schema.json"
CLEAN = (
    '{"ticker": "{{ticker}}", "order_action": "{{strategy.order.action}}", "time": "{{timenow}}"}'
)


def findings(text: str) -> list[tuple[int, str, str]]:
    return [(f.line, f.problem, f.remedy) for f in lint_alert(text)]


def with_field(field: str) -> str:
    """The clean message with one more field on its third line."""
    return CLEAN.replace("{", "{\n\n" + field + ",", 1)


# --- lint -----------------------------------------------------------------------------------

COMPARE = "compare it with the message that `crypto-bot alert-template` prints"
QUOTES = "put the placeholder in quotes"


def test_a_clean_message_has_no_findings() -> None:
    assert findings(CLEAN) == findings(with_field('"x": "{{close}}"')) == []


def test_inside_an_alert_call_nothing_is_filled_in() -> None:
    remedy = (
        "join the value in Pine, such as str.tostring(close), or let the strategy's order fills "
        "send the message from the alert dialog"
    )
    said = "{{close}} is not filled in inside alert(); it arrives as it stands"
    assert findings('x\nalert ("{{close}}")') == [(2, said, remedy)]


@pytest.mark.parametrize(
    ("placeholder", "remedy"),
    [
        ("{{clse}}", "write {{close}}"),
        ("{{ Ticker }}", "write {{ticker}}"),
        ("{{strategy.order.prise}}", "write {{strategy.order.price}}"),
        ("{{qqqq}}", "write one of TradingView's placeholders"),
        ("{{qloxq}}", "write {{low}}"),
    ],
)
def test_an_unknown_placeholder_gets_the_nearest_one(placeholder: str, remedy: str) -> None:
    said = f"TradingView has no placeholder {placeholder}"
    assert findings(with_field(f'"x": "{placeholder}"')) == [(3, said, remedy)]
    assert findings("\n" + with_field(f'"x": "{placeholder}"')) == [(4, said, remedy)]


def test_a_bare_placeholder_is_found_on_its_line() -> None:
    text = with_field('"x": {{close}}')
    assert findings(f" \n{text}\n\n") == [
        (
            4,
            "where a number has no value (NaN) it would be refused: NaN is not JSON; write a "
            "number, or put quotes around the placeholder",
            QUOTES,
        ),
        (
            4,
            "where a number has no value (nothing) it would be refused: the body is not valid "
            "JSON: Expecting value at line 4, column 6",
            QUOTES,
        ),
        (
            4,
            "{{close}} is not in quotes; where it has no value the message is no JSON",
            'write "{{close}}"',
        ),
    ]
    assert findings(with_field('"x{{close}}": "{{close}}y"')) == []


def test_two_keys_that_have_no_value_are_one() -> None:
    found = findings(with_field('"{{close}}": 1, "{{volume}}": 2'))
    told = [
        (f"({word})", f"the key {key!r} appears") for word, key in (("NaN", "NaN"), ("nothing", ""))
    ]
    assert found == [
        (
            1,
            f"where a number has no value {word} it would be refused: {key} twice; give it once",
            QUOTES,
        )
        for word, key in told
    ]


def test_the_bars_opening_time_is_not_when_it_fired() -> None:
    assert findings(with_field('"x": "{{ time }}"')) == [
        (
            3,
            "{{time}} is the bar's opening time, hours old when the bar closes",
            "write {{timenow}}",
        )
    ]


CREDENTIAL = (
    "the message holds a credential, and TradingView advises against that",
    "leave it out and put the token into the webhook URL: /hook/STRATEGY/TOKEN",
)


@pytest.mark.parametrize(
    ("field", "is_one"),
    [
        ('"secret": "abc"', True),
        ('"my_token_2": "abc"', True),
        ('"API_KEY": "abc"', True),
        ('"x": "secretive"', False),
        (f'"x": "{"a" * 39}1"', True),
        (f'"x": "{"1" * 39}a"', True),
        (f'"x": "{"a" * 38}1"', False),
        (f'"x": "{"a" * 40}"', False),
        (f'"x": "{"1" * 40}"', False),
        ('"secret": "abc", "token": "abc"', True),
    ],
)
def test_a_credential_is_found_once_a_line(field: str, *, is_one: bool) -> None:
    assert findings(with_field(field)) == ([(3, *CREDENTIAL)] if is_one else [])


def test_a_message_beyond_what_is_read() -> None:
    padding = " " * (16384 - len(CLEAN))
    assert findings(CLEAN + padding) == []
    assert findings(CLEAN + padding + " ") == [
        (1, "the message has 16385 bytes", "shorten it to 16384 bytes")
    ]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "the body is empty; it must be the alert message, a JSON object"),
        (CLEAN.replace("}}}", "}},}").replace('}"', '}",\n', 1)[:-1], 2, None),
        (
            with_field('"order_price": "about {{close}}"'),
            3,
            "order_price is 'about 67656.77'; it must be a number such as 67656.77, without "
            "separators or units",
        ),
        (
            CLEAN.replace('"order_action": "{{strategy.order.action}}", ', ""),
            1,
            "market_position is missing; it must be long, flat or short, or give order_action: "
            "buy, sell, exit or close",
        ),
        (
            with_field('"market_position": "up"'),
            3,
            "market_position is 'up'; it must be one of long, flat, short",
        ),
    ],
)
def test_what_would_be_refused_is_told_on_its_line(
    text: str, line: int, problem: str | None
) -> None:
    found = findings(text)[0]
    assert (found[0], found[2]) == (line, COMPARE)
    start = "with typical values it would be refused: "
    assert found[1].startswith(start)
    assert problem is None or found[1] == start + problem


def test_a_message_that_nobody_can_take_apart_is_refused_as_a_whole() -> None:
    [(line, problem, remedy), *_] = findings("\n" + "[" * 8000 + "]" * 8000)
    assert (line, remedy) == (1, COMPARE)
    assert problem.endswith("the body is nested deeper than 8 levels; an alert is flat")


def test_a_message_should_say_when_it_fired() -> None:
    untimed = CLEAN.replace(', "time": "{{timenow}}"', "")
    assert findings("\n" + untimed) == [
        (
            1,
            "the message does not say when it fired, so a copy counts as a new signal",
            'add "time": "{{timenow}}"',
        )
    ]


@pytest.mark.parametrize("name", ["stop_loss", "take_profit"])
def test_a_protecting_price_is_worth_a_note(name: str) -> None:
    text = with_field(f'"{name}": "{{{{plot_0}}}}"')
    assert lint_alert(text) == [
        Finding(
            line=3,
            problem=f"the bot sells at {name} by itself, before any exit of the strategy",
            remedy="send a price that holds on the venue, not only on the chart",
            kind=Kind.NOTE,
        )
    ]
    assert lint_notes(text) == [
        f"line 3: the bot sells at {name} by itself, before any exit of the strategy; "
        "send a price that holds on the venue, not only on the chart"
    ]
    assert lint_template(text) == []
    translated = "symbol={{ticker}}\nside=buy\ntime={{timenow}}\nstop_loss=5"
    assert [f.line for f in lint_alert(translated)] == [1]


# --- placeholders ---------------------------------------------------------------------------


def test_every_placeholder_is_filled_in_with_something_typical() -> None:
    for name, value in (NUMBERS | TEXTS).items():
        assert is_known(name)
        assert filled_in(f"a{{{{ {name} }}}}b") == f"a{value}b"
    assert all(filled_in(f"{{{{{name}}}}}", "NaN") == "NaN" for name in NUMBERS)
    assert all(filled_in(f"{{{{{name}}}}}", "NaN") == value for name, value in TEXTS.items())


def test_a_plot_is_known_by_name_and_nothing_else_is() -> None:
    assert filled_in('{{plot("RSI")}} {{close}}') == "1.5 67656.77"
    assert filled_in('{{plot("RSI")}}', "") == ""
    assert filled_in("{{plot_20}} {{Close}}", "x") == "{{plot_20}} {{Close}}"


# --- the template ---------------------------------------------------------------------------


def test_the_template_is_our_message_for_people_to_paste() -> None:
    text = alert_template(Strategy(name="trend", instruments={}))
    assert text.startswith('{\n  "strategy": "trend",\n  "time": "{{timenow}}",\n  "ticker"')
    assert json.loads(text) == {
        "strategy": "trend",
        "time": "{{timenow}}",
        "ticker": "{{ticker}}",
        "exchange": "{{exchange}}",
        "interval": "{{interval}}",
        "order_action": "{{strategy.order.action}}",
        "order_contracts": "{{strategy.order.contracts}}",
        "order_price": "{{strategy.order.price}}",
        "order_id": "{{strategy.order.id}}",
        "order_comment": "{{strategy.order.comment}}",
        "market_position": "{{strategy.market_position}}",
        "market_position_size": "{{strategy.market_position_size}}",
        "prev_market_position": "{{strategy.prev_market_position}}",
        "prev_market_position_size": "{{strategy.prev_market_position_size}}",
    }


TREND = Strategy(name="trend", instruments={"ETHUSD": "ETH/USD", "BTCUSD": "BTC/USD"})


def test_the_template_is_tried_out_with_the_strategys_first_ticker() -> None:
    text = alert_template(TREND)
    assert lint_template(text, TREND) == lint_template(text) == []
    only = Strategy(name="trend", instruments={"SOLUSD": "SOL/USD"})
    assert lint_template(text, only) == []


@pytest.mark.parametrize(
    ("before", "after", "problems"),
    [
        ('"trend"', '"swing"', ["it names strategy swing, and not trend"]),
        (
            "{{ticker}}",
            "XRPUSD",
            [
                "with an entry: ticker is 'XRPUSD'; strategy trend trades BTCUSD, ETHUSD "
                "(the webhook would answer 422)",
                "with an exit: ticker is 'XRPUSD'; strategy trend trades BTCUSD, ETHUSD "
                "(the webhook would answer 422)",
                "with a reversal: ticker is 'XRPUSD'; strategy trend trades BTCUSD, ETHUSD "
                "(the webhook would answer 422)",
            ],
        ),
        (
            '"{{strategy.market_position}}"',
            '"long"',
            [
                "with an exit: market_position_size is 0; it must be above zero where "
                "market_position is long (the webhook would answer 422)",
                "with a reversal: it would mean long, not short",
            ],
        ),
        (
            '"{{strategy.market_position}}"',
            '"flat"',
            ["with an entry: it would mean flat, not long"],
        ),
        (
            '"{{strategy.prev_market_position_size}}"',
            '"{{strategy.prev_market_position_size}}x"',
            None,
        ),
    ],
)
def test_a_message_that_means_something_else_is_told(
    before: str, after: str, problems: list[str] | None
) -> None:
    found = lint_template(alert_template(TREND).replace(before, after), TREND)
    if problems is None:
        assert len(found) == 1
        assert found[0].startswith("line 15: with typical values it would be refused: ")
    else:
        assert found == problems


def test_a_size_that_is_none_before_an_entry_is_noticed_where_a_price_belongs() -> None:
    text = alert_template(TREND).replace(
        "{{strategy.order.price}}", "{{strategy.prev_market_position_size}}"
    )
    assert lint_template(text) == [
        "with an entry: order_price is '0'; it must be above zero (the webhook would answer 422)"
    ]


def test_without_a_strategy_any_name_and_ticker_will_do() -> None:
    other = alert_template(TREND).replace('"trend"', '"swing"').replace("{{ticker}}", "XRPUSD")
    assert lint_template(other) == []


def test_a_message_without_placeholders_says_one_thing_for_ever() -> None:
    fixed = '{"ticker": "ETHUSD", "order_action": "buy", "time": "2024-08-10T02:30:02Z"}'
    assert lint_template(fixed, TREND) == [
        "there is no placeholder in it: every alert would say the same, and only the first one in "
        "a second would count; use {{strategy.order.action}} and {{timenow}}",
        "with an exit: it would mean long, not flat",
        "with a reversal: it would mean long, not short",
    ]


def test_what_lint_finds_is_told_before_anything_is_tried_out() -> None:
    assert lint_template(with_field('"x": "{{qqqq}}"'), TREND) == [
        "line 3: TradingView has no placeholder {{qqqq}}; write one of TradingView's placeholders"
    ]


def test_values_beyond_what_is_typical_are_numbers() -> None:
    odd = CLEAN.replace('"time"', '"order_price": "{{plot_3}}e2", "time"')
    assert lint_template(odd, TREND) == []


# --- the schema -----------------------------------------------------------------------------


def test_the_published_schema_changes_only_on_purpose() -> None:
    assert alert_schema() == json.loads(SCHEMA.read_text("utf-8"))


# --- what may be kept -----------------------------------------------------------------------


def test_a_token_and_the_values_of_credential_keys_are_blanked() -> None:
    assert redacted("a tok b tok", "tok") == "a [blanked] b [blanked]"
    assert redacted("a b", "") == "a b"
    assert redacted('{"secret": "x\\"y", "a": 1}', "") == '{"secret": "[blanked]", "a": 1}'
    assert redacted("api_key=abc;b=1", "") == "api_key=[blanked];b=1"
    assert redacted('secret="x y" b', "") == "secret=[blanked] b"
    assert redacted('"password": "cut o', "") == '"password": "[blanked]"'


ALERT = Alert(
    ticker="A-tok",
    state=DesiredState.LONG,
    side=None,
    fired_at=NOON,
    interval="tok",
    order_id="tok tok",
    comment="fine",
    strategy="tok",
)


def test_a_pasted_token_is_taken_out_of_the_texts_that_are_stored() -> None:
    assert without_token(ALERT, "tok") == replace(
        ALERT, ticker="A-[blanked]", interval="[blanked]", order_id="[blanked] [blanked]"
    )
    assert without_token(replace(ALERT, comment="tok"), "tok").comment == "[blanked]"
    assert without_token(ALERT, "") is ALERT
    assert without_token(ALERT, "other") is ALERT


def test_a_body_is_kept_for_another_reading_only_where_it_can_be_read() -> None:
    raw = b'\xef\xbb\xbf{"ticker": "A", "secret": "x", "id": "tok"}'
    assert kept_body(raw, "tok") == ('{"ticker": "A", "secret": "[blanked]", "id": "[blanked]"}')
    assert kept_body(b'{"ticker": ', "tok") == ""
    assert kept_body(b"\xff", "") == ""


@pytest.mark.parametrize(
    "raw",
    [
        '{"ticker": "A", "secret": {"value": "x1"}}',
        '{"ticker": "A", "secret": ["x1", "x2"]}',
        '{"ticker": "A", "password": [["[blanked]", "x1"]]}',
        '{"ticker": "A", "se\\u0063ret": "x1"}',
        '{"ticker": "A", "deep": {"Api\\u004bey": "x1"}}',
        '{"ticker": "A", "comment": "t\\u006fk"}',
        '{"ticker": "A", "t\\u006fk": "x"}',
        '{"ticker": "A", "tags": ["x", ["t\\u006fk"]]}',
        "ticker=A\npassword=x1 and more",
    ],
)
def test_a_body_whose_credentials_cannot_be_taken_out_is_not_kept(raw: str) -> None:
    assert kept_body(raw.encode(), "tok") == ""


def test_a_credential_that_was_taken_out_keeps_its_place() -> None:
    raw = b'{"ticker":"A", "n": {"token" : "x\\"1", "api_key":7}, "secret": null, "size": 1.50}'
    assert kept_body(raw, "") == (
        '{"ticker":"A", "n": {"token" : "[blanked]", "api_key":"[blanked]"}, '
        '"secret": "[blanked]", "size": 1.50}'
    )


@pytest.mark.parametrize(
    "raw", ['{"ticker": "A", "tags": ["x", ["y"]]}', "secret=;ticker=A", '{"se\\u0063ret": ""}']
)
def test_a_body_without_a_credential_is_kept_as_it_came(raw: str) -> None:
    assert kept_body(raw.encode(), "tok") == raw


@pytest.mark.parametrize("indent", ["", " "])  # so that one of the two is cut within a letter
def test_of_a_long_alert_its_beginning_is_kept(indent: str) -> None:
    raw = indent + '{"ticker": "A", "comment": "' + "é" * 3000 + '"}'
    kept = kept_alert(raw.encode(), "")
    beginning, told = kept.split(" [cut: ")
    assert raw.startswith(beginning)
    assert len(beginning.encode()) in {LONGEST_ALERT - 1, LONGEST_ALERT}
    assert told == f"{len(raw.encode())} bytes]"


def test_a_short_alert_is_kept_whole_without_credentials() -> None:
    assert kept_alert(b'{"ticker": "A", "id": "tok"}', "tok") == (
        '{"ticker": "A", "id": "[blanked]"}'
    )
    assert kept_alert(b'{"ticker": ', "") == ""
    longest = '{"ticker": "A"}'.ljust(LONGEST_ALERT)
    assert kept_alert(longest.encode(), "") == longest
    assert kept_alert(f"{longest} ".encode(), "") == f"{longest} [cut: {LONGEST_ALERT + 1} bytes]"


def test_an_excerpt_is_one_short_printable_line_without_what_may_be_a_credential() -> None:
    assert excerpt_of(b"a\nb\xfftok", "tok") == "a b\ufffd[blanked]"
    assert excerpt_of(b"x" * 600, "") == "x" * 512
    word = b"prev_market_position_size " + b"a" * 19 + b"1 " + b"a" * 18 + b"1"
    assert excerpt_of(word, "") == f"prev_market_position_size [blanked] {'a' * 18}1"
    cut = b" " * 16380 + b"secret=abc"
    assert excerpt_of(cut, "") == " " * 512


# --- tokens and errors ----------------------------------------------------------------------


def test_a_hash_is_compared_whatever_is_in_it() -> None:
    assert not opens("\ud800", [hash_token("x")])
    assert opens(hash_token("x"), [hash_token("y"), hash_token("x")])
    assert hash_token("x") == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


def test_errors_carry_what_the_caller_acts_on() -> None:
    at = NOON + timedelta(minutes=1)
    rejected = OrderRejected("CODE", "no funds")
    assert (str(rejected), rejected.code) == ("no funds", "CODE")
    for kind in (OrderNotPlaced, ExchangeUnavailable):
        error = kind("later", retry_at=at)
        assert (str(error), error.retry_at, kind("now").retry_at) == ("later", at, None)
    refused = SignalRejected(400, "no", field="ticker")
    assert (str(refused), refused.status, refused.field) == ("no", 400, "ticker")
    assert SignalRejected(400, "no").field == ""
