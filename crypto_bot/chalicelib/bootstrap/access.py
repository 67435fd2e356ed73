"""Who may use the API: the holder of this run's own token, or of one whose hash is stored."""

from hmac import compare_digest

from chalicelib import bootstrap
from chalicelib.domain.operation.role import OWNER_NAME, Holder, Role, holder_of_hash
from chalicelib.ports.access import AccessTokenStore, DeedStore

_SCHEME = "Bearer "


@bootstrap.made_once
def access_tokens() -> AccessTokenStore:
    """Of the home folder, or of the stage."""
    from chalicelib.adapters.stores.access_tokens import TableAccessTokens

    return TableAccessTokens(bootstrap.table())


@bootstrap.made_once
def deeds() -> DeedStore:
    """What was done over the API."""
    from chalicelib.adapters.stores.deeds import TableDeedStore

    return TableDeedStore(bootstrap.table())


def may_send_more(authorization: str) -> bool:
    """Whether the sender of this header may send sources and lists of trades: with the run's own
    token alone. Others are in a store, and the thread that takes all alerts waits for none.
    """
    token = authorization.removeprefix(_SCHEME)
    return token != authorization and _is_own(token)


def holder_of(token: str) -> Holder | None:
    """Whose token it is; nobody's, where there is none. Compared in constant time."""
    if _is_own(token):
        return Holder(name=OWNER_NAME, role=Role.OWNER)
    if not token:
        return None
    from chalicelib.domain.trading.alerts.tokens import hash_token

    return holder_of_hash(hash_token(token), access_tokens().tokens())


def _is_own(token: str) -> bool:
    expected = bootstrap.owner_token()
    offered = token.encode("utf-8", "surrogateescape")
    return bool(expected) and compare_digest(offered, expected.encode())
