"""One desk per test, on a home folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import bootstrap
from tests.functional.cli.owner_desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path)
    bootstrap.reset()
