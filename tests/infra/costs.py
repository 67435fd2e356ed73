"""infra/prices.json as a table for the documentation: python -m tests.infra.costs prints it."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.infra.terraform import INFRA

_WORDS = {
    "always": "always",
    "default": "unless `{variable}` is empty",
    "opt-in": "`{variable}`",
}


@dataclass(frozen=True, kw_only=True)
class Price:
    part: str
    when: str
    usd: Decimal
    made_of: Mapping[str, Decimal]
    variable: str = ""


def _prices() -> list[Price]:
    rows = json.loads((INFRA / "prices.json").read_text(encoding="utf-8"))["rows"]
    return [
        Price(
            part=row["part"],
            when=row["when"],
            usd=Decimal(row["usd"]),
            made_of={what: Decimal(usd) for what, usd in row["made_of"].items()},
            variable=row.get("variable", ""),
        )
        for row in rows
    ]


PRICES = _prices()
ONE_STAGE = sum((p.usd for p in PRICES if p.when in {"always", "default"}), Decimal(0))


def table() -> str:
    lines = ["| part | when | $ a month | made of |", "|---|---|---|---|"]
    for price in PRICES:
        parts = ", ".join(
            what if len(price.made_of) == 1 else f"{what}: {usd}"
            for what, usd in price.made_of.items()
        )
        when = _WORDS[price.when].format(variable=price.variable)
        lines.append(f"| {price.part} | {when} | {price.usd} | {parts} |")
    lines.append(f"| **One stage as it comes** | | **{ONE_STAGE}** | |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
