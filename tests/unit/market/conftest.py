"""A floor per test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.market.floor import Floor, market_floor


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with market_floor(tmp_path) as opened:
        yield opened


@pytest.fixture
def make_floor(tmp_path: Path) -> Iterator[Callable[[], Floor]]:
    """As many more as are asked for."""
    with ExitStack() as opened:
        numbers = count()
        yield lambda: opened.enter_context(market_floor(tmp_path / f"more-{next(numbers)}"))
