"""Pure work on data that may be odd: tried, and what it raises kept for whoever mends it.

For decisions only. What asks a venue or writes to a store fails in its own ways, and stays outside.
"""

from collections.abc import Callable
from pathlib import PurePath
from typing import Final, TypeVar

T = TypeVar("T")

_LONGEST: Final = 200


def attempted(act: Callable[[], T]) -> T | Exception:
    """What it returns, or what it raises: pure work raises nothing on purpose."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - whatever it is, the rest of the account goes on
        return error


def in_words(error: Exception) -> str:
    """With the line of code, which is what whoever mends it asks for first."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    text = f"{type(error).__name__}: {error}"[:_LONGEST]
    if place is None:
        return text
    return f"{text} ({PurePath(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno})"
