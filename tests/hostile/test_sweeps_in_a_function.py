"""Hostile bots in sweeps on AWS: the engine is theirs in that process, and nothing else is."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.adapters.sandboxes.function_trials import TrialsInFunction
from chalicelib.adapters.sandboxes.messages import written
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.sweep_asked import BotText
from chalicelib.domain.bots.sweep_figures import FIGURES
from chalicelib.domain.bots.sweep_trial import Task, Trial
from tests.bot_function import BotFunction
from tests.unit.bots.paper_market import BTC
from tests.unit.bots.test_trials_in_a_function import FILE, INSIDE, asked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="functions run on Linux")
TASK = Task(INSIDE, {})
GOOD = {"figures": dict.fromkeys(FIGURES, 1.5), "fills": 3, "trouble": ""}
BOT = """
import os, sys
from chalicelib.domain.bots import Bot

def tried(what):
    try:
        return repr(what())[:200]
    except BaseException as error:
        return "no: " + type(error).__name__

class Cross(Bot):
    instruments = ("BTC/USDT",)
    interval = "1h"

    def on_candle(self, ctx):
        BODY
"""


@pytest.fixture(scope="module")
def function() -> Iterator[BotFunction]:
    with pytest.MonkeyPatch.context() as patch:
        made = BotFunction()
        with made.serving(patch):
            yield made


def trials(function: BotFunction, body: str) -> list[Trial]:
    of, _ = asked("Cross", BTC)
    own = BotText(BOT.replace("BODY", body), FILE)
    return TrialsInFunction(of, own, function.caller())([TASK])


def told_by(function: BotFunction, *expressions: str) -> list[str]:
    """What a bot has found, by the one way out of a trial that takes words."""
    tries = ", ".join(f"tried(lambda: {each})" for each in expressions)
    [trial] = trials(function, f"raise ValueError('|'.join([{tries}]))")
    return trial.trouble.partition("ValueError: ")[2].split("|")


def answering(answer: bytes) -> str:
    return f"os.write(3, {answer!r}); os._exit(0)"


def test_no_network_no_process_no_file_no_key(function: BotFunction, tmp_path: Path) -> None:
    made, itself = tmp_path / "made.txt", os.getpid()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.01)
        told = told_by(
            function,
            f"__import__('_socket').socket(2, 1, 0).connect({server.getsockname()!r})",
            "os.fork()",
            f"open({str(made)!r}, 'w')",
            "open('/etc/passwd').read()",
            "os.listdir('/')",
            f"open('/proc/{itself}/environ').read()",
            f"os.kill({itself}, 9)",
            "__import__('boto3')",
            "dict(os.environ)",
        )
        assert [line[:4] for line in told[:-1]] == ["no: "] * 8
        assert told[-1] in {"environ({})", "{}", "{'LC_CTYPE': 'C.UTF-8'}"}
        with pytest.raises(TimeoutError):
            server.accept()
    assert not made.exists()


def test_figures_can_be_faked_as_where_its_owner_runs_it(function: BotFunction) -> None:
    [trial] = trials(function, answering(written(GOOD)))
    assert trial == Trial(TASK, GOOD["figures"], 3, "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "odd",
    [
        {**GOOD, "figures": {}},
        {**GOOD, "figures": {**dict.fromkeys(FIGURES, 1.5), "more": 1}},
        {**GOOD, "figures": {**dict.fromkeys(FIGURES), "sharpe": "1.5"}},
        {**GOOD, "figures": {**dict.fromkeys(FIGURES), "sharpe": 10**400}},
        {**GOOD, "fills": -1},
        {**GOOD, "fills": [1]},
        {"random": 0},
    ],
)
def test_what_no_trial_answers_is_no_trial(function: BotFunction, odd: object) -> None:
    with pytest.raises(BotFailed, match=r"^bots/mine.py: .*answer"):
        trials(function, answering(written(odd)))


def test_what_it_says_of_itself_is_cut_for_a_terminal(function: BotFunction) -> None:
    odd = written({**GOOD, "trouble": "\x1b[2Jred" + "x" * 5_000})
    [trial] = trials(function, answering(odd))
    assert trial.trouble.startswith(" [2Jred")
    assert (len(trial.trouble), trial.figures, trial.fills) == (1_000, {}, 0)


@pytest.mark.parametrize("body", [answering(b"nonsense\n"), "os._exit(0)", answering(b"[]\n")])
def test_who_answers_nothing_has_tried_nothing(function: BotFunction, body: str) -> None:
    with pytest.raises(BotFailed, match=r"^bots/mine\.py: "):
        trials(function, body)
