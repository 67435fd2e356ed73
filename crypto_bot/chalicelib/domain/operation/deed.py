"""What somebody with a token did, or tried: written down before it is done, and again after."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from chalicelib.domain.operation.role import Holder, Role

_TROUBLE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One act over the API. `status` 0: begun, and nobody knows yet how it ended. 500 and above:
    it met with trouble, and nobody knows how much of it was done.

    `act` is the method with the route's template, `about` what stood in its place, `said` the
    fields of the body but those that are secret. `digest` tells whether it is the same request.
    `answer` is what was answered, for whoever asks again with the same key.
    """

    id: str
    at: datetime
    who: str
    role: Role
    act: str
    about: dict[str, str]
    said: str
    digest: str
    status: int = 0
    outcome: str = ""
    answer: str = ""
    ended_at: datetime | None = None
    version: int = 1

    @property
    def is_over(self) -> bool:
        """Whether it is known how it ended."""
        return 0 < self.status < _TROUBLE

    def ended(self, status: int, outcome: str, answer: str, at: datetime) -> "Deed":
        """The deed once it was answered."""
        return replace(self, status=status, outcome=outcome, answer=answer, ended_at=at)


def deed_id(holder: Holder, key: str) -> str:
    """The same for the same holder and Idempotency-Key, so that a repetition finds the first."""
    parts = (holder.name, key)
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
