"""For the whole suite: the package on every path, no deadlines, no skips where told, no leaks."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import watch

settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")

# Programs that tests start find the package too, installed or not.
PACKAGE = str(Path(__file__).parents[1] / "crypto_bot")
os.environ["PYTHONPATH"] = os.pathsep.join(  # noqa: TID251
    filter(None, (PACKAGE, os.environ.get("PYTHONPATH", "")))  # noqa: TID251
)

# Everything talks as much as it can, so that the watch hears what it would say.
os.environ.setdefault("LOG_LEVEL", "DEBUG")  # noqa: TID251
watch.start()

# A run that was begun in the background ignores Ctrl-C, and so would all that it is pressed for.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at what came out of the phase that has just ended."""
    report = yield
    watch.judge(item, report)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CRYPTO_BOT_TEST_NO_SKIPS set, a skipped test fails the run: its component is missing.

    CRYPTO_BOT_TEST_MAY_SKIP is a word that the reason of a skip may hold all the same.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("CRYPTO_BOT_TEST_NO_SKIPS"):  # noqa: TID251
        return
    allowed = os.environ.get("CRYPTO_BOT_TEST_MAY_SKIP")  # noqa: TID251
    skipped = [
        report
        for report in reporter.stats.get("skipped", [])
        if not (allowed and allowed in str(report.longrepr))
    ]
    if skipped:
        reporter.write_line(f"{len(skipped)} skipped tests, and none may be skipped here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
