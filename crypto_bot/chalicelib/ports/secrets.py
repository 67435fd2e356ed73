"""What opens an exchange or a channel, and what opens this bot to its owner."""

from collections.abc import Mapping
from typing import Protocol


class SecretStore(Protocol):
    """Exchange keys and the like; values never appear in errors or logs."""

    def secret(self, name: str) -> Mapping[str, str]:
        """Fields of a secret. SettingsError names the secret when missing or malformed."""
        ...

    def forget(self, name: str) -> None:
        """Read the secret from where it is kept when it is asked for next."""
        ...


class SecretVault(SecretStore, Protocol):
    """Where an owner puts secrets; no function does."""

    def put(self, name: str, fields: Mapping[str, str]) -> None:
        """From now on these fields. SettingsError where they cannot be kept."""
        ...


class OwnerTokenStore(Protocol):
    """What the owner's tokens hash to; the tokens themselves are stored nowhere."""

    def hashes(self) -> tuple[str, ...]:
        """The newest first; none where the owner has made none."""
        ...

    def save(self, hashes: tuple[str, ...]) -> None:
        """From now on these, and no others."""
        ...
