"""The message for TradingView's alert dialog, printed and checked."""

import json

import pytest

from tests.functional.cli.owner_desk import Desk


def test_the_template_of_a_strategy_passes_its_own_check(desk: Desk) -> None:
    desk.configure()
    message = desk.run("alert-template", "trend").stdout
    assert json.loads(message)["strategy"] == "trend"
    assert desk.read("alert-template", "trend")["url"] == "http://127.0.0.1:8000/hook/trend/TOKEN"
    file = desk.home / "alert.json"
    file.write_text(message)
    shown = desk.run("lint-alert", str(file), "--strategy", "trend").stdout
    assert shown == "The message is good.\n"


@pytest.mark.parametrize(
    "url",
    [
        "bot.example.com",
        "bot.example.com:8443",
        "ftp://bot.example.com/",
        "https://",
        "https:///hook",
        "https://bot.example.com:99999",
        "https://bot.example.com:0",
        "https://[::1",
        "https://bot.example.com/?to=me",
        "https://bot.example.com/#me",
        "https://bot example.com",
        "https://bot.example.com\n",
        "",
    ],
)
def test_what_is_pasted_into_tradingview_is_an_address(desk: Desk, url: str) -> None:
    desk.configure()
    told = f"--public-url is {url!r}; it must be an address such as https://bot.example.com"
    assert desk.refusal("alert-template", "trend", "--public-url", url) == told
    assert desk.refusal("strategies", "token", "trend", "--public-url", url) == told


@pytest.mark.parametrize(
    "url", ["https://bot.example.com", "HTTP://[::1]:8080/", "https://h.example/behind/a/proxy"]
)
def test_any_address_of_the_web_will_do(desk: Desk, url: str) -> None:
    desk.configure()
    made = desk.read("alert-template", "trend", "--public-url", url)["url"]
    assert made == f"{url.rstrip('/')}/hook/trend/TOKEN"


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ('{"ticker": "{{ticker}}", "order_action": "{{strategy.order.acton}}"}', "acton"),
        ('{"ticker": "{{ticker}}"', "JSON"),
        ('{"ticker": "DOGE", "time": "{{timenow}}", "order_action": "buy"}', "DOGE"),
        (
            '{"ticker": "{{ticker}}", "time": "{{timenow}}", "order_action": "buy"}',
            "with an exit: it would mean long, not flat",
        ),
        ('{"ticker": "BTCUSD", "time": "2026-03-02T12:00:00Z", "order_action": "buy"}', "no place"),
        (
            '{"strategy": "other", "ticker": "{{ticker}}", "time": "{{timenow}}", '
            '"order_action": "{{strategy.order.action}}"}',
            "it names strategy other, and not trend",
        ),
    ],
)
def test_a_message_that_would_fail_is_told_why(desk: Desk, message: str, problem: str) -> None:
    desk.configure()
    file = desk.home / "alert.json"
    file.write_text(message)
    shown = desk.run("lint-alert", str(file), "--strategy", "trend", code=1).stdout
    assert problem in shown
    document = json.loads(
        desk.run("lint-alert", str(file), "--strategy", "trend", "--json", code=1).stdout
    )
    assert any(problem in line for line in document["problems"])


def test_a_note_does_not_make_a_message_fail(desk: Desk) -> None:
    desk.configure()
    file = desk.home / "alert.json"
    template = desk.run("alert-template", "trend").stdout
    file.write_text(template.replace('"time"', '"stop_loss": "{{plot_0}}",\n  "time"'))
    note, good = desk.run("lint-alert", str(file), "--strategy", "trend").stdout.splitlines()
    assert note.startswith(f"{file}: note: line 3: the bot sells at stop_loss by itself")
    assert good == "The message is good."
    document = desk.read("lint-alert", str(file))
    assert (document["problems"], len(document["notes"])) == ([], 1)
