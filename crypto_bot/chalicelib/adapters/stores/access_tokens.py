"""The tokens that open the API: names, roles and hashes; the tokens themselves are nowhere."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.operation.role import OWNER_NAME, AccessToken, Role
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

_PARTITION: Final = "control"
_SORT: Final = "owner-tokens"
_RETRIES: Final = 9

Edit = Callable[[tuple[AccessToken, ...]], tuple[AccessToken, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tokens:
    """`hashes` were written when there were owners only: they are the owner's, as they were."""

    hashes: tuple[str, ...] = ()
    tokens: tuple[AccessToken, ...] = ()


class TableAccessTokens:
    """`AccessTokenStore` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def tokens(self) -> tuple[AccessToken, ...]:
        """See `AccessTokenStore.tokens`."""
        return _stored(self._row())

    def change(self, edit: Edit) -> None:
        """See `AccessTokenStore.change`."""
        for _ in range(_RETRIES):
            with suppress(StoreConflict):
                return self._try(edit)
        return self._try(edit)

    def _try(self, edit: Edit) -> None:
        row = self._row()
        document = encode(_Tokens(tokens=edit(_stored(row))))
        version = 1 if row is None else row.version + 1
        self._table.write(
            [Row(partition=_PARTITION, sort=_SORT, document=document, version=version)]
        )

    def _row(self) -> Row | None:
        return self._table.get(_PARTITION, _SORT)


def _stored(row: Row | None) -> tuple[AccessToken, ...]:
    if row is None:
        return ()
    stored = decode(_Tokens, row.document)
    nameless = (AccessToken(name=OWNER_NAME, role=Role.OWNER, hash=h) for h in stored.hashes)
    return (*stored.tokens, *nameless)
