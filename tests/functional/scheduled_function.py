"""The deployed function `tick` in a process of its own, called as often as the schedule could.

`python -m tests.functional.scheduled_function` prints what each call returns, until its stdin ends.
"""

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from threading import Event, Thread

import app

_PAUSE = 0.1


@dataclass(kw_only=True)
class _Context:
    aws_request_id: str
    log_stream_name: str = "2026/03/02/[$LATEST]schedule"
    end: float

    def get_remaining_time_in_millis(self) -> int:
        return int((self.end - time.monotonic()) * 1000)


def _main() -> None:
    stopping = Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        stopping.set()

    Thread(target=wait_for_the_end, daemon=True).start()
    for number in count(1):
        if stopping.wait(_PAUSE):
            return
        now = datetime.now(UTC).isoformat()  # noqa: TID251 - the schedule's own clock
        context = _Context(aws_request_id=f"request-{number}", end=time.monotonic() + 60)
        try:
            answer = app.tick({"source": "aws.events", "time": now}, context)
        except Exception as error:  # noqa: BLE001 - AWS counts it, and calls again
            answer = {"outcome": f"{type(error).__name__}: {error}"}
        sys.stderr.write(json.dumps(answer) + "\n")
        sys.stderr.flush()


if __name__ == "__main__":
    _main()
