"""What only a function on AWS can tell: whether the venues answer to where it runs."""

from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.trading.account import Account, Configuration, Mode

VENUES: Final = "venues"


def probe(what: str) -> dict[str, Any]:
    """Each account's name with '' where its venue answers, else with what is wrong.

    Nothing is traded. A venue that wants silence is not asked.
    """
    if what != VENUES:
        raise ValueError(f"check is {what!r}; it must be {VENUES!r}")
    configuration = bootstrap.strategies().configuration()
    accounts = sorted(configuration.accounts.items())
    return {VENUES: {name: _trouble(account, configuration) for name, account in accounts}}


def _trouble(account: Account, configuration: Configuration) -> str:
    ports = bootstrap.trading()
    state = ports.plans.state(account.name)
    if state.is_blocked(ports.clock.now()):
        return f"not asked: {state.blocked_because}"
    try:
        exchange = ports.exchanges.open(account)
        exchange.tickers(configuration.symbols_of(account.name))
        if account.mode is not Mode.VIRTUAL:
            exchange.balances()  # a key may be tied to an address that is not the function's
    except CryptoBotError as error:
        return str(error)
    return ""
