"""What somebody needs to send the first alert: the address, the tokens, a line to copy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.trading.account import Configuration, Mode
from chalicelib.domain.trading.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """`token` is the owner's; `curl` sends an alert from a shell, or says how to get the URL.

    `dashboard` has the token behind the `#`, which no browser sends to a server.
    """

    url: str
    dashboard: str
    token: str
    curl: str


def invite(
    base: str,
    configuration: Configuration,
    known_tokens: Mapping[str, str],
    owner_token: str,
    *,
    loopback: bool,
) -> Invitation:
    """To a strategy that an alert can reach from here. Only hashes of tokens are stored."""
    given = {"dashboard": f"{base}/ui#token={owner_token}", "token": owner_token}
    strategies = [strategy for _, strategy in sorted(configuration.strategies.items())]
    for strategy in strategies:
        if strategy.name in known_tokens:
            url = f"{base}/hook/{strategy.name}/{known_tokens[strategy.name]}"
            return Invitation(url=url, curl=_curl(url, strategy), **given)
    for strategy in strategies:
        if loopback and _is_open(strategy, configuration):
            url = f"{base}/receive_trade_signals"
            return Invitation(url=url, curl=_curl(url, strategy), **given)
    name = strategies[0].name if strategies else "STRATEGY"
    return Invitation(url=f"{base}/hook/{name}/TOKEN", curl=_advice(strategies), **given)


def _is_open(strategy: Strategy, configuration: Configuration) -> bool:
    """As the webhook sees it: without a token nobody reaches a real account."""
    accounts = map(configuration.accounts.get, configuration.followers(strategy.name))
    return strategy.open and all(a is not None and a.mode is Mode.VIRTUAL for a in accounts)


def _curl(url: str, strategy: Strategy) -> str:
    ticker = min(strategy.instruments)
    message = {"strategy": strategy.name, "ticker": ticker, "market_position": "long"}
    return f"curl -H 'Content-Type: application/json' -d '{json.dumps(message)}' {url}"


def _advice(strategies: list[Strategy]) -> str:
    """Stored are hashes, so the URL that an alert needs is not known here."""
    if not strategies:
        return "crypto-bot strategies apply FILE tells each strategy's webhook URL"
    return (
        f"crypto-bot strategies token {strategies[0].name} makes a token and tells the webhook URL"
    )
