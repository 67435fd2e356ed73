"""One desk per test, on a home folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import bootstrap
from tests.functional.cli.owner_desk import Desk
from tests.functional.stage_on_aws import fresh_project


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path)
    bootstrap.reset()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone before any stage is configured."""
    return fresh_project(tmp_path / "clone", monkeypatch)
