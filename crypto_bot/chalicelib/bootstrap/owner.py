"""Who may read: the holder of this run's token, or on AWS of one whose hash is stored."""

from hmac import compare_digest

from chalicelib import bootstrap
from chalicelib.ports import OwnerTokenStore


@bootstrap.made_once
def owner_tokens() -> OwnerTokenStore:
    """Of the stage."""
    from chalicelib.adapters.stores.owner_tokens import TableOwnerTokens

    return TableOwnerTokens(bootstrap.table())


def is_owner(token: str) -> bool:
    """Compared in constant time; nobody is, where there is no token."""
    expected = bootstrap.owner_token()
    if expected or not bootstrap.is_deployed():
        offered = token.encode("utf-8", "surrogateescape")
        return bool(expected) and compare_digest(offered, expected.encode())
    from chalicelib.domain.trading.alerts.tokens import hash_token, opens

    return opens(hash_token(token), owner_tokens().hashes())
