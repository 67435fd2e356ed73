"""The text of a bot's file, read for what no bot has: an early word to its author, with the line.

No boundary: whoever wants to gets around it. What a bot can do is limited where it runs.
"""

import ast
from collections.abc import Iterator
from typing import Final

from chalicelib.domain.bots.checks.finding import Cause, Finding

# What a bot may import; where it is contained, there is nothing else to import.
IMPORTS: Final = (
    *("abc", "array", "bisect", "cmath", "collections", "collections.abc", "copy", "dataclasses"),
    *("datetime", "decimal", "enum", "fractions", "functools", "heapq", "itertools", "json"),
    *("math", "numbers", "operator", "re", "statistics", "string", "typing"),
)
OWN: Final = "chalicelib.domain.bots"

_CHANCE: Final = "chance that nobody can repeat; ctx.random has dice that a run can be told by"
_TIME: Final = "the time where it runs; ctx.now is when the candle closed"
_FILES: Final = "a bot has no files; what it remembers belongs in ctx.state"
_NETWORK: Final = "a bot has no network; everything it decides by comes through ctx"
_ALONE: Final = "a bot is one function call after the other, and nothing beside them"
_WHY: Final = {
    **dict.fromkeys(("random", "secrets", "uuid"), _CHANCE),
    **dict.fromkeys(("time", "calendar", "zoneinfo"), _TIME),
    **dict.fromkeys(
        ("os", "io", "pathlib", "shutil", "tempfile", "glob", "pickle", "shelve", "sqlite3"), _FILES
    ),
    **dict.fromkeys(
        ("socket", "ssl", "http", "urllib", "requests", "aiohttp", "websockets", "ccxt", "boto3"),
        _NETWORK,
    ),
    **dict.fromkeys(("threading", "multiprocessing", "subprocess", "asyncio", "signal"), _ALONE),
}
_CALLS: Final = {
    "open": _FILES,
    "input": "nobody sits before a bot",
    "breakpoint": "nobody sits before a bot",
    **dict.fromkeys(("exec", "eval", "compile", "__import__"), "a bot's code is its file alone"),
}
_NOW: Final = {
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
    "datetime.date.today",
}
_LONGEST: Final = 2  # dots of such a name: who writes ten thousand of them does not hold us up


def read_source(text: str) -> tuple[Finding, ...]:
    """In the order of the lines. What nobody could read has none: to run it says why."""
    try:
        tree = ast.parse(text)
        reader = _Reader(_imported(tree))
        found = [finding for node in ast.walk(tree) for finding in reader.odd(node)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(sorted(found, key=lambda finding: finding.line))


class _Reader:
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def odd(self, node: ast.AST) -> Iterator[Finding]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            yield from _import("." * node.level + (node.module or ""), node.lineno)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            why = _CALLS.get(node.func.id)
            if why:
                yield _finding(node.lineno, f"{node.func.id}() is called: {why}")
        elif isinstance(node, ast.Attribute):
            yield from self._attribute(node)

    def _attribute(self, node: ast.Attribute) -> Iterator[Finding]:
        dotted = self._dotted(node)
        if dotted in _NOW:
            yield _finding(node.lineno, f"{dotted} is {_TIME}")
        is_private = node.attr.startswith("_") and not node.attr.endswith("__")
        if is_private and getattr(node.value, "id", "") not in {"self", "cls"}:
            yield _finding(
                node.lineno,
                f"{node.attr} is a part of the engine that no bot is shown, and may see what comes",
            )

    def _dotted(self, node: ast.expr, most: int = _LONGEST) -> str:
        if isinstance(node, ast.Name):
            return self._names.get(node.id, "")
        if isinstance(node, ast.Attribute) and most:
            return f"{self._dotted(node.value, most - 1)}.{node.attr}"
        return ""


def _imported(tree: ast.AST) -> dict[str, str]:
    """What the names of imports stand for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            names.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
    return names


def _import(module: str, line: int) -> Iterator[Finding]:
    top = module.partition(".")[0]
    if module in IMPORTS or module == OWN or module.startswith(OWN + "."):
        return
    why = _WHY.get(top, f"a bot may import {OWN} and {', '.join(IMPORTS)}")
    yield _finding(line, f"{module} is imported: {why}")


def _finding(line: int, text: str) -> Finding:
    return Finding(Cause.SOURCE, f"line {line}: {text}", line=line)
