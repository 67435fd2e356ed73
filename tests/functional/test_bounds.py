"""What a stranger can make this program keep, read or write down is bounded."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.domain.trading.alerts.body import MAXIMUM_BYTES
from chalicelib.settings import Settings
from tests.functional.test_webhook import HOOK, SEEDS_PATH, serve
from tests.unit.trading.alerts import FIRED_AT, body

GUESSES = 1000
A_FEW = 10
FAR = timedelta(days=30)


@pytest.fixture
def webhook():
    yield from serve(Settings())


def test_a_thousand_wrong_tokens_leave_a_few_lines_and_nothing_else(webhook, caplog):
    caplog.set_level(logging.INFO, logger="chalicelib")
    clock = ReplayClock(FIRED_AT + FAR)
    bootstrap.use(replace(bootstrap.choices(), clock=clock))
    for number in range(GUESSES):
        assert webhook.post(f"/hook/btc/guess-{number}", body()).status_code == 401
    lines = [record for record in caplog.records if record.levelno >= logging.INFO]

    assert 0 < len(lines) < A_FEW
    assert webhook.stored() == 0
    assert bootstrap.signals().quarantined(1) == []

    clock.advance_to(clock.now() + timedelta(minutes=1))
    webhook.post(f"/hook/btc/guess-{GUESSES}", body())
    assert len(caplog.records) == len(lines) + 1  # a new minute is told anew


def test_good_alerts_are_always_logged(webhook, caplog):
    caplog.set_level(logging.INFO, logger="chalicelib")
    for number in range(A_FEW):
        assert webhook.post(HOOK, body(order_id=str(number))).status_code == 200

    assert caplog.text.count("alert answered 200") == A_FEW


@pytest.mark.parametrize("path", [HOOK, SEEDS_PATH])
def test_a_body_over_the_limit_is_not_parsed_however_good_it_is(webhook, path):
    good = body(secret="x")
    filled = good + b" " * (MAXIMUM_BYTES - len(good))

    assert webhook.post(path, filled).status_code in {200, 401}
    assert webhook.post(path, filled + b" ").status_code == 413
    assert webhook.post(path, b"[" * (MAXIMUM_BYTES + 1)).status_code == 413
