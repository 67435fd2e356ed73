"""The script of what goes wrong: which request, in which way, before or after acceptance."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tests.venues.loopback import Request


class FaultKind(StrEnum):
    CUT = "cut"  # the socket closes without an answer
    HANG = "hang"  # nothing for `seconds`, then the socket closes
    LATE = "late"  # nothing for `seconds`, then the venue reads the request and answers
    ERROR_500 = "500"
    ERROR_503 = "503"
    ERROR_502 = "502"  # HTML from a proxy
    RATE_LIMIT = "429"
    BAN = "418"
    GARBAGE = "garbage"  # 200 with a body that is no JSON
    INVISIBLE = "invisible"  # accepted, but no lookup shows the order for `seconds`
    PARTIAL_FILL = "partial_fill"  # at most `fraction` of the order trades at once


@dataclass(slots=True, kw_only=True)
class Fault:
    """Hits `times` requests in a row, from the `nth` that matches on; `after` = after acceptance.

    `after` has no meaning for LATE, INVISIBLE and PARTIAL_FILL.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    after: bool = False
    nth: int = 1
    times: int = 1
    seconds: float = 3.0
    fraction: Decimal = Decimal("0.5")
    seen: int = 0

    def hits(self, request: Request) -> bool:
        """Counts the request where it matches."""
        if self.method not in ("", request.method) or not request.path.startswith(self.path):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    @property
    def spent(self) -> bool:
        return self.seen >= self.nth + self.times - 1


def fault_from_json(given: Mapping[str, Any]) -> Fault:
    """Fields as in `Fault`; only `kind` must be there."""
    fields = dict(given)
    fields["kind"] = FaultKind(str(fields["kind"]))
    if "seconds" in fields:
        fields["seconds"] = float(fields["seconds"])
    if "fraction" in fields:
        fields["fraction"] = Decimal(fields["fraction"])
    return Fault(**fields)
