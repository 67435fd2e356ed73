"""Dataclasses from a package's file are the same classes, made without compiling anything."""

import subprocess
import sys
from pathlib import Path

CLASSES = """
from dataclasses import dataclass, field, replace
@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Point:
    x: int
    y: int = 2
    names: list = field(default_factory=list, compare=False)
"""
USE = """
from dataclasses import FrozenInstanceError
one = Point(x=1)
assert repr(one) == "Point(x=1, y=2, names=[])"
assert one == Point(x=1, names=["other"]) and hash(one) == hash(Point(x=1)) and one < Point(x=2)
assert replace(one, y=3).y == 3 and Point.__slots__ == ("x", "y", "names")
try:
    one.x = 5
except FrozenInstanceError:
    pass
else:
    raise AssertionError("not frozen")
"""
RECORD = "from chalicelib import compiled_ahead as ahead\ncodes = ahead.record()\n"
# Compiling is what must not happen: text is refused.
STRICT = """
import sys
from chalicelib import compiled_ahead as ahead
ahead.use(sys.argv[1])
import dataclasses
taken = dataclasses.exec
def strict(text, scope, names):
    import builtins, inspect
    assert text in inspect.getclosurevars(taken).nonlocals["codes"], "compiled at import"
    taken(text, scope, names)
dataclasses.exec = strict
"""


def run(program: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", program, str(folder)], check=True, timeout=60)


def record(folder: Path) -> Path:
    name = folder / "compiled_ahead.bin"
    save = f"open({str(name)!r}, 'wb').write(ahead.as_file(codes))"
    run(f"{RECORD}{CLASSES}{save}", folder)
    return name


def test_a_class_from_the_file_is_the_same_class(tmp_path: Path) -> None:
    record(tmp_path)
    run(f"{STRICT}{CLASSES}{USE}", tmp_path)


def test_a_class_that_changed_meanwhile_is_compiled_as_ever(tmp_path: Path) -> None:
    record(tmp_path)
    changed = CLASSES.replace("y: int = 2", "y: int = 2\n    z: int = 3")
    used = USE.replace("y=2, names", "y=2, z=3, names").replace('"x", "y", ', '"x", "y", "z", ')
    load = "import sys\nfrom chalicelib import compiled_ahead as ahead\nahead.use(sys.argv[1])\n"
    run(f"{load}{changed}{used}", tmp_path)


def test_what_another_python_has_written_is_not_used(tmp_path: Path) -> None:
    name = record(tmp_path)
    content = name.read_bytes()
    name.write_bytes(b"\0\0\r\n" + content[4:])
    check = "import dataclasses\nassert not hasattr(dataclasses, 'exec')\n"
    load = "import sys\nfrom chalicelib import compiled_ahead as ahead\nahead.use(sys.argv[1])\n"
    run(f"{load}{check}{CLASSES}{USE}", tmp_path)


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    check = "import dataclasses\nassert not hasattr(dataclasses, 'exec')\n"
    run(f"import chalicelib\n{check}{CLASSES}{USE}", tmp_path)


def test_the_same_classes_make_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert record(tmp_path / "a").read_bytes() == record(tmp_path / "b").read_bytes()
