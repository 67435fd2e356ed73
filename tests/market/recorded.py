"""Recorded market data, and what must come of it, worked out without a line of the bot's.

The data is not part of the repository: it is looked for in ../shared/data, or in the folder that
CRYPTO_BOT_TEST_DATA names.
"""

import gzip
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TRADE_FRAME = '{"stream":"btcusdt@trade","data":'


def trades_folder() -> Path:
    named = os.environ.get("CRYPTO_BOT_TEST_DATA")  # noqa: TID251 - where the data is
    folder = (Path(named) if named else REPOSITORY.parent / "shared" / "data") / "trades"
    if not folder.is_dir():
        pytest.skip(f"no recorded trades: there is no folder {folder}")
    return folder


def frames() -> list[str]:
    """What the websocket said, in its order; a line begins with the local time in ns."""
    return [
        line.split(" ", 1)[1].rstrip("\n")
        for path in frame_files()
        for line in gzip.open(path, "rt", encoding="utf-8")
    ]


def frame_files() -> list[Path]:
    return sorted(trades_folder().glob("binance-spot-btcusdt.frames.*.gz"))


def trades_of(frames: Iterable[str]) -> list[bytes]:
    """The messages about trades as they stand in their frames."""
    return [
        frame.removeprefix(TRADE_FRAME).removesuffix("}").encode()
        for frame in frames
        if frame.startswith(TRADE_FRAME)
    ]


def aggregated_trades() -> list[bytes]:
    """XRP/ETH over two days as the REST API gave them, in the words of the stream."""
    path = trades_folder() / "XRP-ETH.aggTrades.2019-10-11.2019-10-13.ccxt.json.gz"
    raw = [row["info"] for row in json.loads(gzip.decompress(path.read_bytes()))]
    return [json.dumps({"e": "aggTrade", "s": "XRPETH", **row}).encode() for row in raw]


@dataclass
class Row:
    """Exact: fractions have no precision that could run out."""

    count: list[int] = field(default_factory=lambda: [0, 0])
    base: list[Fraction] = field(default_factory=lambda: [Fraction(0), Fraction(0)])
    quote: list[Fraction] = field(default_factory=lambda: [Fraction(0), Fraction(0)])


def expected_rows(messages: Iterable[bytes]) -> dict[tuple[str, datetime], Row]:
    """By symbol and minute; of each pair the first is what takers bought."""
    rows: dict[tuple[str, datetime], Row] = {}
    seen = set()
    for message in messages:
        fact = json.loads(message)
        name = (fact["s"], fact["e"], fact.get("a", fact.get("t")))
        if name in seen:
            continue
        seen.add(name)
        at = datetime.fromtimestamp(fact["T"] // 60_000 * 60, UTC)
        row = rows.setdefault((fact["s"], at), Row())
        side = 1 if fact["m"] else 0
        price, quantity = Fraction(fact["p"]), Fraction(fact["q"])
        row.count[side] += 1
        row.base[side] += quantity
        row.quote[side] += price * quantity
    return rows
