"""The keys of one account, removed; it stays, and can do nothing until it has others."""

from dataclasses import dataclass

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.account import Mode
from chalicelib.ports import KeyPorts
from chalicelib.services.trading.check_secret import refuse_other_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedKeys:
    """`shared_with` are other accounts that the secret opened."""

    secret: str
    shared_with: tuple[str, ...]


def unlink_keys(ports: KeyPorts, name: str, *, dry_run: bool) -> UnlinkedKeys:
    """ActionRefused where there is nothing to be removed, or where it opens something else, too."""
    vault = ports.vault(f"secrets remove {name}")
    accounts = ports.trading.strategies.configuration().accounts
    account = accounts.get(name)
    if account is None or not account.secret:
        raise ActionRefused(f"account {name} has no keys")
    if account.mode is Mode.VIRTUAL:
        raise ActionRefused(f"account {name} is virtual; it has no keys")
    refuse_other_secret(ports, vault, name, account.secret, is_known=True)
    if not dry_run:
        vault.remove(account.secret)
    others = (one.name for one in accounts.values() if one.secret == account.secret)
    return UnlinkedKeys(
        secret=account.secret, shared_with=tuple(sorted(n for n in others if n != name))
    )
