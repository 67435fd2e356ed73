"""What the log and the view hear of an account that cannot be worked on."""

import logging

import pytest

from chalicelib.local.logs import without_paths
from chalicelib.local.tally import Tally
from chalicelib.services.trading.tick import AccountReport, TickReport


def ticked(tally: Tally, status: str, detail: str = "") -> None:
    report = AccountReport(account="paper", status=status, detail=detail)
    tally.ticked(TickReport(outcome="worked", accounts=(report,)))


def test_a_trouble_is_logged_once_per_change_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tally = Tally()
    for status, detail in (
        ("worked", ""),
        ("unavailable", "no answer"),
        ("unavailable", "no answer"),
        ("busy", ""),
        ("blocked", "the secret 'keys' is not in /home/me/secrets.json: add it"),
        ("worked", ""),
        ("worked", ""),
    ):
        ticked(tally, status, detail)
    assert [record.message for record in caplog.records if record.levelno > logging.INFO] == [
        "account paper is unavailable: no answer",
        "account paper is blocked: the secret 'keys' is not in (path): add it",
        "account paper works again",
    ]


def test_the_view_hears_of_a_trouble_while_it_lasts() -> None:
    tally = Tally()
    ticked(tally, "unavailable", "no answer")
    ticked(tally, "busy")
    tally.ticked(TickReport(outcome="idle"))
    assert [t.sentence() for t in tally.troubles()] == ["account paper is unavailable: no answer"]
    ticked(tally, "worked")
    assert tally.troubles() == ()


def test_a_tick_that_did_something_is_logged_and_an_idle_one_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    tally = Tally()
    tally.ticked(TickReport(outcome="idle"))
    ticked(tally, "worked")
    assert [record.message for record in caplog.records] == [
        "tick: paper worked: 0 plans, 0 orders, 0 entries"
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET https://api.test/api/v3/order?sig=1 failed", "GET https://api.test failed"),
        ("is not in /home/me/secrets.json: add it", "is not in (path): add it"),
        (r"C:\me\secrets.json, line 3", "(path), line 3"),
        ("POST /hook/btc/token", "POST (path)"),
        ("0.5 BTC/USDT at 50000", "0.5 BTC/USDT at 50000"),
    ],
)
def test_no_path_reaches_the_log(text: str, shown: str) -> None:
    assert without_paths(text) == shown
