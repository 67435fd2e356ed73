"""Lambda runs the version of Python that deploys: Chalice knows no other."""

import sys
from typing import Final

from chalicelib.deployment.refusal import DeploymentError

NEWEST: Final = (3, 14)


def refuse_runtime(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """DeploymentError for an interpreter that Lambda does not have."""
    if version > NEWEST:
        raise DeploymentError(
            f"this is Python {version[0]}.{version[1]}, and Lambda's newest is "
            f"{NEWEST[0]}.{NEWEST[1]}; install everything for another one: make setup "
            f"PYTHON=python{NEWEST[0]}.{NEWEST[1]}"
        )
