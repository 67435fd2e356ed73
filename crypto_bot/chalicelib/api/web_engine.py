"""The engine's own source files, in one text, for the interpreter in a browser.

Which files those are, their imports say: what the backtest of a page loads, and no more.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent.parent
_TOP: Final = _ROOT.name
# Where a backtest in a page begins, and what a bot may build on besides.
_WANTED: Final = (f"{_TOP}.browser.backtest_in_page", f"{_TOP}.domain.bots.ready_made")
# Not what is indented: that is for the checker of types alone. (ast takes 30 times as long.)
_IMPORT: Final = re.compile(rf"^from ({_TOP}[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)
_WORD: Final = re.compile(r"\w+")


def engine_text() -> str | None:
    """JSON: path -> text. None where the first of them is not there, as in a function on AWS."""
    found: dict[str, str] = {}
    for module in _WANTED:
        if _path(module) is None:
            return None
        _gather(module, found)
    return json.dumps(dict(sorted(found.items())), separators=(",", ":"))


def _gather(module: str, found: dict[str, str]) -> None:
    path = _path(module)
    if path is None:
        return
    name = f"{_TOP}/{path.relative_to(_ROOT).as_posix()}"
    if name in found:
        return
    found[name] = path.read_text(encoding="utf-8")
    if module != _TOP:
        _gather(module.rpartition(".")[0], found)
    for imported in _imports(found[name]):
        _gather(imported, found)


def _imports(text: str) -> Iterator[str]:
    for package, names in _IMPORT.findall(text):
        yield package
        yield from (f"{package}.{name}" for name in _WORD.findall(names))


def _path(module: str) -> Path | None:
    """A module's file; None for what is no module, such as a name that is imported from one."""
    place = _ROOT.joinpath(*module.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None
