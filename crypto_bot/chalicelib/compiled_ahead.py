"""What .pyc files leave out: the methods that `dataclasses` writes as text at every import.

To compile that text is a third of what a cold tick does. A package for Lambda has it compiled, for
the interpreter that runs there, in a file beside this one; without the file nothing changes.
"""

import marshal
from typing import Any, Final

FILE: Final = "compiled_ahead.bin"


def use(folder: str) -> None:
    """Take what the folder's file has, if this very version of Python has written it."""
    try:
        with open(f"{folder}/{FILE}", "rb") as file:  # noqa: PTH123 - pathlib is not loaded yet
            content = file.read()
    except (FileNotFoundError, NotADirectoryError):  # the latter where all this is in a zip file
        return
    version = _version()
    if not content.startswith(version):
        return
    codes: dict[str, bytes] = marshal.loads(content[len(version) :])  # noqa: S302 - our own

    def execute(text: str, scope: dict[str, Any], names: dict[str, Any]) -> None:
        code = codes.get(text)
        exec(text if code is None else marshal.loads(code), scope, names)  # noqa: S102, S302

    _let_dataclasses(execute)


def record() -> dict[str, bytes]:
    """From now on what dataclasses compiles, as it does; filled until the process ends."""
    codes: dict[str, bytes] = {}

    def execute(text: str, scope: dict[str, Any], names: dict[str, Any]) -> None:
        code = compile(text, "<string>", "exec")
        codes[text] = marshal.dumps(code)
        exec(code, scope, names)  # noqa: S102

    _let_dataclasses(execute)
    return codes


def as_file(codes: dict[str, bytes]) -> bytes:
    """What `use` reads; the same for the same codes."""
    return _version() + marshal.dumps(dict(sorted(codes.items())))


# What these two load, a program without such a file need not wait for.
def _version() -> bytes:
    from importlib._bootstrap_external import MAGIC_NUMBER

    return bytes(MAGIC_NUMBER)


def _let_dataclasses(execute: Any) -> None:
    import dataclasses

    # It calls the builtin by its bare name, which a name of the module goes before.
    dataclasses.exec = execute  # type: ignore[attr-defined]
