"""Where a key stands in a TOML text: tomllib forgets lines, and the owner needs them."""

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str, ...]

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
_QUOTES = ('"""', "'''", '"', "'")


def key_lines(text: str) -> dict[Path, int]:
    """Line numbers, from 1, of every table and key of a text that tomllib accepts."""
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        stripped = statement.lstrip()
        if stripped.startswith("["):
            table = _keys(stripped.lstrip("["))
            lines.setdefault(table, number)
        else:
            path = (*table, *_keys(stripped))
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of the key, or of what encloses it where the key itself is absent or inline."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


def _keys(text: str) -> Path:
    """The dotted key that `text` begins with."""
    keys: list[str] = []
    position = 0
    while match := _KEY.match(text, position):
        keys.append(_unquoted(match[1]))
        position = match.end()
        if text[position : position + 1] != ".":
            break
        position += 1
    return tuple(keys)


def _unquoted(key: str) -> str:
    if not key.startswith(('"', "'")):
        return key
    return str(tomllib.loads(f"key = {key}")["key"])


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header or assignment with the line it begins on; a value may run over many lines."""
    start, number, depth, opened = 0, 1, 0, 1
    position = 0
    while position <= len(text):
        at_end = position == len(text)
        character = "\n" if at_end else text[position]
        if character == "\n":
            if depth == 0:
                statement = text[start:position]
                if statement.strip() and not statement.lstrip().startswith("#"):
                    yield opened, statement
                start, opened = position + 1, number + 1
            number += 1
            position += 1
            continue
        end = _after_token(text, position)
        number += text.count("\n", position, end)
        depth += (character in "[{") - (character in "]}")
        position = end


def _after_token(text: str, position: int) -> int:
    """Behind the string or comment that begins here, or behind the one character."""
    if text[position] == "#":
        end = text.find("\n", position)
        return len(text) if end < 0 else end
    quote = next((quote for quote in _QUOTES if text.startswith(quote, position)), "")
    if not quote:
        return position + 1
    end = position + len(quote)
    while end < len(text) and not text.startswith(quote, end):
        end += 2 if quote[0] == '"' and text[end] == "\\" else 1
    return end + len(quote)
