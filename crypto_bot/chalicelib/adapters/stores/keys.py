"""Names and times as parts of keys: they never run into each other, and their text sorts."""

from datetime import UTC, datetime
from functools import lru_cache

# Behind the time in every `at` stands "#"; this sorts after it and before any later time.
_AFTER_EVERY_ID = "~"


@lru_cache(maxsize=1024)  # a tick asks for the same few rows at every step
def key(*parts: str) -> str:
    """The parts joined by `#`; one that a part itself contains is written %23."""
    return "#".join(part.replace("%", "%25").replace("#", "%23") for part in parts)


def parts(text: str) -> list[str]:
    """What `key` was made of."""
    return [part.replace("%23", "#").replace("%25", "%") for part in text.split("#")]


def time_key(at: datetime) -> str:
    """27 characters that sort as the times do. ValueError for a time without a zone."""
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no zone; times are aware and UTC")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def moment(at: datetime, identity: str) -> str:
    """Where a row stands on a shelf that is ordered by time."""
    return f"{time_key(at)}#{identity}"


def until(at: datetime) -> str:
    """An upper bound that includes everything at this very instant."""
    return time_key(at) + _AFTER_EVERY_ID


def just_before(at: datetime) -> str:
    """A lower bound that includes everything at this very instant."""
    # Without its closing Z the text is the greatest prefix of this instant, above all earlier ones.
    return time_key(at).removesuffix("Z")


def earlier_than(at: datetime | None) -> str | None:
    """An upper bound that leaves out everything at this instant; None for none."""
    return None if at is None else time_key(at)
