"""All that the result of a trial depends on, but its parameters and its span -> one short text."""

from array import array
from hashlib import sha256
from typing import Final

from chalicelib.domain.bots.sweep_trial import Trials

_LENGTH: Final = 16


def sweep_key(program: str, source: str, trials: Trials) -> str:
    """Another one where program, source, candles, rankings or the account's terms differ.

    Which of the bot's parameters are tried is no part of it, so a sweep may be widened.
    """
    digest = sha256()
    setup = trials.setup
    said = (program, source, setup.name, setup.instruments, str(setup.interval), setup.seed)
    known = [timeline.versions() for timeline in trials.views or ()]
    digest.update(repr((said, trials.terms, known)).encode())
    for symbol, series in sorted(trials.candles.items()):
        digest.update(symbol.encode())
        digest.update(array("q", series.start).tobytes())
        for column in series.prices:
            digest.update(array("d", column).tobytes())
    return digest.hexdigest()[:_LENGTH]
