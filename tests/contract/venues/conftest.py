"""Every exchange the product has, each behind the same control."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.contract.venues.control import OPENERS, Control


@pytest.fixture(params=OPENERS)
def open_venue(request: pytest.FixtureRequest) -> Iterator[Callable[..., Control]]:
    """Call it with the troubles that the first orders are to meet, in their order."""
    with ExitStack() as stack:
        yield partial(OPENERS[request.param], stack)
