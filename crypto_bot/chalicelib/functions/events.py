"""What wakes the functions, whoever sent it.

`tick`: the schedule, the stream of urgent signals, or the owner. The stages of candles: their own
schedules, or one state machine in their place.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from chalice.app import BaseLambdaEvent, CloudWatchEvent, EventSourceHandler
from typing_extensions import override

from chalicelib import bootstrap

F = TypeVar("F", bound=Callable[..., Any])

_OWN_SCHEDULE: Final = "aws.events"


class TickEvent(BaseLambdaEvent):
    """`scheduled_at` is '' unless the schedule sent it; `records` are the stream's.

    `asks` is what an owner wants to know instead of a tick, '' for nothing.
    """

    context: Any

    @override
    def _extract_attributes(self, event_dict: dict[str, Any]) -> None:
        self.scheduled_at: str = event_dict.get("time", "")
        self.records: Sequence[Mapping[str, Any]] = event_dict.get("Records", ())
        self.asks: str = event_dict.get("check", "")


def taking(kind: type[BaseLambdaEvent]) -> Callable[[F], F]:
    """The function gets `kind`, whatever Chalice would make of its events.

    Chalice's schedules read the fields of a scheduled event before our code is asked, and raise on
    the records of a stream, which Terraform sends to the same function.
    """

    def change(handler: F) -> F:
        if not isinstance(handler, EventSourceHandler):
            raise TypeError(f"{handler!r} is no event function of Chalice")
        handler.event_class = kind
        return handler

    return change


def left_to_pipeline(event: CloudWatchEvent) -> dict[str, Any] | None:
    """The answer of a stage that its schedule woke where a state machine runs it; else None."""
    if bootstrap.settings().candle_stages_in_pipeline and event.source == _OWN_SCHEDULE:
        return {"outcome": "left to the pipeline"}
    return None


def time_left(event: CloudWatchEvent) -> timedelta:
    """Of the function's time."""
    context: Any = event.context
    return timedelta(milliseconds=context.get_remaining_time_in_millis())
