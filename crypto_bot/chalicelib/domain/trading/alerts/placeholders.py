"""TradingView's placeholders: which there are, and what typically stands in their place."""

import re
from typing import Final

PLACEHOLDER: Final = re.compile(r"\{\{([^{}]*)\}\}")

_PRICES: Final = dict.fromkeys(("open", "high", "low", "close"), "67656.77")

# Undefined series are written as NaN or as nothing at all; only these can be undefined.
NUMBERS: Final[dict[str, str]] = {
    **_PRICES,
    "volume": "12.5",
    "strategy.position_size": "0.5",
    "strategy.order.contracts": "0.5",
    "strategy.order.price": "67656.77",
    "strategy.market_position_size": "0.5",
    "strategy.prev_market_position_size": "0.25",
    **{f"plot_{number}": "1.5" for number in range(20)},
}
TEXTS: Final[dict[str, str]] = {
    "ticker": "BTCUSDT",
    "exchange": "BINANCE",
    "interval": "60",
    "time": "2024-08-10T02:00:00Z",
    "timenow": "2024-08-10T02:30:02Z",
    "syminfo.currency": "USDT",
    "syminfo.basecurrency": "BTC",
    "strategy.order.action": "buy",
    "strategy.order.id": "Long",
    "strategy.order.comment": "Long",
    "strategy.order.alert_message": "Long",
    "strategy.market_position": "long",
    "strategy.prev_market_position": "long",
}

_PLOT_BY_NAME = re.compile(r'plot\("[^"]*"\)')


def is_known(name: str) -> bool:
    """Whether TradingView replaces it; upper and lower case matter there."""
    return name in NUMBERS or name in TEXTS or _PLOT_BY_NAME.fullmatch(name) is not None


def filled_in(text: str, undefined: str | None = None) -> str:
    """The text as it would arrive; with `undefined`, that stands for every number."""

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name in TEXTS:
            return TEXTS[name]
        if not is_known(name):
            return match[0]
        return NUMBERS.get(name, "1.5") if undefined is None else undefined

    return PLACEHOLDER.sub(value, text)
