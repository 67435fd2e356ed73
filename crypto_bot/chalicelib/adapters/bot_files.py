"""A bot in a Python file of its author's, run in this process: whatever it says is done."""

from pathlib import Path
from types import ModuleType

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.refusals import BotRefused, failed


def bot_in(path: Path, name: str) -> type[Bot]:
    """The bot of that name; without a name, the only one in the file.

    BotRefused or BotFailed name file, line and cause.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BotRefused(f"{path} cannot be read: {error}") from None
    found = _bots(_run(path, text))
    if not found:
        raise BotRefused(f"{path} has no bot: write class {name or 'MyBot'}(Bot)")
    if not name and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        asked = f"no bot {name!r}" if name else "several bots"
        raise BotRefused(f"{path} has {asked}; name one such as {path}:{next(iter(found))}")
    return found[name]


def _run(path: Path, text: str) -> ModuleType:
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        code = compile(text, str(path), "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{path}, line {line}" if line else str(path)
        raise BotRefused(f"{where}: {getattr(error, 'msg', error)}") from None
    try:
        exec(code, module.__dict__)  # noqa: S102 - the bot of whoever typed the command
    except Exception as error:
        raise failed(error, where=str(path), file=str(path)) from error
    return module


def _bots(module: ModuleType) -> dict[str, type[Bot]]:
    """Made in this file, not those that it imports to build on."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Bot)
        and value.__module__ == module.__name__
    }
