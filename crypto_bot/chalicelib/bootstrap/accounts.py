"""Where the keys of accounts and channels go, and what an exchange wants of them."""

from collections.abc import Sequence
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.venues import VIRTUAL
from chalicelib.domain.errors import ActionRefused, SettingsError
from chalicelib.ports import SecretVault

NO_RIGHT: Final = "the API on AWS has no right to any key"


def usual_secret(account: str) -> str:
    """The name of a secret whose owner has not chosen one."""
    return f"{bootstrap.settings().secret_prefix}{account}" if bootstrap.is_deployed() else account


def channel_secret(channel: str) -> str:
    """The name of the secret of a channel that was made here; no account's has it by accident."""
    return usual_secret(f"channel-{channel}")


def needed_keys(exchange: str, account: str) -> Sequence[str]:
    """Fields that the exchange cannot do without; none where nobody knows."""
    from chalicelib.adapters.venues.ccxt.connect import needed_fields
    from chalicelib.adapters.venues.custom import is_import_path

    if exchange == VIRTUAL:
        raise SettingsError(f"account {account} is virtual; it needs no keys")
    return needed_fields(exchange) if exchange and not is_import_path(exchange) else ()


def owners_vault(wanted: str) -> SecretVault:
    """ActionRefused in a function, which the whole world reaches: it has no right to any secret.

    `wanted` is the verb that does it from the owner's own machine.
    """
    if bootstrap.is_function():
        stage = bootstrap.settings().stage
        raise ActionRefused(
            f"{NO_RIGHT}; do it from your own machine: crypto-bot {wanted} --stage {stage}, or this"
            f" page as crypto-bot run --stage {stage} serves it. KEY_FUNCTIONS gives the stage a"
            " function for it (docs/secrets.md)"
        )
    return bootstrap.secrets()
