"""`python judge.py run` is `mutmut run` with the tests collected once: a mutant is a fork of that.

mutmut starts pytest anew for every mutant, and nearly all of the time goes into collecting tests.
It is no module of ours when it runs: the flat copy has a package `tests` of its own.
"""

from collections.abc import Iterable

import pytest
from mutmut.__main__ import cli
from mutmut.runners.harness import PytestRunner
from mutmut.utils.file_utils import change_cwd
from mutmut.workers import isolation


class CollectedTests(PytestRunner):
    """The tests of one session, of which every mutant runs its own in a process of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._tests: dict[str, pytest.Item] = {}

    def prepare_main_test_run(self) -> None:
        """Collect, in the process that the mutants are forked from."""
        with change_cwd("mutants"):
            self.execute_pytest(["--collect-only", "-q"], plugins=[self])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._tests = {item.nodeid: item for item in session.items}

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        """In the order they come, which is the quickest first, and until one fails."""
        if mutant_name is None:  # mutmut sees all tests pass, and fail, before there are mutants
            return isolation.run_in_fork(self._run, self._tests)
        return self._run(tests)

    def _run(self, tests: Iterable[str]) -> int:
        with change_cwd("mutants"):
            items = [self._tests[name] for name in tests]
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                if item.session.testsfailed:
                    return 1
        return 0


if __name__ == "__main__":
    isolation.PytestRunner = CollectedTests  # type: ignore[attr-defined]
    cli()
