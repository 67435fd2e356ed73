"""Which tests break the domain with mutmut, and the copy of the repository that they do it in."""

import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.mutation.decorated import without_decorators
from tests.mutation.domain_tests import DomainTests
from tests.mutation.flat_copy import UnknownModule, make_flat_copy

ROOT = Path(__file__).parents[2]


def laid_out(root: Path, **modules: str) -> DomainTests:
    """A repository of these modules; `__` stands for a slash."""
    for name, text in modules.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
    return DomainTests(root)


# --- which tests ----------------------------------------------------------------------------

MIXED = """
    import sqlite3
    import pytest
    from chalicelib.domain.money import plain
    from tests.floor import Floor
    from tests.situations import NOON

    @pytest.mark.slow
    def test_on_the_floor():
        Floor()

    def a_floor():
        return Floor

    HERE = a_floor()

    @pytest.fixture
    def here():
        return HERE

    class Deaf(Floor):
        pass

    def test_by_way_of_a_fixture(here): ...
    def test_by_way_of_a_value(): assert HERE
    def test_by_way_of_a_class(): Deaf()
    def test_on_a_file(): sqlite3.connect("x")
    def test_of_the_domain(): assert plain(NOON)
"""
PURE = "from chalicelib.domain.money import ZERO\nNOON = ZERO\n"
FLOOR = "from chalicelib.services.tick import tick\nclass Floor: ...\n"


def test_of_each_module_the_tests_of_the_domain_are_left(tmp_path: Path) -> None:
    found = laid_out(
        tmp_path, tests__unit__test_mixed=MIXED, tests__situations=PURE, tests__floor=FLOOR
    ).files()
    assert set(found) == {Path("tests/unit/test_mixed.py"), Path("tests/situations.py")}
    left = found[Path("tests/unit/test_mixed.py")]
    named = [line.split("(")[0] for line in left.splitlines() if line.startswith("def ")]
    assert named == ["def test_of_the_domain"]
    assert "slow" not in left
    assert left.count("\n") == textwrap.dedent(MIXED).count("\n")  # lines keep their numbers


@pytest.mark.parametrize(
    "text",
    [
        "from tests.floor import Floor\ndef test_it(): Floor()\n",
        "from chalicelib.settings import read\nimport chalicelib.domain.money\n"
        "def test_it(): read()\n",
        "def test_it(): assert 1 + 1\n",
        "from chalicelib.domain.money import plain\n",
    ],
)
def test_a_module_without_a_test_of_the_domain_is_left_out(tmp_path: Path, text: str) -> None:
    tests = laid_out(tmp_path, tests__property__test_it=text, tests__floor=FLOOR)
    assert tests.files() == {}


def test_a_helper_is_taken_along_by_either_way_of_importing_it(tmp_path: Path) -> None:
    text = """
        from chalicelib.domain.money import plain
        from tests import helper
        from tests.unit.odd import sums, NOTHING
        def test_it(): assert helper.NOON and sums.NOON and plain(NOTHING)
    """
    odd = tmp_path / "tests/unit/odd"
    odd.mkdir(parents=True)
    (odd / "__init__.py").write_text("NOTHING = 0\n", "utf-8")
    tests = laid_out(
        tmp_path, tests__unit__test_it=text, tests__helper=PURE, tests__unit__odd__sums=PURE
    )
    found = tests.files()
    assert {path.relative_to("tests").as_posix() for path in found} == {
        "helper.py",
        "unit/odd/__init__.py",
        "unit/odd/sums.py",
        "unit/test_it.py",
    }


# --- the copy -------------------------------------------------------------------------------


def test_the_copy_holds_the_domain_its_tests_and_little_else() -> None:
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        sources = make_flat_copy(ROOT, copy, "trading/netting")
        copied = {path.relative_to(copy) for path in copy.rglob("*.py")}
        settings = (copy / "pyproject.toml").read_text("utf-8")
        examples = (copy / "tests/property/test_netting.py").read_text("utf-8")
    assert sources == [Path("chalicelib/domain/trading/netting.py")]
    assert Path("chalicelib/domain/trading/netting.py") in copied
    assert Path("tests/property/test_netting.py") in copied
    assert {p.parts[1] for p in copied if p.parts[0] == "chalicelib"} == {"__init__.py", "domain"}
    assert 'only_mutate = ["chalicelib/domain/trading/netting.py"]' in settings
    assert "max_examples=15" in examples


def test_a_whole_copy_breaks_every_module(tmp_path: Path) -> None:
    for name in ("money", "market/candle", "trading/plan"):
        path = tmp_path / "crypto_bot/chalicelib/domain" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for folder in ("docs", "tests/fixtures"):
        (tmp_path / folder).mkdir(parents=True)
    sources = make_flat_copy(tmp_path, tmp_path / "copy")
    assert [path.relative_to("chalicelib/domain").as_posix() for path in sources] == [
        "market/candle.py",
        "money.py",
        "trading/plan.py",
    ]


DECORATED = """
from functools import cache, cached_property, lru_cache, wraps

class Lot:
    quantity = 2

    @property
    def is_empty(self):
        if self.quantity:
            return False
        return True

    @cached_property
    def double(self): return self.quantity * 2

    @classmethod
    def of(cls): return cls()

@lru_cache(maxsize=7)
def a_lot(): return Lot.of()

@wraps(a_lot)
def another(): return Lot.of()

@cache
@cache
def twice(): return 2
"""


def test_what_has_a_decorator_does_the_same_without_and_remembers_nothing() -> None:
    text = without_decorators(DECORATED)
    assert [line for line in text.splitlines() if line.lstrip().startswith("@")] == [
        "    @classmethod",
        "@cache",
        "@cache",
    ]
    made: dict[str, Any] = {}
    exec(text, made)  # noqa: S102 - it stands above
    lot = made["a_lot"]()
    assert made["a_lot"]() is not lot
    assert (lot.is_empty, lot.double) == (False, 4)
    lot.quantity = 0
    assert (lot.is_empty, lot.double) == (True, 0)
    assert made["another"].__wrapped__ is made["a_lot"]


@pytest.mark.parametrize("name", ["nothing", "redaction", "trading"])
def test_a_module_that_is_not_one_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownModule, match=f"^'{name}' must be one file of the domain: one of "):
        make_flat_copy(ROOT, tmp_path / "copy", name)
