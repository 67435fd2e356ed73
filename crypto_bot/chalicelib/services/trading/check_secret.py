"""Whether a secret that an account names is one of keys, before anything is done to it."""

from chalicelib.domain.errors import ActionRefused, SecretMissing, SettingsError
from chalicelib.domain.trading.exchange_keys import KNOWN_FIELDS
from chalicelib.ports import KeyPorts, SecretVault


def refuse_other_secret(
    ports: KeyPorts, vault: SecretVault, name: str, secret: str, *, is_known: bool
) -> None:
    """ActionRefused where the secret opens something that is no account.

    The name of an account that nobody has yet may lead there, and an account may name any secret.
    """
    opens = ports.opening().get(secret, "")
    if not opens and _holds_something_else(vault, secret, is_known=is_known):
        opens = "something that is no account"
    if opens:
        raise ActionRefused(
            f"the secret {secret} of account {name} opens {opens}; nothing was changed"
        )


def _holds_something_else(vault: SecretVault, secret: str, *, is_known: bool) -> bool:
    """An account that is there may have fields of its own, beside one that keys have."""
    vault.forget(secret)  # another process may have put it a moment ago
    try:
        held = vault.secret(secret).keys()
    except SecretMissing:
        return False
    except SettingsError:
        if is_known:  # what nobody can read, nobody opens anything with
            return False
        raise
    return bool(held) and not (held & KNOWN_FIELDS if is_known else held <= KNOWN_FIELDS)
