"""The function in which the code of bots runs: nothing of the rest of the program is used in it."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.bootstrap.sandbox import in_this_function

_MEGABYTE: Final = 2**20


def bot_sandbox(event: object, context: Any) -> Mapping[str, Any]:
    """What a bot answers; `adapters/sandboxes/function.py` has the shape of both."""
    return in_this_function(
        event,
        seconds=context.get_remaining_time_in_millis() / 1000,
        memory=int(context.memory_limit_in_mb) * _MEGABYTE,
    )
