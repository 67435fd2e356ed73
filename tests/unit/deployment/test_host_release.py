"""What the EC2 host installs: the project as pip wants it, and nothing of Lambda's."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.deployment.host_release import KEY, bring_release, pack_release
from chalicelib.drivers.boto3_session import aws_client

ROOT = Path(__file__).parents[3]
BUCKET = "lake"
# In a process of its own, as pip would: the package, its program, and where the sources are.
BUILD = """
import pathlib, setuptools.build_meta as backend, zipfile
wheel = zipfile.ZipFile(backend.build_editable("."))
[name] = [n for n in wheel.namelist() if n.endswith("entry_points.txt")]
print(wheel.read(name).decode())
[name] = [n for n in wheel.namelist() if n.endswith(".pth") or n.startswith("__editable__")]
print(wheel.read(name).decode())
"""


def tree(folder: Path) -> Path:
    for name in (
        "pyproject.toml",
        "requirements.txt",
        "README.md",
        "LICENSE",
        "crypto_bot/app.py",
        "crypto_bot/chalicelib/__init__.py",
        "crypto_bot/chalicelib/__pycache__/x.pyc",
        "crypto_bot/.chalice/config.json",
        "crypto_bot/vendor/ccxt.py",
        "crypto_bot/crypto_bot.egg-info/PKG-INFO",
        "docs/aws.md",
        ".env",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=BytesIO(archive)) as opened:
        return opened.getnames()


def test_it_has_what_is_installed_and_nothing_else(tmp_path: Path) -> None:
    assert sorted(names(pack_release(tree(tmp_path)))) == [
        "LICENSE",
        "README.md",
        "crypto_bot/app.py",
        "crypto_bot/chalicelib/__init__.py",
        "pyproject.toml",
        "requirements.txt",
    ]


def test_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = tree(tmp_path / "first"), tree(tmp_path / "second")
    (second / "crypto_bot" / "app.py").touch()
    assert pack_release(first) == pack_release(second)
    (second / "crypto_bot" / "app.py").chmod(0o600)
    assert pack_release(first) == pack_release(second)
    (second / "crypto_bot" / "app.py").write_text("changed")
    assert pack_release(first) != pack_release(second)


def test_the_project_itself_can_be_installed_from_it(tmp_path: Path) -> None:
    with tarfile.open(fileobj=BytesIO(pack_release(ROOT))) as archive:
        archive.extractall(tmp_path, filter="data")
    done = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "crypto-bot = chalicelib.cli:main" in done.stdout
    assert str(tmp_path / "crypto_bot") in done.stdout
    assert (tmp_path / "crypto_bot" / "app.py").exists()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with mock_aws():
        client = aws_client("s3", region="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def test_it_is_brought_when_it_is_another(tmp_path: Path, s3: Any) -> None:
    project = tree(tmp_path)
    assert bring_release(project, BUCKET, s3)
    assert not bring_release(project, BUCKET, s3)
    (project / "requirements.txt").write_text("newer")
    assert bring_release(project, BUCKET, s3)
    lies_there = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    assert lies_there == pack_release(project)
