"""An authenticated alert that could not become a signal, kept so that the owner can mend it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedAlert:
    """`excerpt` is at most 512 characters with secrets blanked; `digest` identifies the body.

    `body` is all of it, secrets blanked too, for a replay; '' where nobody could read it,
    or take the secrets out.
    `opened` are the strategies for which its credential could speak.
    """

    id: str
    strategy: str
    received_at: datetime
    status: int
    reason: str
    excerpt: str
    digest: str
    body: str = ""
    opened: tuple[str, ...] = ()
