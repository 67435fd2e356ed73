"""The repository's tests -> those of them that are about the domain alone, file by file.

Found by what they name: a test that goes by way of a store, a venue, a service or a process, be it
through a fixture or a function of its module, is left out; what else its module holds stays. Such a
test is slow, and what it finds broken in the domain a test of the domain should have found.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_FOLDERS: Final = ("tests/unit", "tests/property")
_PRODUCT: Final = frozenset({"chalicelib", "tests"})
_DOMAIN: Final = "chalicelib.domain"
_WORLD: Final = frozenset(
    {"boto3", "moto", "msgspec", "socket", "sqlite3", "subprocess", "threading"}
)

Statement = ast.stmt


class DomainTests:
    """Reads each module of the tests once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, bool] = {}

    def files(self) -> dict[Path, str]:
        """Path below the root to text: what is left of each module, and what those need."""
        found: dict[Path, str] = {}
        for folder in _FOLDERS:
            for path in sorted((self._root / folder).rglob("test_*.py")):
                text = self._left_of(path)
                if text:
                    found[path.relative_to(self._root)] = text
        for text in list(found.values()):
            found.update(self._needed_by(text))
        return found

    def _left_of(self, path: Path) -> str:
        """The module without what needs more than the domain; '' where no test is left."""
        source = path.read_text("utf-8")
        body = ast.parse(source).body
        foreign = {
            alias
            for statement in body
            for module, alias in self._imports(statement)
            if not self._is_of_the_domain(module)
        }
        dropped = _dropped(body, foreign)
        kept = [statement for statement in body if statement not in dropped]
        if not _tests(kept) or not any(_names_the_domain(statement) for statement in kept):
            return ""
        return _without(source, dropped)

    def _is_of_the_domain(self, module: str) -> bool:
        """Whether it leads to nothing of the product but its domain, and not into the world."""
        root = module.split(".", maxsplit=1)[0]
        if root not in _PRODUCT:
            return root not in _WORLD
        if module.startswith("chalicelib"):
            return f"{module}.".startswith(f"{_DOMAIN}.")
        if module not in self._known:
            self._known[module] = True  # while it is looked at: two may import each other
            self._known[module] = all(
                self._is_of_the_domain(imported)
                for statement in ast.parse(self._file(module).read_text("utf-8")).body
                for imported, _ in self._imports(statement)
            )
        return self._known[module]

    def _needed_by(self, text: str) -> Iterator[tuple[Path, str]]:
        for statement in ast.parse(text).body:
            for module, _ in self._imports(statement):
                if module.startswith("tests."):
                    path = self._file(module)
                    source = path.read_text("utf-8")
                    yield path.relative_to(self._root), source
                    yield from self._needed_by(source)

    def _imports(self, statement: Statement) -> Iterator[tuple[str, str]]:
        """Modules that a statement imports, each with the name that it gives."""
        match statement:
            case ast.Import():
                yield from ((a.name, (a.asname or a.name).split(".")[0]) for a in statement.names)
            case ast.ImportFrom(module=str(module)):
                for alias in statement.names:
                    part = f"{module}.{alias.name}"
                    is_module = part.startswith("tests.") and self._file(part).is_file()
                    yield part if is_module else module, alias.asname or alias.name

    def _file(self, module: str) -> Path:
        path = self._root.joinpath(*module.split("."))
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _dropped(body: list[Statement], foreign: set[str]) -> set[Statement]:
    """Statements that name something foreign, and those that name what they would have made."""
    dropped: set[Statement] = set()
    while True:
        more = {s for s in body if s not in dropped and foreign & {*_named(s), *_made(s)}}
        if not more:
            return dropped
        dropped |= more
        foreign = foreign.union(*(_made(statement) for statement in more))


def _named(statement: Statement) -> Iterator[str]:
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):  # an argument may be a fixture
                yield name


def _made(statement: Statement) -> set[str]:
    match statement:
        case ast.Import():
            return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
        case ast.ImportFrom():
            return {alias.asname or alias.name for alias in statement.names}
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _names_the_domain(statement: Statement) -> bool:
    match statement:
        case ast.Import(names=names):
            return any(alias.name.startswith(_DOMAIN) for alias in names)
        case ast.ImportFrom(module=str(module)):
            return module.startswith(_DOMAIN)
    return False


def _tests(body: list[Statement]) -> list[Statement]:
    return [s for s in body if isinstance(s, ast.FunctionDef) and s.name.startswith("test_")]


def _without(source: str, dropped: set[Statement]) -> str:
    lines = source.splitlines(keepends=True)
    for statement in dropped:
        decorators = statement.decorator_list if isinstance(statement, _DECORATED) else []
        first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
        for number in range(first - 1, statement.end_lineno or first):
            lines[number] = "\n"
    return "".join(lines)


_DECORATED: Final = (ast.FunctionDef, ast.ClassDef)
