"""The published JSON Schema of our own message: what the parser takes, for people and for tools.

Printable text that fits the schema is well-formed: 422 is the worst answer to it. The parser
takes more: the dialects of other products, and keys that it does not know, which it ignores.
"""

from typing import Any, Final

from chalicelib.domain.trading.alerts.alert import ACTIONS, POSITIONS, UNITS
from chalicelib.domain.trading.alerts.values import (
    EPOCH_PATTERN,
    LARGEST,
    LONG_TEXT,
    NUMBER_PATTERN,
    SHORT_TEXT,
    TIME_PATTERN,
    UNRENDERED_PATTERN,
)

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NOTHING: Final = rf"\s*|[nN][aA][nN]|[nN][aA]|[nN]/[aA]|[nN][uU][lL][lL]|{UNRENDERED_PATTERN}"

_TEXTS: Final = {
    "strategy": "Name of the strategy, where the URL does not say it.",
    "exchange": "{{exchange}}: tells apart tickers that several exchanges list.",
    "interval": "{{interval}}: the chart's timeframe.",
}
_LONG_TEXTS: Final = {
    "secret": "The strategy's token, where it cannot be in the URL.",
    "id": "The sender's own identity of the message: the same id is the same signal.",
    "order_id": "{{strategy.order.id}}: tells apart orders of one second; a stop word is urgent.",
    "order_comment": "{{strategy.order.comment}}: a stop word at its start is urgent.",
}
_NUMBERS: Final = {
    "order_price": "{{strategy.order.price}}, in quote currency.",
    "order_contracts": "{{strategy.order.contracts}}: quantity of the order.",
    "market_position_size": "{{strategy.market_position_size}}: quantity after the order.",
    "prev_market_position_size": "{{strategy.prev_market_position_size}}: quantity before.",
    "stop_loss": "Price at which the bot leaves at a loss, without another alert; the policy "
    "risk_per_trade also sizes the entry by it. A later alert moves it.",
    "take_profit": "Price at which the bot leaves with a profit, without another alert. A later "
    "alert moves it.",
    "size": "How much to hold, in size_unit, for the signal-sized policy.",
    "size_ratio": "New size over old size, where the sizes themselves are not sent.",
}


def alert_schema() -> dict[str, Any]:
    """The schema as JSON objects."""
    properties = {
        **{name: _text(SHORT_TEXT, words) for name, words in _TEXTS.items()},
        **{name: _text(LONG_TEXT, words) for name, words in _LONG_TEXTS.items()},
        **{name: _number(words, "minimum") for name, words in _NUMBERS.items()},
        "ticker": _required_text(),
        "time": _time(),
        "position_size": _number("{{strategy.position_size}}: signed quantity.", ""),
        "order_action": _word(ACTIONS, "{{strategy.order.action}}: without market_position."),
        "market_position": _word(POSITIONS, "{{strategy.market_position}}: the wanted state."),
        "prev_market_position": _word(POSITIONS, "{{strategy.prev_market_position}}."),
        "size_unit": _word(UNITS, "What size counts; quantity if absent."),
        "test": {"description": "Arrives and is recorded, is not traded.", "type": "boolean"},
    }
    return {
        "$schema": _DIALECT,
        "title": "Alert",
        "description": "One alert: which state a strategy wants one instrument to be in.",
        "type": "object",
        "properties": properties,
        "required": ["ticker"],
        "anyOf": [_stated("market_position", POSITIONS), _stated("order_action", ACTIONS)],
        "additionalProperties": True,
    }


def _text(limit: int, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "anyOf": [{"type": "string", "maxLength": limit, "pattern": _PRINTABLE}, _NULL],
    }


def _required_text() -> dict[str, Any]:
    return {
        "description": "{{ticker}}: BTCUSDT, or BINANCE:BTCUSDT, as in the strategy's table.",
        "type": "string",
        "minLength": 1,
        "maxLength": SHORT_TEXT,
        "pattern": r"^[!-z|~][ -z|~]*$",
        "not": _matching(_NOTHING),
    }


def _number(description: str, lower: str) -> dict[str, Any]:
    bounds = {"minimum": 0} if lower else {"minimum": -float(LARGEST)}
    return {
        "description": f"{description} A number, or its text.",
        "anyOf": [
            {"type": "number", **bounds, "maximum": float(LARGEST)},
            _matching(NUMBER_PATTERN),
            _matching(_NOTHING),
            _NULL,
        ],
    }


def _time() -> dict[str, Any]:
    return {
        "description": "{{timenow}}: when the alert fired, in UTC. Not {{time}}, the bar's open.",
        "anyOf": [_matching(TIME_PATTERN), _matching(EPOCH_PATTERN), _matching(_NOTHING), _NULL],
        "examples": ["2024-08-10T02:30:02Z"],
    }


def _word(words: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "description": description,
        "anyOf": [{"enum": list(words)}, _matching(_NOTHING), _NULL],
    }


def _stated(name: str, words: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {name: {"enum": list(words)}}, "required": [name]}


def _matching(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^({pattern})$"}


_NULL: Final = {"type": "null"}
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
