"""'package.module:ClassName' -> an exchange of the owner's own, for venues outside ccxt.

The class is constructed with (account, secret, clock) and implements ports.Exchange.
"""

import importlib
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.errors import CryptoBotError, SettingsError
from chalicelib.domain.trading.account import Account
from chalicelib.ports import Clock, Exchange


def is_import_path(exchange: str) -> bool:
    """Whether an account's `exchange` names a class instead of a venue; 'a.b.C' will do as well."""
    return ":" in exchange or "." in exchange


def connect_custom(account: Account, secret: Mapping[str, str], clock: Clock) -> Exchange:
    """SettingsError when the class cannot be found, is no exchange, or does not let itself be made.

    What the class raises of ours goes through: it says more than we could.
    """
    found = _load(account)
    try:
        exchange: Exchange = found(account, secret, clock)
    except CryptoBotError:
        raise
    except Exception as error:
        raise SettingsError(
            f"account {account.name!r}: {account.exchange} cannot be made: its constructor raised "
            f"{type(error).__name__}: {error}"
        ) from error
    return exchange


def _load(account: Account) -> Any:
    path = account.exchange
    module_name, _, class_name = path.partition(":") if ":" in path else path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # an owner's own module may raise anything
        raise SettingsError(
            f"account {account.name!r}: exchange {account.exchange!r} names the module "
            f"{module_name!r}, which cannot be imported: {type(error).__name__}: {error}"
        ) from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        raise SettingsError(
            f"account {account.name!r}: the module {module_name!r} has no class {class_name!r}; "
            "exchange must read 'package.module:ClassName'"
        )
    missing = sorted(name for name in _methods() if not callable(getattr(found, name, None)))
    if missing:
        raise SettingsError(
            f"account {account.name!r}: {account.exchange} is no exchange, it lacks "
            f"{', '.join(missing)} (see Exchange in chalicelib/ports/venues.py)"
        )
    return found


def _methods() -> list[str]:
    return [name for name, value in vars(Exchange).items() if name[0] != "_" and callable(value)]
