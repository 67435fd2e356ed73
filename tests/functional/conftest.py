"""Which tests of a module have run in this process: several processes may share them, in any way.

What a policy grants is held against what all of a module's tests have asked for.
"""

import pytest

_RAN: set[tuple[str, str]] = set()


def _name(item: pytest.Item) -> str:
    return str(getattr(item, "originalname", item.name))


@pytest.hookimpl
def pytest_runtest_call(item: pytest.Item) -> None:
    _RAN.add((item.path.name, _name(item)))


@pytest.fixture
def not_run_here(request: pytest.FixtureRequest) -> frozenset[str]:
    """The tests that stand above this one and have not run in this process."""
    file, mine = request.node.path.name, _name(request.node)
    names = [name for name in vars(request.module) if name.startswith("test_")]
    return frozenset(n for n in names[: names.index(mine)] if (file, n) not in _RAN)
