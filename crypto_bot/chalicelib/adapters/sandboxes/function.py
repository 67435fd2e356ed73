"""The function's side of a bot on AWS: each invocation begins a process, asks it, and ends it.

It is given, as packing.py packs it:

    {"name": "mine 1.0",         what mistakes are said of
     "imports": ["math"],        what the source may import beside the bots' own package
     "seconds": 5,               for each answer
     "messages": [{"do": "bot", "source": "...", "name": "mine 1.0"},
                  {"do": "start", ...}, {"do": "candle", ...}, ...]}

The messages are those of child.py, one after the other to one process, and the answers those of the
process, which is begun for this invocation and ended with it: nothing of one is there for the next.

    {"answers": [...],           one for each message, up to the first that failed or was refused
     "lacking": []}              sentences: what could not be taken from the process

An answer that says {"failed": SENTENCE, "line": N} or {"refused": SENTENCE} is the last one.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from chalicelib.adapters.sandboxes.lockdown import MEMORY
from chalicelib.adapters.sandboxes.packing import packed, unpacked
from chalicelib.adapters.sandboxes.process import BotProcess
from chalicelib.domain.bots.refusals import BotFailed, BotRefused

_RESERVED: Final = 192 * 2**20  # bytes of the function's memory: its own, and of what is said
_LEAST: Final = 64 * 2**20
_KEPT_BACK: Final = 1.5  # seconds: to end the process and to pack what it said
_MOST_SAID: Final = 24_000_000  # bytes of all answers together


def converse(
    event: object, *, seconds: float, memory: int, environment: Mapping[str, str]
) -> Mapping[str, Any]:
    """The answer to this event, by a function that has so many seconds left, and bytes of memory.

    `environment` is what an interpreter needs there to begin. BotRefused for an event that is none.
    """
    asked = unpacked(event)
    until = monotonic() + seconds - _KEPT_BACK
    process = BotProcess(
        asked["name"],
        min(float(asked["seconds"]), seconds),
        [str(name) for name in asked["imports"]],
        memory=min(MEMORY, max(_LEAST, memory - _RESERVED)),
        environment=environment,
    )
    answers: list[Any] = []
    try:
        _ask(process, asked["messages"], answers, until)
    except BotFailed as error:
        answers.append({"failed": str(error), "line": error.line})
    finally:
        process.end()
    try:
        return packed({"answers": answers, "lacking": process.lacking})
    except BotRefused as error:
        told = {"failed": f"{process.name}: {error}", "line": 0}
        return packed({"answers": [told], "lacking": process.lacking})


def _ask(process: BotProcess, messages: list[Any], answers: list[Any], until: float) -> None:
    process.begin()
    said = 0
    for message in messages:
        left = until - monotonic()
        if left <= 0:
            raise BotFailed(f"{process.name}: it took all the time that its function has")
        answer = process.answer(message, left)
        answers.append(answer)
        if "failed" in answer or "refused" in answer:
            return
        said += len(str(answer))
        if said > _MOST_SAID:
            raise BotFailed(f"{process.name}: it answered with more than {_MOST_SAID} bytes")
