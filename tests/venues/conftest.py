"""For tests that ask a fake venue with ccxt as it comes, which is not how the product uses it."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def quiet_ccxt() -> Iterator[None]:
    """By itself ccxt logs every request on DEBUG, with the keys that the watch looks for."""
    log = logging.getLogger("ccxt")
    before = log.level
    log.setLevel(logging.WARNING)
    yield
    log.setLevel(before)
