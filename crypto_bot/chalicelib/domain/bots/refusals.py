"""Why a bot, its wishes or its candles are not taken: sentences for whoever wrote the bot."""

from types import TracebackType

from chalicelib.domain.errors import CryptoBotError


class BotRefused(CryptoBotError):
    """What the bot is, declares or asks for is not possible."""


class CandlesRefused(CryptoBotError):
    """The candles are no series that anything could be computed from."""


class BotFailed(CryptoBotError):
    """The bot's own code stopped at `line` of its file; 0 where that is not known."""

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def failed(error: Exception, *, where: str, file: str) -> BotFailed:
    """`where` is a method of the bot and the time, `file` the one that holds its code."""
    line = _line_in(file, error.__traceback__)
    said = str(error) if isinstance(error, BotRefused) else f"{type(error).__name__}: {error}"
    place = f"line {line}, {where}" if line else where
    return BotFailed(f"{place}: {said}", line=line)


def _line_in(file: str, trace: TracebackType | None) -> int:
    line = 0
    while trace is not None:  # the innermost line that its author can change
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
