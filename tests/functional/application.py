"""The application as a process that only imports it: its functions, and what it loaded for them."""

import json
import subprocess
import sys
from dataclasses import dataclass

_PROGRAM = """
import json, sys, app
events, called = app.app.event_sources, app.app.pure_lambda_functions
print(json.dumps([[*(e.name for e in events), *(c.name for c in called)], sorted(sys.modules)]))
"""


@dataclass(frozen=True)
class Application:
    functions: frozenset[str]
    loaded: frozenset[str]


def application_with(**environment: str) -> Application:
    """In an environment that has nothing else."""
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={"PYTHONPATH": "crypto_bot", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    functions, loaded = json.loads(ended.stdout)
    return Application(frozenset({"api_handler", *functions}), frozenset(loaded))
