"""What the owner has to know of keys that were changed over the API of a stage."""

from datetime import datetime

from chalicelib.domain.operation.notice import Notice, Severity


def keys_changed(done: str, by: str, at: datetime) -> Notice:
    """`done` is what the answer says. Whoever has stolen a token is found out by it."""
    return Notice(
        key=f"keys {at.isoformat()} {done}",
        severity=Severity.P1,
        sentence=(
            f"with the token {by}, over the API: {done}. If that was not you, make a new token"
            " (crypto-bot owner-token, or tokens), and new keys at the exchange"
        ),
        at=at,
    )
