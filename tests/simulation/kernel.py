"""Virtual time, and tasks that one seed schedules, freezes and kills.

A task is a greenlet of a process; every effect on the world goes through `Kernel.effect`, where
the task may be delayed, frozen, struck by a fault, or killed together with its whole process. A
killed process is abandoned: it is never resumed, and whatever its `finally` clauses try to do to
the world while its greenlets are collected does not happen.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Inexact, InvalidOperation, setcontext
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import inf
from random import Random
from typing import Final, Generic, TypeVar
from zlib import crc32

from greenlet import GreenletExit, getcurrent, greenlet

from tests.simulation.steps import KILL_WEIGHTS, SURVIVABLE

T = TypeVar("T")

# Seconds that one effect takes on its way there and back; picked by the seed.
LATENCIES: Final = (0.001, 0.005, 0.03, 0.1)
LONGEST_STALL: Final = 40.0
SEND_STALL: Final = 60.0  # times likelier where a permit may run out meanwhile

# Every task finds what ccxt may leave behind, and worse: whoever computes with it fails.
_AMBIENT: Final = Context(prec=28, rounding=ROUND_HALF_UP, traps=[Inexact, InvalidOperation])


class Killed(BaseException):
    """What a dead process meets when it touches the world."""


@dataclass(eq=False, slots=True)
class Process:
    """What lives and dies together; `deadline` is when whoever runs it ends it."""

    name: str
    started_at: float
    deadline: float = inf
    dead: bool = False
    tasks: list[greenlet] = field(default_factory=list)
    memory: set[object] = field(default_factory=set)  # what it has loaded and need not load again


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """How often, per effect, a process is killed or freezes, and a store or venue misbehaves."""

    kill: float = 0.0
    stall: float = 0.0
    store: float = 0.0
    venue: float = 0.0
    spared: frozenset[str] = frozenset()  # steps at which nothing is killed


class Kernel:
    """One schedule: the seed's dice, the time in seconds, and everything still to happen."""

    def __init__(self, seed: int, trouble: Trouble) -> None:
        self.dice = Random(seed)
        self.now = 0.0
        self.trouble = trouble
        self.effects = 0
        self.fingerprint = 0  # of every effect's name in order: equal for equal schedules
        self.kills: dict[str, int] = {}
        self.stalls = 0
        self.kill_at: int | None = None  # the number of a kill point, for exhaustive matrices
        self.kill_points = 0
        self.trace: Callable[[float, str, str], None] | None = None
        self.failures: list[tuple[Process, Exception]] = []
        self.process: Process | None = None  # whose task is at work; None: the world itself
        self._queue: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._hub = getcurrent()
        self._until = -inf  # how far tasks may go before `run` has the word again
        self._dead: list[greenlet] = []

    # --- what is to happen -----------------------------------------------------------------

    def at(self, time: float, act: Callable[[], object]) -> None:
        """Let it happen then; what shares a time happens in the order it was asked for."""
        heappush(self._queue, (time, next(self._order), act))

    def spawn(
        self, time: float, body: Callable[[], object], name: str, *, life: float | None = None
    ) -> None:
        """A process of its own, started then and ended `life` seconds later if still at work."""

        def start() -> None:
            process = Process(name, self.now, inf if life is None else self.now + life)
            self._start(process, body)

        self.at(time, start)

    def run(self, until: float) -> None:
        """Let everything happen that is due by then."""
        queue, self._until = self._queue, until
        while queue and queue[0][0] <= until:
            time, _, act = heappop(queue)
            self.now = max(self.now, time)
            act()
        self.now = max(self.now, until)
        self._collect()

    # --- the life of tasks -----------------------------------------------------------------

    def effect(
        self, name: str, apply: Callable[[], T], fault: Callable[[], None] | None = None
    ) -> T:
        """One read or write of the world, unless something comes between. `fault` is asked first
        and may raise instead of the effect.
        """
        if self.process is None:
            return apply()
        dies = self.reach(name)
        if fault is not None:
            fault()
        result = apply()
        if dies:
            self.end_after(name)
        return result

    def reach(self, name: str) -> bool:
        """Get there, after a while, unless the process ends before; whether it is to end after."""
        process = self.process
        if process is None:
            return False
        if process.dead:
            raise Killed
        self.effects += 1
        self._pause(process, name)
        self.fingerprint = crc32(name.encode(), self.fingerprint)
        dies = self._dies(name)
        if dies == "before":
            self._kill(process, f"{name} before")
        if self.trace is not None:
            self.trace(self.now, process.name, name)
        return dies == "after"

    def end_after(self, name: str) -> None:
        """The effect is done, and whoever did it will never know."""
        if self.process is not None:
            self._kill(self.process, f"{name} after")

    def travel(self, name: str) -> None:
        """One way to the world or back, which may take a while."""
        if self.process is not None:
            self._pause(self.process, name)

    def maybe_kill(self, point: str) -> None:
        """A point at which the process may end, within an effect that has more than two of them."""
        if self.process is not None and self._dies(point):
            self._kill(self.process, point)

    def _dies(self, name: str) -> str:
        """Whether the process ends at this step, before its effect or after it."""
        if self.kill_at is not None:
            self.kill_points += 2
            missing = self.kill_points - self.kill_at
            return ("after", "before")[missing] if 0 <= missing <= 1 else ""
        rate = self.trouble.kill
        if not rate or name in self.trouble.spared:
            return ""
        draw = self.dice.random()
        rate *= KILL_WEIGHTS.get(name, 1.0)
        if draw >= rate or draw >= SURVIVABLE:
            return ""
        rate = min(rate, SURVIVABLE)
        return "before" if draw < rate / 2 else "after"

    def sleep(self, seconds: float) -> None:
        """Wait in virtual time; the process may be ended meanwhile."""
        process = self.process
        if process is None:
            raise RuntimeError("only a task can sleep")
        self._wait(process, seconds)

    def run_all(self, tasks: Sequence[Callable[[], T]], limit: int) -> list[T]:
        """`Workers.run_all`, side by side in virtual time."""
        process = self.process
        if process is None or limit <= 1 or len(tasks) <= 1:
            return _in_line(tasks)
        batch = _Batch(list(tasks))
        parent = getcurrent()

        def work() -> None:
            setcontext(_AMBIENT.copy())
            with suppress(Killed):
                while batch.waiting and not process.dead:
                    batch.take_one()
            batch.at_work -= 1
            if batch.at_work == 0 and not process.dead:
                self.at(self.now, lambda: self._resume(process, parent))

        for _ in range(min(limit, len(tasks))):
            batch.at_work += 1
            child = greenlet(work, self._hub)
            process.tasks.append(child)
            self.at(self.now, partial(self._resume, process, child))
        self._hub.switch()
        if process.dead:
            raise Killed
        return batch.outcome()

    def _start(self, process: Process, body: Callable[[], object]) -> None:
        def run() -> None:
            setcontext(_AMBIENT.copy())
            try:
                body()
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001 - judged by whoever runs the schedule
                self.failures.append((process, error))

        task = greenlet(run, self._hub)
        process.tasks.append(task)
        self._resume(process, task)

    def _resume(self, process: Process, task: greenlet) -> None:
        if process.dead or task.dead:
            return
        if self.now > process.deadline:
            self._end(process)
            self.kills["deadline"] = self.kills.get("deadline", 0) + 1
            return
        self.process = process
        task.switch()
        self.process = None

    def _pause(self, process: Process, name: str) -> None:
        draw, stall = self.dice.random(), self.trouble.stall
        if name == "venue submit":
            stall *= SEND_STALL
        if draw >= stall:
            self._wait(process, LATENCIES[int(draw * 997) & 3])
            return
        self.stalls += 1
        if self.trace is not None:
            self.trace(self.now, process.name, f"{name}: frozen")
        self._wait(process, draw / stall * LONGEST_STALL)

    def _wait(self, process: Process, seconds: float) -> None:
        if process.dead:
            raise Killed
        time, queue = self.now + seconds, self._queue
        # Nobody else is due before: the task goes on at once, which spares two switches.
        if time <= self._until and time <= process.deadline and (not queue or queue[0][0] > time):
            self.now = time
            return
        self.at(time, partial(self._resume, process, getcurrent()))
        self._hub.switch()
        if process.dead:
            raise Killed

    def _kill(self, process: Process, step: str) -> None:
        self.kills[step] = self.kills.get(step, 0) + 1
        if self.trace is not None:
            self.trace(self.now, process.name, f"KILLED at {step}")
        self._end(process)
        self._hub.switch()
        raise Killed

    def _end(self, process: Process) -> None:
        process.dead = True
        self._dead.extend(process.tasks)
        process.tasks.clear()

    def _collect(self) -> None:
        """Unwind the greenlets of the dead; what they try on the way out is `Killed`."""
        dead, self._dead = self._dead, []
        for task in dead:
            if not task.dead:
                self.process = _GRAVE
                with suppress(Killed):
                    task.throw(GreenletExit)
                self.process = None


_GRAVE: Final = Process("the dead", 0.0, dead=True)


class _Batch(Generic[T]):
    """Tasks that several greenlets work off together."""

    def __init__(self, tasks: list[Callable[[], T]]) -> None:
        self.waiting = list(enumerate(tasks))[::-1]
        self.at_work = 0
        self._results: dict[int, T] = {}
        self._errors: dict[int, Exception] = {}

    def take_one(self) -> None:
        index, task = self.waiting.pop()
        try:
            self._results[index] = task()
        except Exception as error:  # noqa: BLE001 - raised in `outcome`, once the others ran
            self._errors[index] = error

    def outcome(self) -> list[T]:
        """Results in the order of the tasks, or the earliest task's error."""
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._results[index] for index in sorted(self._results)]


def _in_line(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """As `_Batch`, by one greenlet alone."""
    results, first = [], None
    for task in tasks:
        try:
            results.append(task())
        except Exception as error:  # noqa: BLE001 - raised below, once the others ran
            first = first or error
    if first is not None:
        raise first
    return results
