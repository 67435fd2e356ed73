"""What somebody needs to send the first alert: the address, the tokens, a line to copy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.trading.account import Configuration

_NOBODY: Final = "STRATEGY"
_TICKER: Final = "BTCUSDT"
_TOKEN: Final = "TOKEN"  # noqa: S105 - stands where the owner puts the token


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """`token` is the owner's; `curl` sends an alert to `url` from a shell."""

    url: str
    token: str
    curl: str


def invite(
    base: str, configuration: Configuration, known_tokens: Mapping[str, str], owner_token: str
) -> Invitation:
    """To the first strategy by name. Only hashes of tokens are stored, so few are known."""
    name = min(configuration.strategies, default=_NOBODY)
    strategy = configuration.strategies.get(name)
    ticker = min(strategy.instruments, default=_TICKER) if strategy else _TICKER
    url = f"{base}/hook/{name}/{known_tokens.get(name, _TOKEN)}"
    message = json.dumps({"ticker": ticker, "market_position": "long"})
    return Invitation(
        url=url,
        token=owner_token,
        curl=f"curl -H 'Content-Type: application/json' -d '{message}' {url}",
    )
