"""vector.toml: another sink into the same lake. Its keys and lines are what the summaries read."""

import gzip
import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bootstrap.market import TRADES_TOPIC
from chalicelib.domain.market.minute import minute_of
from chalicelib.domain.market.trade import MalformedTrade, parse_trade
from chalicelib.services.market.summarize_trades import summarize_trades
from tests.market.floor import SECOND, START, Floor, trade

FILE = Path(__file__).resolve().parents[3] / "vector.toml"


@pytest.fixture(scope="module")
def vector() -> Any:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def key_of(vector: Any, message: bytes, number: int) -> str:
    """As Vector makes it: the prefix with the event's fields and time, time, UUID, extension."""
    sink = vector["sinks"]["lake"]
    fact = json.loads(message)
    at = datetime.fromtimestamp(fact["T"] / 1000, UTC)
    prefix = at.strftime(sink["key_prefix"].replace("{{ symbol }}", fact["s"]))
    name = sink["filename_time_format"].replace("%s", "1723161255")
    assert sink["filename_append_uuid"] is True
    return f"{prefix}{name}-6f1ba7a9-0000-4000-8000-{number:012}.{sink['filename_extension']}"


def test_its_objects_are_summed_up_like_ours(vector: Any, floor: Floor) -> None:
    messages = [trade(n, START + n * 7 * SECOND) for n in range(20)]
    for number, message in enumerate([*messages, *messages[5:9]]):  # delivered at least once
        floor.lake.put(key_of(vector, message, number), gzip.compress(message + b"\n"))
    minutes = {minute_of(change.key) for change in floor.lake.changes(100)}
    assert None not in minutes
    for minute in filter(None, minutes):
        summarize_trades(minute, floor.lake, floor.table)
    rows = floor.table.newest(10)
    assert [row.minute for row in reversed(rows)] == sorted(filter(None, minutes))
    assert sum(row.total_count_b + row.total_count_s for row in rows) == len(messages)


def test_it_waits_for_the_lake_before_it_commits(vector: Any) -> None:
    assert all(sink["acknowledgements"]["enabled"] for sink in vector["sinks"].values())
    source = vector["sources"]["trades"]
    assert source["topics"] == [TRADES_TOPIC]
    assert source["auto_offset_reset"] == "earliest"
    assert source["group_id"] != "archive", "beside our archive it would take half of the trades"


def test_its_lines_are_the_messages_in_gzip(vector: Any) -> None:
    sink = vector["sinks"]["lake"]
    assert sink["encoding"] == {"codec": "text"}, "which is .message alone"
    assert sink["framing"] == {"method": "newline_delimited"}
    assert sink["compression"] == "gzip"
    assert vector["sources"]["trades"]["decoding"] == {"codec": "bytes"}


def test_what_is_no_trade_goes_to_quarantine(vector: Any) -> None:
    transform = vector["transforms"]["minutes"]
    assert transform["drop_on_abort"]
    assert transform["drop_on_error"]
    assert transform["reroute_dropped"]
    sink = vector["sinks"]["quarantine"]
    assert sink["inputs"] == ["minutes.dropped"]
    assert sink["key_prefix"].startswith("quarantine/")
    assert minute_of(sink["key_prefix"] + "1.jsonl.gz") is None


@pytest.mark.parametrize(
    "change", [{}, {"s": "../x"}, {"s": ""}, {"e": "kline"}, {"e": "archiveCut"}, {"s": "币安USDT"}]
)
def test_it_takes_the_kinds_and_symbols_that_we_take(vector: Any, change: dict[str, str]) -> None:
    source = vector["transforms"]["minutes"]["source"]
    (kinds,) = re.findall(r"includes\((\[.*?\]), trade\.e\)", source)
    (pattern,) = re.findall(r"match\(symbol, r'(.*?)'\)", source)
    fact = json.loads(trade(1, START, **change))
    takes = fact["e"] in json.loads(kinds) and re.search(pattern, fact["s"]) is not None
    try:
        parse_trade(json.dumps(fact).encode())
    except MalformedTrade:
        assert not takes
    else:
        assert takes
