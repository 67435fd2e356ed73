"""`doctor --stage` tells whether both halves of sweeps are there, where one of them is on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.lambda_stand_in import LambdaStandIn
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.sweep_machine import MACHINE

FUNCTION = {"BOT_FUNCTIONS": "sweep_batch"}


@pytest.fixture
def prod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnAws]:
    with (
        stage_on_aws(tmp_path / "clone", monkeypatch) as stage,
        LambdaStandIn().serving(monkeypatch),
    ):
        yield stage


def told(prod: OnAws, *, machine: str = "", **variables: str) -> tuple[bool | None, str] | None:
    """What doctor says of sweeps, if it says anything."""
    outputs = outputs_of("prod", **({"sweep_machine_arn": machine} if machine else {}))
    prod.edit_config(**variables)
    done = typed("configure", "prod", "--outputs", "-", given=json.dumps(outputs))
    assert done.exit_code == 0, done.output
    found = typed("doctor", "--json", "--offline", "--stage", "prod")
    checks: list[Any] = json.loads(found.stdout)
    of_sweeps = [(check["ok"], check["detail"]) for check in checks if check["name"] == "sweeps"]
    return of_sweeps[0] if of_sweeps else None


def test_one_half_is_no_use(prod: OnAws) -> None:
    assert told(prod, machine=MACHINE) == (
        None,
        "the state machine calls sweep_batch, which BOT_FUNCTIONS does not name",
    )
    assert told(prod, **FUNCTION) == (
        None,
        "sweep_batch has no state machine: sweeps = true in prod.tfvars, then make infra and make"
        " configure",
    )


def test_the_machine_is_looked_for(prod: OnAws) -> None:
    assert told(prod, machine=MACHINE, **FUNCTION) == (
        False,
        f"there is no state machine {MACHINE}: make infra STAGE=prod makes it",
    )
    name = MACHINE.rpartition(":")[2]
    role = {"roleArn": "arn:aws:iam::123456789012:role/sweeps"}
    prod.client("stepfunctions").create_state_machine(name=name, definition="{}", **role)
    assert told(prod, machine=MACHINE, **FUNCTION) == (True, f"the state machine {name} is ACTIVE")
