"""What every lake promises: objects by name, whole or not there."""

import pytest

from chalicelib.market_ports.lake import Lake, LakeObject

KEY = "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=59/p0-00000000000000000000.jsonl.gz"


def test_what_was_put_is_got(lake: Lake) -> None:
    lake.put(KEY, b"\x1f\x8b\x00content")
    assert lake.get(KEY) == b"\x1f\x8b\x00content"


def test_the_last_content_counts(lake: Lake) -> None:
    lake.put(KEY, b"longer than what follows")
    lake.put(KEY, b"short")
    assert lake.get(KEY) == b"short"
    assert lake.objects("trades/") == [LakeObject(KEY, 5)]


def test_an_object_that_is_not_there_is_none(lake: Lake) -> None:
    assert lake.get(KEY) is None
    lake.put("trades", b"a name that could be a folder")
    assert lake.get("trades/symbol=BTCUSDT") is None


def test_what_was_deleted_is_gone_and_may_be_deleted_again(lake: Lake) -> None:
    lake.put(KEY, b"content")
    lake.delete(KEY)
    lake.delete(KEY)
    assert lake.get(KEY) is None
    assert lake.objects("") == []


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", ["a/b/1", "a/b/2", "a/c/3", "ab/4"]),
        ("a", ["a/b/1", "a/b/2", "a/c/3", "ab/4"]),
        ("a/", ["a/b/1", "a/b/2", "a/c/3"]),
        ("a/b", ["a/b/1", "a/b/2"]),
        ("a/b/2", ["a/b/2"]),
        ("b", []),
        ("a/b/1/", []),
        ("none/", []),
    ],
)
def test_objects_are_listed_by_the_beginning_of_their_name(
    lake: Lake, prefix: str, found: list[str]
) -> None:
    for key in ("ab/4", "a/c/3", "a/b/2", "a/b/1"):
        lake.put(key, key.encode())
    assert lake.objects(prefix) == [LakeObject(key, len(key)) for key in found]


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("trades/", ["symbol=BTCUSDT", "symbol=ETHUSDT"]),
        ("trades/symbol=", ["symbol=BTCUSDT", "symbol=ETHUSDT"]),
        ("trades/symbol=E", ["symbol=ETHUSDT"]),
        ("trades/symbol=BTCUSDT/dt=", ["dt=2024-08-08", "dt=2024-08-09"]),
        ("quarantine/", []),
    ],
)
def test_folders_are_the_next_parts_of_names(lake: Lake, prefix: str, found: list[str]) -> None:
    for key in (
        "trades/symbol=ETHUSDT/dt=2024-08-08/1",
        "trades/symbol=BTCUSDT/dt=2024-08-09/1",
        "trades/symbol=BTCUSDT/dt=2024-08-08/1",
        "trades/symbol=BTCUSDT/dt=2024-08-08/2",
        "trades/whole",
    ):
        lake.put(key, b"")
    assert lake.folders(prefix) == found


def test_a_listing_of_more_than_one_page_is_whole(lake: Lake) -> None:
    keys = [f"trades/{number:04}" for number in range(1_050)]
    for key in keys:
        lake.put(key, b"")
    assert [key for key, _ in lake.objects("trades/")] == keys
