"""How far a verb is, on stderr, in lines for the program that started it."""

import time
from collections.abc import Callable
from typing import Final

import click

_EVERY: Final = 0.1  # seconds


def teller() -> Callable[[int, int], None]:
    """Told how many of how many are done, it says `progress DONE TOTAL` now and then."""
    said = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= _EVERY or done == total:
            said = now
            click.echo(f"progress {done} {total}", err=True)

    return tell
