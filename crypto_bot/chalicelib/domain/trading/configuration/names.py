"""Names the owner types: found, or answered with the nearest known one."""

from collections.abc import Collection
from difflib import get_close_matches

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.domain.trading.strategy import Strategy


def suggestion(word: str, known: Collection[str]) -> str:
    """The nearest known word as a question, else all of them."""
    near = get_close_matches(word, sorted(known), n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(sorted(known))}" if known else "there are none yet"


def strategy_named(configuration: Configuration, name: str) -> Strategy:
    """SettingsError where no strategy has that name."""
    strategy = configuration.strategies.get(name)
    if strategy is None:
        near = suggestion(name, configuration.strategies)
        raise SettingsError(f"there is no strategy {name}; {near}")
    return strategy


def account_named(configuration: Configuration, name: str) -> Account:
    """SettingsError where no account has that name."""
    account = configuration.accounts.get(name)
    if account is None:
        raise SettingsError(
            f"there is no account {name}; {suggestion(name, configuration.accounts)}"
        )
    return account
