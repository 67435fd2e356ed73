"""Once a day, at the owner's hour: what became of the day's alerts, and what waits."""

from datetime import timedelta
from typing import Final

from chalicelib.domain.operation.channel import Notifications
from chalicelib.domain.operation.notice import Notice
from chalicelib.domain.operation.observation import Observation
from chalicelib.domain.operation.summary import summary_of
from chalicelib.ports import TradingPorts

_DAY: Final = timedelta(days=1)
_MOST: Final = 1_000


def sum_up_day(
    ports: TradingPorts, seen: Observation, notifications: Notifications
) -> Notice | None:
    """The summary of the last 24 hours; None until its hour comes, and once it was given."""
    hour, last = notifications.summary_hour, seen.watch.summed_up
    if hour is None or seen.at.hour < hour or (last is not None and last >= seen.at.date()):
        return None
    signals = ports.signals.recent(_MOST)
    of_the_day = [signal for signal in signals if seen.at - signal.received_at < _DAY]
    return summary_of(seen, of_the_day, at_least=len(of_the_day) == _MOST)
