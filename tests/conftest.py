"""For the whole suite: the package on every path, no deadlines, and no skips where told."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")

# Programs that tests start find the package too, installed or not.
PACKAGE = str(Path(__file__).parents[1] / "crypto_bot")
os.environ["PYTHONPATH"] = os.pathsep.join(  # noqa: TID251
    filter(None, (PACKAGE, os.environ.get("PYTHONPATH", "")))  # noqa: TID251
)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CRYPTO_BOT_TEST_NO_SKIPS set, a skipped test fails the run: its component is missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("CRYPTO_BOT_TEST_NO_SKIPS"):  # noqa: TID251
        return
    skipped = reporter.stats.get("skipped", [])
    if skipped:
        reporter.write_line(f"{len(skipped)} skipped tests, and none may be skipped here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
