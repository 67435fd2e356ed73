"""One invocation as Lambda makes it: the unpacked package, its handler, a fresh interpreter.

The interpreter sees the standard library, the package, and a folder that stands for the boto3 of
Lambda's own; nothing that is installed here. An event goes in as JSON, an answer comes out so.
"""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

# What AWS has in its image beside Python.
_OF_LAMBDA = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")

_PROGRAM = """
import importlib, json, logging, os, sys, time
logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))  # as Lambda's own does
class Context:
    function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    aws_request_id = sys.argv[1]
    log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
    ends = time.monotonic() + float(os.environ["TIMEOUT"])
    def get_remaining_time_in_millis(self):
        return max(0, int((self.ends - time.monotonic()) * 1000))
module, _, function = os.environ["_HANDLER"].rpartition(".")
handler = getattr(importlib.import_module(module), function)
answer = handler(json.load(sys.stdin), Context())
os.write(int(sys.argv[2]), json.dumps([answer, time.process_time()]).encode())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """As its deployed configuration describes it; `timeout` in seconds, `memory` in MB."""

    name: str
    handler: str
    code: bytes
    environment: Mapping[str, str]
    timeout: int
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`answer` is None where the function raised; `log` is all that it printed.

    `seconds` are of CPU, from the start of the interpreter to the answer.
    """

    answer: Any
    seconds: float
    failed: bool
    log: str


class LambdaRuntime:
    """`folder` is for what is unpacked; `endpoint` is where the functions find AWS."""

    def __init__(self, folder: Path, endpoint: str, region: str) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._region = region
        self._invocations = 0
        self._boto3 = folder / "runtime"
        _lay_boto3(self._boto3)

    def invoke(self, function: Function, event: Any) -> Outcome:
        self._invocations += 1
        read, write = os.pipe()
        identity = f"{function.name}-{self._invocations}"
        with os.fdopen(read, "rb") as answers:
            with os.fdopen(write, "wb"):
                # -S: without the folder of what is installed here
                done = subprocess.run(
                    [sys.executable, "-S", "-c", _PROGRAM, identity, str(write)],
                    input=json.dumps(event),
                    capture_output=True,
                    text=True,
                    env=self.environment(function),
                    cwd=self.unpacked(function.code),
                    timeout=function.timeout,
                    pass_fds=[write],
                    check=False,
                )
            said = answers.read()
        answer, seconds = json.loads(said) if done.returncode == 0 else (None, 0.0)
        return Outcome(
            answer=answer,
            seconds=seconds,
            failed=done.returncode != 0,
            log=done.stdout + done.stderr,
        )

    def run(self, function: Function, program: str) -> str:
        """What a program prints that runs where the function would."""
        done = subprocess.run(
            [sys.executable, "-S", "-c", program],
            env=self.environment(function),
            cwd=self.unpacked(function.code),
            capture_output=True,
            text=True,
            timeout=function.timeout,
            check=True,
        )
        return done.stdout

    def environment(self, function: Function) -> dict[str, str]:
        """All of it: nothing of this machine's comes along."""
        task = self.unpacked(function.code)
        return {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(map(str, (task, self._boto3))),
            "PYTHONDONTWRITEBYTECODE": "1",  # /var/task cannot be written
            "LAMBDA_TASK_ROOT": str(task),
            "TIMEOUT": str(function.timeout),
            "_HANDLER": function.handler,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_LOG_STREAM_NAME": f"stream/{self._invocations}",
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ACCESS_KEY_ID": "key-of-the-role",
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-role",
            "AWS_SESSION_TOKEN": "token-of-the-role",
            "AWS_ENDPOINT_URL": self._endpoint,
            **function.environment,
        }

    def unpacked(self, code: bytes) -> Path:
        folder = self._folder / sha256(code).hexdigest()
        if not folder.is_dir():
            with ZipFile(BytesIO(code)) as archive:
                archive.extractall(folder)
        return folder


def _lay_boto3(folder: Path) -> None:
    folder.mkdir(parents=True)
    installed = Path(sysconfig.get_path("purelib"))
    for name in _OF_LAMBDA:
        (folder / name).symlink_to(installed / name)
