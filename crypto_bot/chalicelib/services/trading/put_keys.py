"""The keys of one account, handed in: checked, tried where money is at stake, and kept."""

from dataclasses import dataclass

from chalicelib.domain.errors import ActionRefused, SettingsError
from chalicelib.domain.trading.configuration.values import is_name
from chalicelib.domain.trading.exchange_keys import checked_keys
from chalicelib.ports import KeyPorts
from chalicelib.services.trading.check_secret import refuse_other_secret
from chalicelib.services.trading.try_keys import try_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKeys:
    """`fields` are names. `shared_with` are other accounts that the secret opens.

    `notes` are sentences about what the keys may do.
    """

    secret: str
    fields: tuple[str, ...]
    shared_with: tuple[str, ...]
    notes: tuple[str, ...] = ()


def put_keys(
    ports: KeyPorts, name: str, given: object, exchange: str = "", *, dry_run: bool
) -> KeptKeys:
    """`exchange` is for an account that is yet to be added; any other has its own.

    SettingsError and ActionRefused change nothing, and repeat nothing of what was handed in. Keys
    of a live account that can withdraw or cannot trade, as the venue tells, are refused; where it
    cannot be asked, they are kept, and the notes say so.
    """
    vault = ports.vault(f"secrets put {name}")
    accounts = ports.trading.strategies.configuration().accounts
    known = accounts.get(name)
    if known is None and not is_name(name):
        raise SettingsError(
            f"the account's name is {name[:80]!r}, but must be up to 64 letters, digits, dots,"
            " dashes or underscores; nothing was stored"
        )
    venue = exchange if known is None else known.exchange
    fields = checked_keys(given, ports.needed(venue, name), name)
    secret = ports.usual(name) if known is None else known.secret
    if not secret:
        raise ActionRefused(
            f"account {name} names no secret; give it one with crypto-bot accounts apply"
        )
    refuse_other_secret(ports, vault, name, secret, is_known=known is not None)
    opened = [one for _, one in sorted(accounts.items()) if one.secret == secret]
    kept = KeptKeys(
        secret=secret,
        fields=tuple(fields),
        shared_with=tuple(one.name for one in opened if one.name != name),
        notes=tuple(note for one in opened for note in try_keys(ports, one, fields)),
    )
    if not dry_run:
        vault.put(secret, fields)
    return kept
