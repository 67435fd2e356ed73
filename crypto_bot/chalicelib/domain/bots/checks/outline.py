"""What the text of a bot declares, read without running it: what a form can be filled in with.

A sum or a name where a number could stand is not worked out; then the declaration is left out.
"""

import ast
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

_PARAM: Final = "Param"
_EVERY: Final = "every"
_WORDS: Final = ("default", "low", "high", "step")


class OutlinedParam(NamedTuple):
    """A `Param` as it is written. Whole numbers only where the first three are."""

    name: str
    default: float
    low: float
    high: float
    step: float | None
    is_whole: bool


class Outline(NamedTuple):
    """Of the last class or function of the text that is a bot; empty where there is none."""

    name: str = ""
    told: str = ""
    instruments: tuple[str, ...] = ()
    interval: str = ""
    warmup: int = 0
    together: bool = False
    parameters: tuple[OutlinedParam, ...] = ()


def outline_of(text: str) -> Outline:
    """Of a text that is no Python there is nothing to be said."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Outline()
    found = Outline()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.bases:
            found = _of_class(node)
        elif isinstance(node, ast.FunctionDef):
            found = next(_of_function(node), found)
    return found


def _of_class(node: ast.ClassDef) -> Outline:
    said: dict[str, Any] = {}
    parameters = []
    for name, value in _assigned(node):
        if isinstance(value, ast.Call):
            parameters += _param(name, value)
        else:
            said[name] = _literal(value)
    return _outline(node, said)._replace(parameters=tuple(parameters))


def _of_function(node: ast.FunctionDef) -> Iterator[Outline]:
    for call in node.decorator_list:
        if isinstance(call, ast.Call) and _called(call) == _EVERY and call.args:
            interval, *symbols = map(_literal, call.args)
            said = {each.arg: _literal(each.value) for each in call.keywords if each.arg}
            yield _outline(node, {**said, "interval": interval, "instruments": symbols})


def _outline(node: ast.ClassDef | ast.FunctionDef, said: dict[str, Any]) -> Outline:
    symbols, warmup = said.get("instruments"), said.get("warmup")
    interval = said.get("interval")
    return Outline(
        name=node.name,
        told=ast.get_docstring(node) or "",
        instruments=tuple(s for s in symbols if isinstance(s, str))
        if isinstance(symbols, list | tuple)
        else (),
        interval=interval if isinstance(interval, str) else "",
        warmup=warmup if type(warmup) is int else 0,
        together=said.get("together") is True,
    )


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for each in node.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            yield each.targets[0].id, each.value
        elif isinstance(each, ast.AnnAssign) and each.value and isinstance(each.target, ast.Name):
            yield each.target.id, each.value


def _param(name: str, call: ast.Call) -> list[OutlinedParam]:
    if _called(call) != _PARAM:
        return []
    given = dict(zip(_WORDS, map(_literal, call.args), strict=False))
    given |= {each.arg: _literal(each.value) for each in call.keywords if each.arg}
    bounds = [given.get(word) for word in _WORDS[:3]]
    if any(type(number) not in {int, float} for number in bounds):
        return []
    step = given.get("step")
    default, low, high = bounds
    whole = all(type(number) is int for number in bounds)
    return [OutlinedParam(name, default, low, high, _number(step), whole)]  # type: ignore[arg-type]


def _number(value: object) -> float | None:
    return value if type(value) is int or type(value) is float else None


def _called(call: ast.Call) -> str:
    """The last word of what is called."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
