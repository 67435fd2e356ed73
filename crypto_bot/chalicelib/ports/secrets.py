"""What opens an exchange or a channel."""

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
    """Where secrets are put: by an owner, and of the functions by the one for keys alone."""

    def put(self, name: str, fields: Mapping[str, str]) -> None:
        """From now on these fields. SettingsError where they cannot be kept."""
        ...

    def remove(self, name: str) -> None:
        """Nobody reads its fields any more. Nothing happens where there is none."""
        ...
