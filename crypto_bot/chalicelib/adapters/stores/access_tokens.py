"""The tokens that open the API: names, roles and hashes; the tokens themselves are nowhere."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.operation.role import OWNER_NAME, AccessToken, Role
from chalicelib.drivers.codec import decode, encode
from chalicelib.drivers.table import Row, Table

_PARTITION: Final = "control"
_SORT: Final = "owner-tokens"


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
        row = self._table.get(_PARTITION, _SORT)
        if row is None:
            return ()
        stored = decode(_Tokens, row.document)
        nameless = (AccessToken(name=OWNER_NAME, role=Role.OWNER, hash=h) for h in stored.hashes)
        return (*stored.tokens, *nameless)

    def save(self, tokens: tuple[AccessToken, ...]) -> None:
        """See `AccessTokenStore.save`."""
        document = encode(_Tokens(tokens=tokens))
        self._table.overwrite([Row(partition=_PARTITION, sort=_SORT, document=document, version=1)])
