"""Where keys are handed in, looked at by their names, tried and removed."""

from typing import Any, Protocol

from chalicelib.domain.operation.key_acts import KeyAct


class KeyDesk(Protocol):
    """Whoever has the right to secrets; nothing that is in one ever comes back."""

    def do(self, act: KeyAct) -> dict[str, Any]:
        """What JSON can say of it. ActionRefused and SettingsError changed nothing.

        StoreUnavailable where it is not known whether it was done.
        """
        ...
