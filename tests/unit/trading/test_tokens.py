"""Tokens open what their hashes say, and nothing else."""

import pytest

from chalicelib.domain.trading.alerts.tokens import hash_token, opens

OLD, NEW = hash_token("old"), hash_token("new")


@pytest.mark.parametrize(
    ("token", "stored", "opened"),
    [
        ("new", (NEW,), True),
        ("old", (NEW, OLD), True),
        ("new", (NEW, OLD), True),
        ("old", (NEW,), False),
        ("", (NEW,), False),
        ("new", (), False),
        ("caf\u00e9 \ud800", (NEW,), False),
        (NEW, (NEW,), False),  # the hash is no token
        ("old", (NEW, NEW, OLD), False),  # at most two live at once
    ],
)
def test_a_token_opens_only_what_stores_its_hash(token, stored, opened):
    assert opens(hash_token(token), stored) is opened


def test_nobodys_place_cannot_be_taken():
    assert not opens("-" * 63, ())
    assert not opens(hash_token("-" * 64), ())
