"""What is said of a bot whose own code stops: the line that its author can change, and why."""

import pytest

from chalicelib.domain.bots.refusals import BotFailed, BotRefused, failed


def stumbles() -> None:
    raise ValueError("odd")


def stopped(error: Exception) -> Exception:
    """As it is caught: with its traceback."""
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_it_names_the_innermost_line_of_its_own_file() -> None:
    with pytest.raises(ValueError, match="odd") as caught:
        stumbles()
    line = stumbles.__code__.co_firstlineno + 1
    found = failed(caught.value, where="Mine.on_candle", file=__file__)
    assert (str(found), found.line) == (f"line {line}, Mine.on_candle: ValueError: odd", line)


def test_without_a_line_of_its_own_it_names_none() -> None:
    found = failed(stopped(KeyError("x")), where="Mine.start", file="mine.py")
    assert (str(found), found.line) == ("Mine.start: KeyError: 'x'", 0)
    assert BotFailed("it is gone").line == 0


def test_what_was_refused_speaks_for_itself() -> None:
    found = failed(stopped(BotRefused("cash is 0")), where="Mine.start", file="mine.py")
    assert str(found) == "Mine.start: cash is 0"
