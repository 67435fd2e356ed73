"""The owner works on an account by hand, and no tick works on it meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.desk import Desk, open_desk

_LONGEST_WORK: Final = timedelta(seconds=60)


@contextmanager
def owner_desk(ports: TradingPorts, account: str, owner: str) -> Iterator[Desk]:
    """The account's desk under its lease. ActionRefused while a tick has it, or the venue rests.

    SettingsError for an account that is not configured.
    """
    configuration = ports.strategies.configuration()
    found = account_named(configuration, account)
    now = ports.clock.now()
    state = ports.plans.state(account)
    if state.is_blocked(now):
        raise ActionRefused(
            f"account {account} is blocked ({state.blocked_because}); try again after that"
        )
    lease = ports.control.acquire(account, owner, now, _LONGEST_WORK)
    if lease is None:
        raise ActionRefused(f"a tick works on account {account} just now; try again")
    try:
        yield open_desk(ports, found, configuration)
    finally:
        ports.control.release(lease)
