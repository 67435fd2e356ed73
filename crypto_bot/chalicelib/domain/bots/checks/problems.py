"""What can be said of a bot's text while it is written, without running any of it."""

from typing import Final, NamedTuple

from chalicelib.domain.bots.checks.source import read_source

_UNREADABLE: Final = "nobody can read this: it is nested too deeply"


class Problem(NamedTuple):
    """`line` and `column` from 1, where an editor marks it."""

    line: int
    column: int
    text: str


def problems_of(text: str) -> tuple[Problem, ...]:
    """Where it is no Python, else what no bot has; none is no promise that it runs."""
    try:
        compile(text, "bot", "exec", dont_inherit=True)
    except SyntaxError as error:
        return (Problem(error.lineno or 1, max(1, error.offset or 1), error.msg),)
    except ValueError as error:
        return (Problem(1, 1, str(error)),)
    except (RecursionError, MemoryError):
        return (Problem(1, 1, _UNREADABLE),)
    return tuple(
        Problem(found.line, 1, found.text.removeprefix(f"line {found.line}: "))
        for found in read_source(text)
    )
