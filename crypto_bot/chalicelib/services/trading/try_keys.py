"""The keys of a live account, tried before anybody trusts them: can they do too much?"""

from collections.abc import Mapping

from chalicelib.domain.errors import ExchangeError, SettingsError
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.ports import KeyPorts
from chalicelib.services.trading.ask_permissions import ask_permissions


def try_keys(ports: KeyPorts, account: Account, fields: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences about what they may do; none unless it is live: there is nothing to be withdrawn.

    SettingsError where the venue tells that they can withdraw, or cannot trade. A venue that cannot
    be asked is no reason to refuse them.
    """
    if account.mode is not Mode.LIVE:
        return ()
    state = ports.trading.plans.state(account.name)
    if state.is_blocked(ports.trading.clock.now()):
        return (f"the venue was not asked about the keys: {state.blocked_because}",)
    try:
        with ports.opened(account, fields) as exchange:
            ok, detail = ask_permissions(exchange, account.exchange)
    except (ExchangeError, SettingsError) as error:
        return (f"what the keys may do is not known: {error}",)
    if ok is False:
        raise SettingsError(f"account {account.name}: {detail}; nothing was stored")
    return (detail,)
