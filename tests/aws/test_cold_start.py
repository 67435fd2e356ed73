"""What a cold function does before it answers: the package, unpacked, in a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.deployment.package import Package
from tests.aws.lambda_runtime import Function, LambdaRuntime
from tests.aws.moto_server import REGION

# Loads a handler, and lists what that has loaded and which classes of ours had to be compiled.
PROGRAM = """
import importlib, inspect, json, os, sys
import chalicelib, dataclasses
taken = dataclasses.exec
codes = inspect.getclosurevars(taken).nonlocals["codes"]
compiled = []
def watch(text, scope, names):
    if text not in codes and scope["__name__"].startswith("chalicelib"):
        compiled.append(scope["__name__"])
    taken(text, scope, names)
dataclasses.exec = watch
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps([sorted(set(sys.modules) - before), compiled]))
"""
FIRST_ORDER = "chalicelib.adapters.venues.ccxt.connect"
NEVER = {
    "boto3",
    "botocore.session",
    "botocore.client",
    "chalicelib.cli",
    "chalicelib.local",
    "chalicelib.deployment",
    "click",
    "email.parser",
    "http.client",
    "requests",
}


@pytest.fixture
def runtime(core_package: Package, tmp_path: Path) -> tuple[LambdaRuntime, Function]:
    function = Function(
        name="crypto_bot-dev",
        handler="app.app",
        code=core_package.path.read_bytes(),
        environment={"CRYPTO_BOT_STAGE": "dev", "TABLE_NAME": "state"},
        timeout=10,
        memory=512,
    )
    return LambdaRuntime(tmp_path / "functions", "http://127.0.0.1:9", REGION), function


def loaded(runtime: tuple[LambdaRuntime, Function], *modules: str) -> tuple[set[str], Any]:
    lambda_runtime, function = runtime
    done = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM, *modules],
        env=lambda_runtime.environment(function),
        cwd=lambda_runtime.unpacked(function.code),
        capture_output=True,
        text=True,
        check=True,
    )
    names, compiled = json.loads(done.stdout)
    return set(names), compiled


def test_each_function_starts_with_what_it_needs(runtime: tuple[LambdaRuntime, Function]) -> None:
    webhook, compiled = loaded(runtime, "app")
    assert webhook & NEVER == set()
    assert not {"ccxt", "chalicelib.ports", "ssl"} & webhook
    assert compiled == []
    tick, compiled = loaded(runtime, "app", "chalicelib.functions.scheduled")
    assert tick & NEVER == set()
    assert not {"ccxt", "aiohttp"} & tick
    assert compiled == []
    _, compiled = loaded(runtime, "app", "chalicelib.functions.scheduled", FIRST_ORDER)
    assert compiled == []


def test_the_package_brings_its_authorities(runtime: tuple[LambdaRuntime, Function]) -> None:
    lambda_runtime, function = runtime
    check = (
        "from chalicelib.drivers.trust import packaged_trust; import pathlib;"
        "assert packaged_trust().verify_mode.name == 'CERT_REQUIRED';"
        "assert len(list(pathlib.Path('authorities').iterdir())) > 100"
    )
    subprocess.run(
        [sys.executable, "-S", "-c", check],
        env=lambda_runtime.environment(function),
        cwd=lambda_runtime.unpacked(function.code),
        check=True,
    )
