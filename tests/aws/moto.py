"""The moto server as a process of its own, and clients of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session

from tests.aws.moto_server import REGION

ROOT = Path(__file__).parents[2]
# What might send a test elsewhere than to this machine, or make it somebody else.
_FOREIGN = ("AWS_", "CHALICE_", "CRYPTO_BOT_", "TF_", "HTTP_PROXY", "HTTPS_PROXY", "PIP_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moto:
    """`folder` holds the functions that ran, unpacked."""

    url: str
    folder: Path

    def client(self, service: str) -> Any:
        return botocore.session.get_session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )

    def environment(self) -> dict[str, str]:
        """Of an owner's shell on a machine that knows no other AWS."""
        kept = {
            name: value
            for name, value in os.environ.items()  # noqa: TID251 - handed on to programs
            if not name.upper().startswith(_FOREIGN)
        }
        return kept | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


@contextmanager
def moto_server(folder: Path) -> Iterator[Moto]:
    """Empty, as an account is on its first day."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-W", "ignore", "-m", "tests.aws.moto_server", str(folder)]
    log = (folder / "moto.log").open("w", encoding="utf-8")
    with (
        log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield Moto(url=json.loads(process.stdout.readline())["url"], folder=folder)
        finally:
            process.terminate()
