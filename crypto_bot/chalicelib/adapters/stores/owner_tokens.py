"""What the owner's tokens hash to, where the bot is deployed and has no file to keep one in."""

from dataclasses import dataclass
from typing import Final

from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

_PARTITION: Final = "control"
_SORT: Final = "owner-tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OwnerTokens:
    hashes: tuple[str, ...]


class TableOwnerTokens:
    """`OwnerTokenStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def hashes(self) -> tuple[str, ...]:
        """See `OwnerTokenStore.hashes`."""
        row = self._table.get(_PARTITION, _SORT)
        return () if row is None else decode(_OwnerTokens, row.document).hashes

    def save(self, hashes: tuple[str, ...]) -> None:
        """See `OwnerTokenStore.save`."""
        document = encode(_OwnerTokens(hashes=hashes))
        self._table.overwrite([Row(partition=_PARTITION, sort=_SORT, document=document, version=1)])
