"""Jobs as verbs of the command line, each in a process that can be ended at any time."""

import logging
import subprocess
import sys
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory
from threading import RLock, Thread, Timer
from typing import IO, Final

from chalicelib.ports.clock import Clock
from chalicelib.ports.jobs import KEPT, Job, JobState, Task, check_room, told_to_page

_LOG = logging.getLogger(__name__)
_ROOT: Final = str(Path(__file__).parents[2])
_PROGRAM: Final = (
    "import sys; sys.path[0] = sys.argv.pop(1); from chalicelib.cli import main; main()"
)
_LINES: Final = 50
_ENDS_WITHIN: Final = 3.0  # seconds, before it is killed
_PROGRESS: Final = "progress "
_PRINTED: Final = "printed.txt"
_SENTENCES: Final = ("crypto-bot: ", "Error: ")


class JobProcesses:
    """See `Jobs`."""

    def __init__(self, clock: Clock, make_id: Callable[[], str]) -> None:
        self._clock = clock
        self._make_id = make_id
        self._jobs: OrderedDict[str, _Run] = OrderedDict()
        self._lock = RLock()

    def begin(self, task: Task) -> Job:
        """See `Jobs`."""
        with self._lock:
            jobs = [run.job for run in self._jobs.values()]
            check_room(job for job in jobs if job.state is JobState.RUNNING)
            job = Job(
                id=self._make_id(),
                kind=task.kind,
                about=dict(task.about),
                began_at=self._clock.now(),
            )
            run = _Run(job, task)
            run.begin()
            self._jobs[job.id] = run
            while len(self._jobs) > KEPT:
                self._forget_oldest()
            return job

    def get(self, job_id: str) -> Job | None:
        """See `Jobs`."""
        run = self._jobs.get(job_id)
        return None if run is None else run.job

    def all(self, kind: str) -> list[Job]:
        """See `Jobs`."""
        with self._lock:
            jobs = [run.job for run in self._jobs.values() if run.job.kind == kind]
        return jobs[::-1]

    def abort(self, job_id: str) -> Job | None:
        """See `Jobs`."""
        run = self._jobs.get(job_id)
        if run is None:
            return None
        run.end(JobState.ABORTED, "")
        return run.job

    def close(self) -> None:
        """See `Jobs`."""
        for run in list(self._jobs.values()):
            run.end(JobState.ABORTED, "")

    def _forget_oldest(self) -> None:
        """Of those that have ended."""
        for name, run in self._jobs.items():
            if run.job.state is not JobState.RUNNING:
                del self._jobs[name]
                return


class _Run:
    """One process, its folder, and a thread that reads what it says."""

    def __init__(self, job: Job, task: Task) -> None:
        self.job = job
        self._task = task
        self._said: deque[str] = deque(maxlen=_LINES)
        self._ended = JobState.DONE
        self._why = ""
        late = f"it took longer than {task.seconds:g} seconds, and was ended: try less at once"
        self._timer = Timer(task.seconds, self.end, (JobState.FAILED, late))
        self._timer.daemon = True
        self._folder = TemporaryDirectory(prefix="crypto-bot-")
        self._thread = Thread(target=self._follow, name=f"{job.kind} {job.id}", daemon=True)
        self._process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """It runs from now on."""
        for name, text in self._task.files.items():
            (Path(self._folder.name) / name).write_text(text, encoding="utf-8")
        with (Path(self._folder.name) / _PRINTED).open("wb") as printed:
            self._process = self._begun(printed)
        self._timer.start()
        self._thread.start()

    def _begun(self, printed: IO[bytes]) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-c", _PROGRAM, _ROOT, *self._task.words],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.PIPE,
            cwd=self._folder.name,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # the terminal's Ctrl-C is for the program that began it
        )

    def end(self, state: JobState, why: str) -> None:
        """Where it has not ended by itself; it is asked first, so that it ends what it began."""
        process = self._process
        if process is None or self.job.state is not JobState.RUNNING:
            return
        self._ended, self._why = state, why
        if process.poll() is None:
            process.send_signal(SIGINT) if sys.platform != "win32" else process.terminate()
            try:
                process.wait(_ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(_ENDS_WITHIN)

    def _follow(self) -> None:
        process = self._process
        assert process is not None  # noqa: S101 - begun before this thread
        assert process.stderr is not None  # noqa: S101 - a pipe was asked for
        self._read(process.stderr)
        code = process.wait()
        self._timer.cancel()
        process.stderr.close()
        try:
            self.job = self._concluded(code)
        except Exception:  # noqa: BLE001 - the one who waits is told, and the log has it
            _LOG.exception("what the %s came to cannot be read", self.job.kind)
            self.job = self._as(JobState.FAILED, "what it came to cannot be read; the log has why")
        finally:
            self._folder.cleanup()

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            if not line.startswith(_PROGRESS):
                self._said.append(line.rstrip("\n"))
                continue
            done, _, total = line.removeprefix(_PROGRESS).partition(" ")
            self.job = replace(self.job, done=int(done), total=int(total))

    def _concluded(self, code: int) -> Job:
        if self._ended is not JobState.DONE:
            return self._as(self._ended, self._why)
        text = self._left(_PRINTED) if self._task.says else self._left(self._task.result)
        if text:
            found = text.splitlines() if self._task.says else self._task.read(text)
            return replace(self._as(JobState.DONE, ""), result=found)
        if code == 0:
            return self._as(JobState.DONE, "")
        return self._as(JobState.FAILED, self._sentence(code))

    def _left(self, name: str) -> str:
        file = Path(self._folder.name) / name
        return file.read_text(encoding="utf-8") if name and file.exists() else ""

    def _as(self, state: JobState, error: str) -> Job:
        return replace(self.job, state=state, error=error)

    def _sentence(self, code: int) -> str:
        """What the verb said last; its options are fields to whoever reads this."""
        for line in reversed(self._said):
            for beginning in _SENTENCES:
                if line.startswith(beginning):
                    return told_to_page(line.removeprefix(beginning))
        _LOG.error("a %s ended with exit code %d: %s", self.job.kind, code, "\n".join(self._said))
        return f"it ended with exit code {code}; the log has what it said"
