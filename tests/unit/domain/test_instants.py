"""Times that people write into options and settings."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant

NOON = datetime(2024, 8, 10, 12, tzinfo=UTC)


@pytest.fixture(params=["UTC", "Asia/Tokyo"])
def _machine_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where the machine stands must not matter."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_machine_in")
@pytest.mark.parametrize(
    "text", ["2024-08-10T12:00", "2024-08-10T12:00Z", "2024-08-10T14:00:00+02:00"]
)
def test_a_time_without_a_zone_is_utc(text: str) -> None:
    at = read_instant("--since", text)
    assert (at, at.utcoffset()) == (NOON, NOON.utcoffset())


@pytest.mark.parametrize(
    ("examples", "shown"),
    [((), "2024-01-01 or 2024-01-01T12:00Z"), (("2024-08-10T02:30Z",), "2024-08-10T02:30Z")],
)
def test_what_is_no_time_is_named_with_one_that_is(examples: tuple[str, ...], shown: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_instant("--since", "soon", *examples)
    assert str(refused.value) == f"--since is 'soon'; it must be a time such as {shown}"
