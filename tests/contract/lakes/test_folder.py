"""A folder as a lake: a crash leaves the old object or the new one; the list says what is new."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.domain.errors import StoreUnavailable

KEY = "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=59/p0-0.jsonl.gz"
OLD, NEW = b"old " * 50_000, b"new" * 70_000

# Dies by SIGKILL right before the given system call that the writing of one object makes.
DYING = """
import os, signal, sys
from pathlib import Path
from chalicelib.adapters.lakes.folder import FolderLake
at, root, key = int(sys.argv[1]), sys.argv[2], sys.argv[3]
calls = 0
def die(event, arguments):
    global calls
    if event in {"open", "os.rename", "os.mkdir", "sqlite3.connect"}:
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
FolderLake(Path(root)).put(key, b"new" * 70_000)
"""


def test_whoever_dies_while_writing_leaves_the_old_object_or_the_new_one(tmp_path: Path) -> None:
    outcomes = []
    for at in range(1, 40):
        root = tmp_path / str(at)
        lake = FolderLake(root)
        lake.put(KEY, OLD)
        lake.seen(lake.changes(10))
        ended = subprocess.run(
            [sys.executable, "-c", DYING, str(at), str(root), KEY], check=False, timeout=60
        )
        content = lake.get(KEY)
        assert content in {OLD, NEW}
        assert [key for key, _ in lake.objects("")] == [KEY]
        outcomes.append((ended.returncode, content == NEW, bool(lake.changes(10))))
        lake.close()
        if ended.returncode == 0:
            break
    killed = [outcome[1:] for outcome in outcomes if outcome[0] == -signal.SIGKILL]
    assert (False, False) in killed
    assert (True, False) in killed  # the writer has not been told that it is done
    assert outcomes[-1] == (0, True, True)


# The system ends it in the middle of whatever write passes so many bytes, for each number of them.
CUT_OFF = """
import os, resource, signal, sys
from pathlib import Path
from chalicelib.adapters.lakes.folder import FolderLake
root, key = sys.argv[1], sys.argv[2]
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
for size in range(len(b"new content")):
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        FolderLake(Path(root)).put(key, b"new content")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    found = Path(root, *key.split("/")).read_bytes()
    print(os.WTERMSIG(status) == signal.SIGXFSZ, found.decode())
"""


def test_a_write_that_is_cut_off_at_any_byte_leaves_the_old_object(tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    lake.put(KEY, b"old content")
    lake.close()
    ended = subprocess.run(
        [sys.executable, "-c", CUT_OFF, str(tmp_path), KEY],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout.splitlines() == ["True old content"] * len(b"new content")


def test_each_key_is_on_the_list_once_until_it_is_seen(tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    for key in ("b", "a", "b"):
        lake.put(key, b"")
    changes = lake.changes(10)
    assert [change.key for change in changes] == ["a", "b"]
    lake.seen(changes[:1])
    assert [change.key for change in lake.changes(10)] == ["b"]
    lake.close()
    again = FolderLake(tmp_path)
    assert [change.key for change in again.changes(10)] == ["b"]
    again.close()


def test_what_was_put_again_meanwhile_stays_on_the_list(tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    lake.put("a", b"1")
    changes = lake.changes(10)
    lake.put("a", b"2")
    lake.seen(changes)
    assert [change.key for change in lake.changes(10)] == ["a"]
    lake.close()


def test_its_own_files_are_no_objects(tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    lake.put("a/b", b"")
    assert [key for key, _ in lake.objects("")] == ["a/b"]
    assert lake.folders("") == ["a"]
    lake.close()


@pytest.mark.parametrize(
    "key", ["../a", "a/../../b", "/etc/passwd", "a//b", "", ".lake/list", "a/"]
)
def test_no_key_leaves_the_folder(tmp_path: Path, key: str) -> None:
    lake = FolderLake(tmp_path / "lake")
    with pytest.raises(ValueError, match="must not leave the lake"):
        lake.put(key, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="Not a directory"):
        FolderLake(tmp_path / "lake").put("a", b"")


def test_a_name_that_is_a_folder_is_no_object(tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    lake.put("a/b", b"")
    with pytest.raises(StoreUnavailable, match=os.strerror(21)):
        lake.get("a")
    lake.close()
