"""Pages of a list that a store hands out newest first, with what is not wanted left out."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

R = TypeVar("R")

# So many rows at most are looked through for one page: what is rare is found over several.
MOST_LOOKED_AT: Final = 250
_AT_ONCE: Final = 125


def found_on_page(
    read: Callable[[int, str | None], Sequence[tuple[str, R]]],
    limit: int,
    before: str | None,
    wanted: Callable[[R], bool] | None,
) -> tuple[list[R], str | None]:
    """At most `limit` rows, and where the next page begins; None when nothing is left.

    `read` is a store's `page`. With `wanted` a page may hold fewer rows although there are more.
    """
    found: list[R] = []
    place = before
    looked_at = 0
    while looked_at < MOST_LOOKED_AT:
        size = limit + 1 if wanted is None else _AT_ONCE
        rows = read(size, place)
        for at, record in rows:
            if len(found) == limit:
                return found, place
            place = at
            if wanted is None or wanted(record):
                found.append(record)
        if len(rows) < size:
            return found, None
        looked_at += len(rows)
    return found, place
