"""[candles, combinations] -> every combination tried, the best chosen and tried on what follows."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.sweep_ranking import heat_map, ranked
from chalicelib.domain.bots.sweep_report import Choice, Pair, Question, SweepReport, deflated
from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials
from chalicelib.domain.bots.sweep_windows import Span, Window
from chalicelib.ports.sweeps import TrialLog, TrialPool

_BEST: Final = 10
_CANDLES_A_BATCH: Final = 100_000  # a fraction of a second: so much is lost by Ctrl-C

Progress = Callable[[int, int], None]


def sweep_bot(
    question: Question, trials: Trials, pool: TrialPool, log: TrialLog, on_progress: Progress
) -> SweepReport:
    """What the log knows is not tried again. BotRefused where no combination ran."""
    desk = _Desk(pool, log, trials, on_progress)
    windows, combinations = question.windows, question.combinations
    insides = [Task(window.inside, each) for window in windows for each in combinations]
    resumed = desk.count_known(insides)
    desk.run(insides, len(insides) + len(windows) * min(_BEST, len(combinations)))
    best = [_ranked(desk, window, question)[:_BEST] for window in windows]
    outsides = [
        Task(window.outside, trial.task.parameters)
        for window, found in zip(windows, best, strict=True)
        for trial in found
    ]
    desk.run(outsides, len(insides) + len(outsides))
    choices = [
        _choice(desk, trials, window, found) for window, found in zip(windows, best, strict=True)
    ]
    tried = [desk.trial(task) for task in insides]
    return SweepReport(
        question=question,
        terms=trials.terms,
        candles=trials.candles,
        choices=choices,
        resumed=resumed,
        heat=heat_map(tried, question.axes, question.metric),
        failed=Counter(trial.trouble for trial in tried if trial.trouble),
    )


class _Desk:
    """What is known of the trials, and who does those that are not."""

    def __init__(
        self, pool: TrialPool, log: TrialLog, trials: Trials, on_progress: Progress
    ) -> None:
        length = sum(len(series.start) for series in trials.candles.values())
        self._pool = pool
        self._log = log
        self._told = on_progress
        self._done = 0
        self._batch = max(1, _CANDLES_A_BATCH // length)
        self._known = {_key(trial.task): trial for trial in log.known()}

    def count_known(self, tasks: Iterable[Task]) -> int:
        return sum(_key(task) in self._known for task in tasks)

    def run(self, tasks: Sequence[Task], total: int) -> None:
        missing = [task for task in tasks if _key(task) not in self._known]
        self._done += len(tasks) - len(missing)
        self._told(self._done, total)
        for trial in self._pool.run(missing, self._batch):
            self._log.add(trial)
            self._known[_key(trial.task)] = trial
            self._done += 1
            self._told(self._done, total)

    def trial(self, task: Task) -> Trial:
        return self._known[_key(task)]

    def all_on(self, span: Span) -> list[Trial]:
        """Those of earlier sweeps too: they were chosen from as well."""
        return [trial for trial in self._known.values() if trial.task.span == span]


def _ranked(desk: _Desk, window: Window, question: Question) -> list[Trial]:
    tried = [desk.trial(Task(window.inside, each)) for each in question.combinations]
    ran = [trial for trial in tried if not trial.trouble]
    if not ran:
        raise BotRefused(f"no combination ran; the first one: {tried[0].trouble}")
    return ranked(ran, question.metric)


def _choice(desk: _Desk, trials: Trials, window: Window, best: Sequence[Trial]) -> Choice:
    chosen = best[0].task
    outside = [desk.trial(Task(window.outside, trial.task.parameters)) for trial in best]
    tried = desk.all_on(window.inside)
    return Choice(
        window=window,
        trials=len(tried),
        best=[
            Pair(inner.task.parameters, inner.figures, outer.figures)
            for inner, outer in zip(best, outside, strict=True)
        ],
        deflated=deflated(trials.returns(chosen), tried),
        outside_returns=[] if outside[0].trouble else trials.returns(outside[0].task),
    )


def _key(task: Task) -> tuple[Span, tuple[tuple[str, float], ...]]:
    return task.span, tuple(sorted(task.parameters.items()))
