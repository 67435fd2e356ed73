"""Sources -> what the interpreter would compile on every cold start, next to them.

Only the bytecode's own hash decides whether it is used ("unchecked"): Lambda's files have no
times of their own, and a zip never holds a source without the bytecode that was made from it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from chalicelib import compiled_ahead
from chalicelib.deployment.refusal import DeploymentError

# Where Lambda unpacks the package: tracebacks name the files there, and equal sources
# compiled in different folders become equal bytecode.
_IN_LAMBDA: Final = "/var/task"
_RECORD: Final = "from chalicelib.deployment.bytecode import print_classes; print_classes()"
# What functions import, and what that imports; anything else compiles at import, as ever.
_OUTERMOST: Final = frozenset({"adapters", "api", "bootstrap", "drivers", "functions"})


def compile_tree(tree: Path) -> None:
    """Every module in the tree, as this version of Python runs it."""
    _run(
        *("-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
        *("-s", str(tree), "-p", _IN_LAMBDA, str(tree)),
    )


def compile_classes(project: Path) -> bytes:
    """The project's `compiled_ahead` file: every dataclass that a function may define."""
    return _run("-B", "-I", "-c", f"import sys; sys.path.insert(0, {str(project)!r}); {_RECORD}")


def print_classes() -> None:
    """In a process of its own: import everything, and write what dataclasses compiled."""
    import importlib
    import pkgutil

    import chalicelib

    codes = compiled_ahead.record()
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        if module.name.split(".")[1] in _OUTERMOST:
            importlib.import_module(module.name)
    sys.stdout.buffer.write(compiled_ahead.as_file(codes))


def _run(*arguments: str) -> bytes:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, *arguments],
        capture_output=True,
        check=False,
        env={"PYTHONHASHSEED": "0"},
    )
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise DeploymentError(f"the package cannot be compiled: {said[-2000:]}")
    return done.stdout
