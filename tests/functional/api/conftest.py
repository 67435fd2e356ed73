"""A desk with an API for every test of this folder."""

from collections.abc import Iterator

import pytest

from tests.functional.api.floor import Api, api_floor


@pytest.fixture
def api() -> Iterator[Api]:
    with api_floor() as floor:
        yield floor
