"""What market data costs by the number of symbols: python -m tests.infra.market_costs prints it."""

import json
import sys
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.infra.costs import PRICES
from tests.infra.terraform import INFRA

MARKET: Mapping[str, Any]
UNITS: Mapping[str, Mapping[str, Any]]
MARKET, UNITS = (
    json.loads((INFRA / "prices.json").read_text(encoding="utf-8"))[name]
    for name in ("market", "units")
)
SYMBOLS: Sequence[int] = MARKET["symbols"]
_CENT = Decimal("0.01")


def price_of(line: Mapping[str, Any], symbols: int) -> Decimal:
    """Of a month, to the cent."""
    usd = _row(line["row"]) if "row" in line else Decimal(0)
    usd += sum(_usd(amount, symbols) for amount in line.get("amounts", ()))
    return usd.quantize(_CENT, ROUND_HALF_UP)


def total(way: str, symbols: int) -> Decimal:
    """Of all lines that this way of doing it consists of."""
    return sum((price_of(line, symbols) for line in lines_of(way)), Decimal(0))


def lines_of(way: str) -> list[Mapping[str, Any]]:
    return [line for line in MARKET["lines"] if way in line["ways"]]


def table() -> str:
    heads = [f"{count} symbol{'s' * (count > 1)}" for count in SYMBOLS]
    lines = [f"| part | {' | '.join(heads)} | made of |", f"|---|{'---|' * len(SYMBOLS)}---|"]
    for line in MARKET["lines"]:
        words = dict.fromkeys(amount["what"] for amount in line.get("amounts", ()))
        where = ["see [aws.md](aws.md#what-it-costs)"] if "row" in line else []
        made_of = ", ".join([*words, *where])
        lines.append(
            f"| {line['part']} | {_cells(price_of(line, n) for n in SYMBOLS)} | {made_of} |"
        )
    for way, words in MARKET["ways"].items():
        cells = _cells(f"**{total(way, n)}**" for n in SYMBOLS)
        lines.append(f"| **All of it, trades {words}** | {cells} | |")
    return "\n".join(lines)


def _usd(amount: Mapping[str, Any], symbols: int) -> Decimal:
    unit = UNITS[amount["unit"]]
    each = Decimal(amount.get("each", 0))
    paid = Decimal(amount.get("at_all", 0)) + each * symbols - Decimal(amount.get("free", 0))
    return max(paid, Decimal(0)) * Decimal(unit["usd"]) / unit["of"]


def _row(part: str) -> Decimal:
    [found] = [price.usd for price in PRICES if price.part == part]
    return found


def _cells(values: Any) -> str:
    return " | ".join(str(value) for value in values)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
