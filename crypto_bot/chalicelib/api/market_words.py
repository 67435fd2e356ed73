"""What routes about markets have in common: parameters, and what is missing among them."""

from typing import Any, Final

from chalicelib.api.access import Asked
from chalicelib.api.answers import Refused

VENUE: Final = {"type": "string", "description": "The exchange's id, such as binance."}
SYMBOL: Final = {"type": "string", "description": "Such as BTC/USDT."}
TEXTS: Final = {"type": "array", "items": {"type": "string"}}
NULLABLE: Final = {"type": ["string", "null"]}


def bars(most: int, usual: int) -> dict[str, Any]:
    """How many rows are wanted."""
    return {
        "type": "integer",
        "minimum": 1,
        "maximum": most,
        "default": usual,
        "description": "How many at most.",
    }


def needed(asked: Asked, name: str) -> str:
    """A parameter of the query that there must be; 400 without."""
    text = asked.text(name)
    if not text:
        raise Refused(400, f"{name} is missing; GET /markets lists what there is", field=name)
    return text
