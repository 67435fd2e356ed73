"""A clone whose stages are configured from made-up outputs of Terraform."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from tests.functional.stage_on_aws import outputs_of, typed

TICK = "policy-dev-tick.json"


def configure(stage: str = "dev", *words: str, code: int = 0, **outputs: Any) -> Result:
    given = json.dumps(outputs_of(outputs.pop("of", stage), **outputs))
    result = typed("configure", stage, "--outputs", "-", *words, given=given)
    assert result.exit_code == code, result.output
    return result


def files(project: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in sorted((project / ".chalice").iterdir())}


def config(project: Path) -> Any:
    return json.loads(files(project)["config.json"])


def edit(project: Path, change: Callable[[Any], None]) -> None:
    edited = config(project)
    change(edited)
    (project / ".chalice" / "config.json").write_text(json.dumps(edited), encoding="utf-8")
