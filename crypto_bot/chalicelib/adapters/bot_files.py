"""A bot's source, run in this process: whatever it says is done."""

from types import ModuleType
from typing import TYPE_CHECKING

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.refusals import BotRefused, failed

if TYPE_CHECKING:  # a process for one bot begins sooner without it
    from pathlib import Path


def bot_in(path: "Path", name: str) -> type[Bot]:
    """The bot of that name in a file; without a name, the only one in it.

    BotRefused or BotFailed name file, line and cause.
    """
    return bot_of_file(read_source(path), str(path), path.stem, name)


def bot_of_file(source: str, file: str, module: str, name: str) -> type[Bot]:
    """The same, where the text of the file was read elsewhere; `module` is its name there."""
    found = _bots(_run(source, module, file))
    if not found:
        raise BotRefused(f"{file} has no bot: write class {name or 'MyBot'}(Bot)")
    if not name and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        asked = f"no bot {name!r}" if name else "several bots"
        raise BotRefused(f"{file} has {asked}; name one such as {file}:{next(iter(found))}")
    return found[name]


def bot_of(source: str, name: str) -> type[Bot]:
    """See `LoadBot`: the only one in a text that is kept somewhere."""
    found = _bots(_run(source, "bot", name))
    if len(found) != 1:
        has = f"several bots ({', '.join(found)})" if found else "no bot"
        raise BotRefused(f"{name} has {has}; one is needed, such as class MyBot(Bot)")
    return next(iter(found.values()))


def read_source(path: "Path") -> str:
    """BotRefused where there is no text to be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BotRefused(f"{path} cannot be read: {error}") from None


def _run(text: str, module_name: str, where: str) -> ModuleType:
    module = ModuleType(module_name)
    module.__file__ = where
    try:
        code = compile(text, where, "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        place = f"{where}, line {line}" if line else where
        raise BotRefused(f"{place}: {getattr(error, 'msg', error)}") from None
    try:
        exec(code, module.__dict__)  # noqa: S102 - the bot of whoever typed the command
    except Exception as error:
        raise failed(error, where=where, file=where) from error
    return module


def _bots(module: ModuleType) -> dict[str, type[Bot]]:
    """Made in this source, not those that it imports to build on."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Bot)
        and value.__module__ == module.__name__
    }
