"""Closed candles in Binance's words: alone, as frames of a recording, and as a file of prices."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FIRST = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def kline(number: int, close: str, symbol: str = "BTCUSDT", **other: Any) -> bytes:
    """The minute with this number since noon, which opened and stood where it closed."""
    start = int((FIRST + number * MINUTE).timestamp() * 1000)
    candle = {
        "t": start,
        "T": start + 59_999,
        "s": symbol,
        "i": "1m",
        "f": 1,
        "L": 9,
        **dict.fromkeys(("o", "c", "h", "l"), close),
        "v": "1.50",
        "n": 9,
        "x": True,
        "q": "0",
        "V": "0",
        "Q": "0",
        "B": "0",
    }
    message = {"e": "kline", "E": start + 60_005, "s": symbol, "k": candle | other}
    return json.dumps(message, separators=(",", ":")).encode()


def record(path: Path, messages: Iterable[bytes]) -> Path:
    """A file of frames, as `worker stream --replay` reads them."""
    with path.open("wb") as file:
        for number, message in enumerate(messages):
            symbol = json.loads(message)["s"].lower()
            file.write(
                b'%d {"stream":"%s@kline_1m","data":%s}\n' % (number, symbol.encode(), message)
            )
    return path


def price_file(path: Path, closes: Sequence[str]) -> Path:
    """Minutes that open at the close before, from noon on."""
    opens = [closes[0], *closes[:-1]]
    lines = (
        f"{(FIRST + n * MINUTE).isoformat()},{opened},{close}"
        for n, (opened, close) in enumerate(zip(opens, closes, strict=True))
    )
    path.write_text("\n".join(["time,open,close", *lines]), encoding="utf-8")
    return path
