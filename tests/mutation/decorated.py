"""A source -> the same, where `@property` over a method has become an assignment below it.

mutmut leaves whatever has a decorator as it is, and a property decides as much as a method does.
Caches go: what one test left in them would answer the next one in place of a mutant.
"""

import ast
from typing import Final

_LEFT_TO_MUTMUT: Final = ("classmethod", "staticmethod")
_CACHES: Final = ("cache", "lru_cache")


def without_decorators(source: str) -> str:
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(name=name, decorator_list=[decorator], end_lineno=int(last)):
                applied = ast.unparse(decorator).replace("cached_property", "property")
                if applied in _LEFT_TO_MUTMUT:
                    continue
                for number in range(decorator.lineno, node.lineno):
                    lines[number - 1] = "\n"
                if applied.partition("(")[0] not in _CACHES:
                    lines[last - 1] += f"{' ' * node.col_offset}{name} = {applied}({name})\n"
    return "".join(lines)
