"""Keys that are handed over: complete or refused, and never repeated."""

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.exchange_keys import USUAL, checked_keys
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET, PASSPHRASE

KEYS = {"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET}
NOT_STORED = "; nothing was stored"


def refusal(given: object, needed: tuple[str, ...] = ()) -> str:
    with pytest.raises(SettingsError) as refused:
        checked_keys(given, needed, "main")
    for value in (EXCHANGE_KEY, EXCHANGE_SECRET, PASSPHRASE):
        assert value not in str(refused.value)
    return str(refused.value)


def test_blanks_around_a_value_and_empty_fields_are_left_out():
    given = {"api-key": f"  {EXCHANGE_KEY}\n", "api-secret": EXCHANGE_SECRET, "passphrase": " "}

    assert checked_keys(given, (), "main") == KEYS
    assert USUAL == ("api-key", "api-secret")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "api-key, api-secret"),
        ({"api-key": EXCHANGE_KEY}, "api-secret"),
        (KEYS | {"api-secret": " "}, "api-secret"),
    ],
)
def test_what_lacks_a_field_is_refused(given, missing):
    assert refusal(given) == f"the keys of account main lack {missing}{NOT_STORED}"


def test_an_exchange_says_itself_what_it_needs():
    needed = ("api-key", "passphrase")

    assert refusal(KEYS, needed) == f"the keys of account main lack passphrase{NOT_STORED}"
    whole = {"api-key": EXCHANGE_KEY, "passphrase": PASSPHRASE}
    assert checked_keys(whole, needed, "main") == whole


@pytest.mark.parametrize("given", [EXCHANGE_KEY, [EXCHANGE_KEY], None, 5])
def test_what_is_no_object_is_refused(given):
    assert refusal(given) == (
        "the keys of account main are no object of at most 10 fields such as api-key and"
        f" api-secret{NOT_STORED}"
    )


def test_ten_fields_are_the_most():
    ten = {**KEYS, **{f"field{number}": PASSPHRASE for number in range(8)}}

    assert checked_keys(ten, (), "main") == ten
    assert refusal({**ten, "one-more": PASSPHRASE}).startswith("the keys of account main are no")
    assert "such as a and b;" in refusal({**ten, "one-more": PASSPHRASE}, ("a", "b"))


@pytest.mark.parametrize(
    "name", ["", "9key", "a b", "x" * 41, 'k"', "-key", EXCHANGE_KEY + "\u00e9", 7]
)
def test_a_field_with_an_odd_name_is_refused_without_its_name(name):
    assert refusal({**KEYS, name: PASSPHRASE}) == (
        "the keys of account main have a field whose name is not up to 40 letters, digits, dashes"
        f" or underscores{NOT_STORED}"
    )


def test_a_name_may_have_forty_letters():
    name = "x" * 40
    assert checked_keys({**KEYS, name: PASSPHRASE}, (), "main") == {**KEYS, name: PASSPHRASE}


@pytest.mark.parametrize("value", [5, None, ["x"], {"x": 1}, "x" * 8_193])
def test_a_value_that_is_no_short_text_is_refused(value):
    assert refusal({**KEYS, "uid": value}) == (
        f"the keys of account main have uid as something else than text of at most 8192 letters"
        f"{NOT_STORED}"
    )


def test_a_value_may_be_as_long_as_a_private_key():
    assert checked_keys({**KEYS, "uid": "x" * 8_192}, (), "main")["uid"] == "x" * 8_192
