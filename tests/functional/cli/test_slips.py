"""What is typed in the wrong order, or not quite, is answered with what would be right."""

import pytest

from chalicelib import bootstrap
from tests.functional.cli.owner_desk import Desk


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "quarantine --home X",
            "crypto-bot quarantine needs one of drop, list, replay, show before --home, for "
            "example: crypto-bot quarantine list --home X",
        ),
        (
            "accounts --json list --home X",
            "crypto-bot accounts needs one of adopt, apply, check, list, reopen, strangers, "
            "write-off before --json, for example: crypto-bot accounts list --json --home X",
        ),
        ("strategies lst", "crypto-bot strategies has no lst; did you mean list?"),
        (
            "quarantine forget X",
            "crypto-bot quarantine has no forget; known are drop, list, replay, show",
        ),
    ],
)
def test_a_second_word_that_is_missing_or_unknown_is_named(
    desk: Desk, words: str, sentence: str
) -> None:
    assert desk.refusal(*words.split()) == sentence


@pytest.mark.parametrize("verb", ["quarantine", "accounts", "strategies"])
def test_help_and_a_known_second_word_work_as_ever(desk: Desk, verb: str) -> None:
    assert "list" in desk.run(verb, "--help").stdout
    assert "list" in desk.run(verb, "-h").stdout
    bootstrap.table()
    assert desk.read(verb, "list") == []


def test_a_price_below_zero_is_no_quantity(desk: Desk) -> None:
    words = ("accounts", "adopt", "paper", "BTC", "1", "--to", "trend", "--price", "-5")
    assert "Invalid value for '--price': -5 is below 0" in desk.run(*words, code=2).output


def test_an_amount_of_a_million_digits_is_none(desk: Desk) -> None:
    words = ("accounts", "adopt", "paper", "BTC", "1e999999", "--to", "trend", "--price", "5")
    said = desk.run(*words, code=2).output
    assert "'1e999999' has more than 18 digits before or behind the point" in said
