"""For the whole suite: no deadline for examples on slow machines, and no skip where all is there."""

import os

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CRYPTO_BOT_TEST_NO_SKIPS set, a skipped test fails the run: its component is missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("CRYPTO_BOT_TEST_NO_SKIPS"):  # noqa: TID251
        return
    skipped = reporter.stats.get("skipped", [])
    if skipped:
        reporter.write_line(f"{len(skipped)} skipped tests, and none may be skipped here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
