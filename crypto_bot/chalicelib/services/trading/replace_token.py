"""The owner needs a strategy's token anew: the one before stays valid until the next time."""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.domain.trading.alerts.tokens import MAXIMUM_LIVE_TOKENS, hash_token
from chalicelib.domain.trading.configuration.names import strategy_named
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import StrategyStore


def replace_token(
    store: StrategyStore,
    name: str,
    make_token: Callable[[], str],
    *,
    revoke: bool = False,
    by: str = "",
) -> tuple[Strategy, str]:
    """The strategy and the token, which is stored nowhere. `revoke` ends all earlier ones."""
    configuration = store.configuration()
    strategy = strategy_named(configuration, name)
    token = make_token()
    earlier = () if revoke else strategy.token_hashes
    changed = replace(strategy, token_hashes=(hash_token(token), *earlier)[:MAXIMUM_LIVE_TOKENS])
    store.apply(expected_version=configuration.version, strategies=[changed], by=by)
    return changed, token
