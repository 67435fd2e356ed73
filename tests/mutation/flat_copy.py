"""The repository -> one tree of plain imports: the domain, its tests, and mutmut's settings.

mutmut calls a mutant by the path of its file and looks for it under the module that the tests
import: both agree only where the package lies beside the tests.
"""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.mutation.decorated import without_decorators
from tests.mutation.domain_tests import DomainTests

# Enough to find what a mutant broke, few enough for ten thousand mutants.
_EXAMPLES: Final = 15

_CONFTEST: Final = '''"""The same examples each time, and none made smaller: failing is enough."""

from hypothesis import Phase, settings

settings.register_profile(
    "mutation",
    database=None,
    deadline=None,
    derandomize=True,
    max_examples={examples},
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("mutation")
'''

# Tests run in forks of one pytest session, without what a fork does not need or cannot use.
_SETTINGS: Final = """[tool.pytest]
testpaths = ["tests"]
pythonpath = ["."]
strict = true
addopts = [
    "--import-mode=importlib", "--assert=plain",
    "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider", "-p", "no:terminalreporter",
    "-p", "no:logging", "-p", "no:junitxml", "-p", "no:pastebin", "-p", "no:doctest",
    "-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:faulthandler",
    "-p", "no:warnings", "-p", "no:stepwise", "-p", "no:setuponly", "-p", "no:setupplan",
    "-p", "no:capture",
]
markers = ["slow: as in the repository"]

[tool.mutmut]
source_paths = ["chalicelib"]
also_copy = ["docs", {beside}]
only_mutate = [{sources}]
use_git_change_detection = false
on_dependency_change = "ignore"
timeout_multiplier = 6.0
"""


class UnknownModule(ValueError):
    """No file of the domain is called like that."""


def make_flat_copy(root: Path, to: Path, module: str = "") -> list[Path]:
    """Lay the copy of `root` there and return which sources are mutated: all, or one by its name.

    `module` is a file's path below domain/ without `.py`, or as much of its end as is unique.
    """
    package = root / "crypto_bot" / "chalicelib"
    sources = _sources(package / "domain", module)
    shutil.rmtree(to, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package / "domain", to / "chalicelib" / "domain", ignore=ignored)
    for source in (to / "chalicelib").rglob("*.py"):
        source.write_text(without_decorators(source.read_text("utf-8")), "utf-8")
    (to / "chalicelib" / "__init__.py").touch()  # the domain needs nothing of the package's own
    shutil.copytree(root / "docs", to / "docs")
    beside = sorted(root.glob("*.toml"))  # of which tests read some, as they do docs
    for path in beside:
        shutil.copy(path, to)
    shutil.copytree(root / "tests" / "fixtures", to / "tests" / "fixtures")
    for path, text in DomainTests(root).files().items():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).write_text(_with_few_examples(text), "utf-8")
    (to / "tests" / "conftest.py").write_text(_CONFTEST.format(examples=_EXAMPLES), "utf-8")
    mutated = [source.relative_to(package.parent) for source in sources]
    settings = _SETTINGS.format(
        sources=_quoted(source.as_posix() for source in mutated),
        beside=_quoted(path.name for path in beside),
    )
    (to / "pyproject.toml").write_text(settings, "utf-8")
    return mutated


def _sources(domain: Path, module: str) -> list[Path]:
    sources = sorted(path for path in domain.rglob("*.py") if path.name != "__init__.py")
    if not module:
        return sources
    wanted = ("/" + module.removesuffix(".py")).replace("//", "/")
    found = [s for s in sources if f"/{s.relative_to(domain).with_suffix('')}".endswith(wanted)]
    if len(found) != 1:
        candidates = ", ".join(str(s.relative_to(domain).with_suffix("")) for s in found or sources)
        raise UnknownModule(f"{module!r} must be one file of the domain: one of {candidates}")
    return found


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _with_few_examples(text: str) -> str:
    """What a test asks for itself goes before the profile, so it is made to ask for as little."""
    return re.sub(r"max_examples=\d+", f"max_examples={_EXAMPLES}", text)
