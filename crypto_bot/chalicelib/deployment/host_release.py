"""The tree of a project -> the archive that the EC2 host installs, in the stage's lake bucket.

infra/modules/host/files/install.sh takes it from there whenever the machine, or its unit, starts.
"""

import gzip
import tarfile
from collections.abc import Iterator
from fnmatch import fnmatch
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

KEY: Final = "host/release.tar.gz"

# What pip needs to install the project, and the project.
_INSTALLED: Final = ("LICENSE", "README.md", "pyproject.toml", "requirements.txt", "crypto_bot")
# Lambda's, and what a machine makes for itself. Of .chalice, too: a host is told by its own
# environment which stage it is.
_LEFT_OUT: Final = (".*", "__pycache__", "*.egg-info", "vendor")
_DIGEST: Final = "sha256"
_ABSENT: Final = "404"


def bring_release(root: Path, bucket: str, s3: Any) -> bool:
    """Whether another one than this lay there, or none."""
    archive = pack_release(root)
    digest = sha256(archive).hexdigest()
    if _digest_there(bucket, s3) == digest:
        return False
    s3.put_object(
        Bucket=bucket,
        Key=KEY,
        Body=archive,
        ContentType="application/gzip",
        Metadata={_DIGEST: digest},
    )
    return True


def pack_release(root: Path) -> bytes:
    """A tar.gz without times and owners, so that the same files are the same bytes."""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(_files(root)):
            content = path.read_bytes()
            entry = tarfile.TarInfo(path.relative_to(root).as_posix())
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def _files(root: Path) -> Iterator[Path]:
    for name in _INSTALLED:
        path = root / name
        if path.is_dir():
            yield from _files_below(path)
        else:
            yield path


def _files_below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in _LEFT_OUT):
            continue
        if path.is_dir():
            yield from _files_below(path)
        else:
            yield path


def _digest_there(bucket: str, s3: Any) -> str:
    try:
        metadata = s3.head_object(Bucket=bucket, Key=KEY)["Metadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] != _ABSENT:
            raise
        return ""
    return str(metadata.get(_DIGEST, ""))
