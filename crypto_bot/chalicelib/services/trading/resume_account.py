"""The owner lets an account buy again that lost more than it may."""

from collections.abc import Sequence
from typing import Final

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.breakers import without_breakers
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.domain.trading.plan import Breaker
from chalicelib.ports import TradingPorts

_ATTEMPTS: Final = 5


def resume_account(ports: TradingPorts, account: str) -> Sequence[Breaker]:
    """Closes the account's open breakers, which are returned; losses are counted from here on.

    SettingsError where no account has that name, StoreConflict if others keep winning the write.
    """
    account_named(ports.strategies.configuration(), account)
    for attempt in range(1, _ATTEMPTS + 1):
        state = ports.plans.state(account)
        if not state.breakers:
            return ()
        try:
            ports.plans.save_state(without_breakers(state))
        except StoreConflict:
            if attempt == _ATTEMPTS:
                raise
        else:
            return state.breakers
    return ()
