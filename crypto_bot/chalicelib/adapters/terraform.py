"""What Terraform has made for a stage, asked of the program itself."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

from chalicelib.domain.errors import SettingsError

_PATIENCE: Final = 120  # seconds: the state may be kept in a bucket far away


def read_outputs(infra: Path, stage: str) -> Any:
    """`terraform output -json` of the stage's own workspace, which is named like the stage."""
    command = ["terraform", f"-chdir={infra}", "output", "-json"]
    # Naming the workspace this way selects it for this one call, whatever is selected there.
    environment = {**os.environ, "TF_WORKSPACE": stage}  # noqa: TID251 - handed on to terraform
    remedy = f"make infra STAGE={stage}"
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours
            command, capture_output=True, text=True, timeout=_PATIENCE, env=environment, check=False
        )
    except FileNotFoundError:
        raise SettingsError(
            "terraform is not installed (1.7 or newer is needed); install it, or give what "
            "`terraform output -json` prints elsewhere with --outputs FILE"
        ) from None
    except subprocess.TimeoutExpired:
        raise SettingsError(
            f"terraform told no outputs within {_PATIENCE} s; try: {' '.join(command)}"
        ) from None
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[:300]
        raise SettingsError(f"terraform has no outputs of stage {stage}; {remedy}. It says: {said}")
    return parse(done.stdout, "what terraform printed")


def parse(text: str, where: str) -> Any:
    """The JSON in it; SettingsError says where it came from."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{where} is no JSON, line {error.lineno}, column {error.colno}; it must be what "
            "terraform output -json prints"
        ) from None
