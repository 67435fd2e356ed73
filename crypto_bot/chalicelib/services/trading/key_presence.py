"""[secret store] -> whether an account's keys are there, by the names of their fields alone."""

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.ports import SecretStore


class Presence(StrEnum):
    """NOT_TOLD: whoever asks has no right to look."""

    NOT_NEEDED = "not needed"
    PRESENT = "present"
    MISSING = "missing"
    NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPresence:
    """`fields` are the names of those that have a value; `told` says what is wrong, if anything."""

    presence: Presence
    fields: tuple[str, ...] = ()
    told: str = ""


def key_presence(account: Account, secrets: SecretStore | None) -> KeyPresence:
    """Nothing of a value leaves this function. `secrets` None: nobody may look."""
    if account.mode is Mode.VIRTUAL:
        return KeyPresence(presence=Presence.NOT_NEEDED)
    if secrets is None:
        return KeyPresence(
            presence=Presence.NOT_TOLD,
            told="the API on AWS may not look; crypto-bot doctor --stage tells it",
        )
    return presence_of(account.secret, secrets)


def presence_of(secret: str, secrets: SecretStore) -> KeyPresence:
    """As `key_presence`, of any secret."""
    try:
        found = secrets.secret(secret)
    except SettingsError as error:
        return KeyPresence(presence=Presence.MISSING, told=str(error))
    fields = tuple(name for name, value in found.items() if value)
    if not fields:
        return KeyPresence(presence=Presence.MISSING, told=f"the secret {secret} has no fields")
    return KeyPresence(presence=Presence.PRESENT, fields=fields)
