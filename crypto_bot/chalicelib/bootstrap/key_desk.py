"""Who does what there is to do with keys: this process, or on AWS the stage's function for it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.accounts import (
    NO_RIGHT,
    channel_secret,
    needed_keys,
    owners_vault,
    usual_secret,
)
from chalicelib.bootstrap.operation import operation
from chalicelib.domain.deployment.key_functions import TEND_KEYS
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.operation.key_acts import AddAccount, KeyAct
from chalicelib.domain.trading.account import Account
from chalicelib.ports import Exchange, KeyDesk, KeyPorts, SecretVault
from chalicelib.services.operation.tend_keys import tend_keys

# The function has ended by then, and the gateway gives up after 29 seconds.
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 2.0, "read_timeout": 25.0, "attempts": 1}
_FORM: Final = frozenset({"exchange", "mode", "quote", "secret", "capital", "policy"})


def key_desk(*, needs_keys: bool = True) -> KeyDesk:
    """Of the routes. A function on AWS asks another one, or refuses where the stage has none."""
    if needs_keys and bootstrap.is_function() and not keys_refusal():
        return _function_desk()
    return KeysHere(owners_vault)


def keys_refusal() -> str:
    """Why no keys can be handed in here; '' where they can."""
    if not bootstrap.is_function() or TEND_KEYS in bootstrap.settings().key_functions:
        return ""
    return f"{NO_RIGHT}, and this stage has no function for them: see docs/secrets.md"


@bootstrap.made_once
def _function_desk() -> KeyDesk:
    from chalicelib.adapters.key_function import FunctionKeyDesk
    from chalicelib.domain.deployment.policies import deployed_name

    name = deployed_name(TEND_KEYS, bootstrap.settings().stage)
    return FunctionKeyDesk(bootstrap.aws("lambda", **_PATIENCE), name)


@dataclass(frozen=True, slots=True)
class KeysHere:
    """ports.KeyDesk, with the rights of this process. `vault` is that of KeyPorts."""

    vault: Callable[[str], SecretVault]

    def do(self, act: KeyAct) -> dict[str, Any]:
        """See `KeyDesk.do`."""
        settings = bootstrap.settings()
        table = {settings.table_secret: "the table of summaries"} if settings.table_secret else {}
        return tend_keys(
            KeyPorts(
                operation=operation(),
                vault=self.vault,
                needed=needed_keys,
                usual=usual_secret,
                of_channel=channel_secret,
                taken=table,
                opened=_opened,
                live_refusal=settings.live_refusal,
            ),
            act,
        )


def refuse_unlike_a_form(act: KeyAct) -> None:
    """ActionRefused for what no form adds: options of an exchange, and code of the owner's own.

    A caller of the function may be anybody who has got hold of the API's rights.
    """
    from chalicelib.adapters.venues.custom import is_import_path

    if isinstance(act, AddAccount) and (
        not act.fields.keys() <= _FORM or is_import_path(act.fields.get("exchange", ""))
    ):
        raise ActionRefused(
            f"account {act.name} is more than a form can say; crypto-bot accounts apply FILE adds"
            f" it to stage {bootstrap.settings().stage}"
        )


@contextmanager
def _opened(account: Account, fields: Mapping[str, str]) -> Iterator[Exchange]:
    """With these keys and no others, which are nowhere yet."""
    from chalicelib.bootstrap.venues import Venues

    venues = Venues(
        settings=bootstrap.settings(),
        table=bootstrap.table,
        clock=bootstrap.clock(),
        secrets=lambda: _Given(fields),
        configuration=bootstrap.strategies().configuration,
    )
    with closing(venues):
        yield venues.open(account)


@dataclass(frozen=True, slots=True, repr=False)
class _Given:
    """ports.SecretStore of what was handed in."""

    fields: Mapping[str, str]

    def secret(self, _name: str) -> Mapping[str, str]:
        return self.fields

    def forget(self, _name: str) -> None:
        """There is nowhere else to read it from."""
