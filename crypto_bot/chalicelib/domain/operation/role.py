"""Who may do what over the API: a viewer looks, an owner acts, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hmac import compare_digest
from typing import Final

from chalicelib.domain.trading.alerts.tokens import MAXIMUM_LIVE_TOKENS

# What the owner's own token is called, and the tokens were that had no name yet.
OWNER_NAME: Final = "owner"


class Role(StrEnum):
    """What a token is good for."""

    VIEWER = "viewer"
    OWNER = "owner"

    def may(self, needed: "Role") -> bool:
        """Whether this role is enough where that one is needed."""
        return self is Role.OWNER or needed is Role.VIEWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who speaks: the name that the token was made for, and its role."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What is stored of a token: for whom, for what, and its hash. `made_at` None: not known."""

    name: str
    role: Role
    hash: str
    made_at: datetime | None = None


def holder_of_hash(offered: str, stored: Sequence[AccessToken]) -> Holder | None:
    """Whose token hashes to this; every stored one is compared, in constant time."""
    word = offered.encode("utf-8", "surrogatepass")
    found = [token for token in stored if compare_digest(word, token.hash.encode())]
    return Holder(name=found[0].name, role=found[0].role) if found else None


def with_new_token(
    stored: Sequence[AccessToken], made: AccessToken, *, revoke: bool
) -> tuple[AccessToken, ...]:
    """The newest first. The one that the same name had before stays valid, unless `revoke`."""
    mine = [token for token in stored if token.name == made.name]
    kept = [] if revoke else mine[: MAXIMUM_LIVE_TOKENS - 1]
    return (made, *kept, *(token for token in stored if token.name != made.name))
