"""The template is clean, and the linter finds what breaks messages in real life."""

import json

import pytest

from chalicelib.domain.trading.alerts.alert import parse_alert
from chalicelib.domain.trading.alerts.lint import Kind, lint_alert
from chalicelib.domain.trading.alerts.placeholders import filled_in
from chalicelib.domain.trading.alerts.schema import alert_schema
from chalicelib.domain.trading.alerts.template import alert_template, lint_notes, lint_template
from tests.unit.trading.alerts import strategy

SEEDS_TEMPLATE = """{"time": "{{timenow}}", "ticker": "{{ticker}}",
 "order_action": "{{strategy.order.action}}",
 "order_price": "{{strategy.order.price}}", "order_comment": "{{strategy.order.comment}}"}"""


def test_the_template_is_understood_and_clean():
    message = alert_template(strategy())
    alert = parse_alert(filled_in(message).encode())

    assert (alert.strategy, alert.state, alert.order_id) == ("btc", "long", "Long")
    assert lint_alert(message) == []
    assert lint_template(message, strategy()) == []
    assert set(json.loads(message)) <= set(alert_schema()["properties"])


def test_a_clean_text_is_tried_out_with_the_strategys_own_ticker():
    always_long = SEEDS_TEMPLATE.replace("{{strategy.order.action}}", "buy")
    elsewhere = SEEDS_TEMPLATE.replace("{{ticker}}", "DOGEUSD")

    assert lint_template(SEEDS_TEMPLATE, strategy()) == []
    assert any("it would mean long, not flat" in p for p in lint_template(always_long, strategy()))
    assert any("strategy btc trades BTCUSD" in p for p in lint_template(elsewhere, strategy()))
    assert lint_template(SEEDS_TEMPLATE.replace("{{timenow}}", "{{time}}"))[0].startswith("line 1:")


def test_the_seeds_template_is_clean():
    assert lint_alert(SEEDS_TEMPLATE) == []


@pytest.mark.parametrize(
    ("before", "after", "line", "problem", "remedy"),
    [
        ('"{{strategy.order.price}}"', "{{strategy.order.price}}", 3, "not in quotes", "write"),
        ('"{{strategy.order.price}}"', "{{close}}", 3, "no value (NaN)", "in quotes"),
        (
            "{{strategy.order.price}}",
            "{{strategy.order.prise}}",
            3,
            "no placeholder",
            "order.price",
        ),
        ("{{ticker}}", "{{Ticker}}", 1, "no placeholder {{Ticker}}", "{{ticker}}"),
        ("{{timenow}}", "{{time}}", 1, "opening time", "{{timenow}}"),
        ('"time": "{{timenow}}", ', "", 1, "does not say when it fired", "{{timenow}}"),
        ('"order_action"', '"order_acton"', 1, "market_position is missing", "alert-template"),
        ('"order_action"', '"secret": "abc", "order_action"', 2, "credential", "URL"),
        ('"ticker"', f'"k": "{"a1" * 20}", "ticker"', 1, "credential", "/hook/"),
        ('comment}}"}', 'comment}}",}', 3, "not valid JSON", "compare"),
        ("{{strategy.order.price}}", "about {{close}}", 3, "order_price is 'about", "compare"),
        ('"ticker"', '"time"', 1, "twice", "compare"),
    ],
)
def test_each_mistake_is_found_on_its_line(before, after, line, problem, remedy):
    assert before in SEEDS_TEMPLATE

    findings = lint_alert(SEEDS_TEMPLATE.replace(before, after))
    found = [f for f in findings if problem in f.problem]

    assert found, findings
    assert found[0].line == line
    assert remedy in found[0].remedy


def test_nothing_is_filled_in_inside_an_alert_call():
    pine = 'if long\n    alert(\'{"ticker": "{{ticker}}", "p": "{{close}}"}\', alert.freq_once)\n'

    findings = lint_alert(pine)

    assert [finding.line for finding in findings] == [2, 2]
    assert "str.tostring" in findings[0].remedy


def test_plots_are_known_by_name_too():
    assert lint_alert(SEEDS_TEMPLATE.replace("{{strategy.order.price}}", "{{plot_3}}")) == []
    text = SEEDS_TEMPLATE.replace('"{{strategy.order.price}}"', '{{plot("RSI")}}')

    assert {f.line for f in lint_alert(text)} == {3}
    assert any("not in quotes" in finding.problem for finding in lint_alert(text))


def test_key_value_lines_need_no_quotes():
    assert lint_alert("SYMBOL={{ticker}}\nSIGNAL=BUY\nPRICE={{close}}\nTIME={{timenow}}\n") == []


@pytest.mark.parametrize("text", ["", "[" * 50_000, "{" * 5000, "x" * 20_000])
def test_nonsense_is_a_finding_and_no_crash(text):
    assert lint_alert(text)


@pytest.mark.parametrize("name", ["stop_loss", "take_profit"])
def test_a_price_at_which_the_bot_leaves_by_itself_is_a_note_and_no_problem(name):
    text = SEEDS_TEMPLATE.replace(' "order_price"', f' "{name}": "{{{{plot_0}}}}", "order_price"')
    [finding] = lint_alert(text)

    assert (finding.kind, finding.line) == (Kind.NOTE, 3)
    assert lint_template(text, strategy()) == []
    assert [f"the bot sells at {name} by itself" in note for note in lint_notes(text)] == [True]
    assert "without another alert" in alert_schema()["properties"][name]["description"]
