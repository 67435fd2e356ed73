"""What a set of exchange keys may do, as far as the venue tells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPermissions:
    """None where the venue does not say. `only_from_addresses`: other addresses are refused."""

    trade: bool | None = None
    withdraw: bool | None = None
    transfer: bool | None = None
    only_from_addresses: bool | None = None

    def too_much(self) -> list[str]:
        """Permissions that this program never needs, and a thief would want."""
        granted = {"withdrawals": self.withdraw, "transfers": self.transfer}
        return [name for name, is_granted in granted.items() if is_granted]
