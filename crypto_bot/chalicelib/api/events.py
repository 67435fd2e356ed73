"""What wakes `tick`, whoever sent it: the schedule, the stream of urgent signals, or the owner."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from chalice.app import BaseLambdaEvent, EventSourceHandler
from typing_extensions import override

F = TypeVar("F", bound=Callable[..., Any])


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
