"""Each layer around a bot holds by itself, and where none can be had, it is said."""

import logging
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

import pytest

from chalicelib.adapters.sandboxes import process, system_calls
from chalicelib.adapters.sandboxes.sandbox import ProcessSandbox
from chalicelib.domain.bots.bot import set_up
from tests.hostile.bot_sources import PEACEFUL

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="namespaces and filters are Linux's")
PROBES = """
def tried(what):
    try:
        return "got " + repr(what())
    except OSError as error:
        return errno.errorcode[error.errno]
def sent():
    return _socket.socket(2, 2, 0).sendto(b"x", ("127.0.0.1", 9))
tries = [lambda: os.listdir("/proc"), lambda: open("/etc/passwd"), lambda: open("/made", "w"), sent]
os.write(1, " ".join(map(tried, tries)).encode())
"""


def within(lines: str, *, after: str = PROBES) -> str:
    """What a Python that ran these lines first can still do."""
    begin = f"import _socket, errno, os, sys; sys.path.insert(0, {str(ROOT / 'crypto_bot')!r})"
    code = f"{begin}\n{lines}\n{after}"
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not told.stderr, told.stderr
    return told.stdout


def test_without_any_layer_all_of_it_is_open() -> None:
    told = within("", after=PROBES.replace("/made", os.devnull)).split()
    assert told[0] == "got"
    assert "ENOENT" not in told
    assert "EPERM" not in told


@LINUX
@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="no known calls")
def test_the_filter_of_system_calls_alone() -> None:
    lines = "from chalicelib.adapters.sandboxes.system_calls import only_compute; only_compute()"
    assert within(lines) == "EPERM EPERM EPERM EPERM"


@LINUX
def test_namespaces_alone() -> None:
    told = within(
        "from chalicelib.adapters.sandboxes import namespaces\n"
        "try: namespaces.enter(2)\n"
        "except (namespaces.NotPossible, OSError) as error:\n"
        "    print('not possible:', error, flush=True)\n"
        "    sys.exit()"
    )
    if told.startswith("not possible"):
        pytest.skip(f"this system gives no namespaces: {told}")
    assert told == "ENOENT ENOENT EROFS ENETUNREACH"


@LINUX
def test_a_machine_whose_calls_are_not_known_is_not_guessed_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*name[:4], "mips")))
    with pytest.raises(system_calls.NotPossible, match="the system calls of mips are not known"):
        system_calls.only_compute()


def test_limits_that_are_stricter_already_stay() -> None:
    lines = (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (100, 200))\n"
        "from chalicelib.adapters.sandboxes.lockdown import lock_down\n"
        "sys.platform = 'other'; told = lock_down(2)"
    )
    after = "print(resource.getrlimit(resource.RLIMIT_CPU), len(told), told[-1])"
    assert within(lines, after=after) == (
        "(200, 200) 1 files, network and other processes are open to it, with the rights of the"
        " user that runs it (other has no namespaces; other has no filter of system calls)\n"
    )


def test_what_is_not_contained_whole_runs_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = f"import sys; sys.platform = 'other'; {process._PROGRAM}"  # noqa: SLF001
    monkeypatch.setattr(process, "_PROGRAM", elsewhere)
    with caplog.at_level(logging.WARNING), closing(ProcessSandbox()) as box:
        (setup,) = set_up(box(PEACEFUL, "mine"))
    assert setup.name == "Hostile"
    (line,) = caplog.messages
    assert line.startswith("mine is not contained whole: files, network and other processes are")


@LINUX
def test_a_bot_in_a_loop_does_not_outlive_a_program_that_is_killed() -> None:
    asks = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'crypto_bot')!r})\n"
        "from chalicelib.adapters.sandboxes.sandbox import ProcessSandbox\n"
        "ProcessSandbox(600.0)('while True: pass', 'endless')"
    )
    with subprocess.Popen([sys.executable, "-c", asks], stderr=subprocess.PIPE) as program:
        try:
            sandbox = _soon(lambda: _children(program.pid))
            if not (bots := _soon(lambda: _children(sandbox[0]), 10.0)):
                pytest.skip("this system gives no namespaces")
        finally:
            program.kill()
    _soon(lambda: not any(map(_is_alive, sandbox + bots)))
    assert [pid for pid in sandbox + bots if _is_alive(pid)] == []


def _soon(met: Callable[[], T], seconds: float = 60.0) -> T:
    end = monotonic() + seconds
    while not (found := met()) and monotonic() < end:
        sleep(0.05)
    return found


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False
