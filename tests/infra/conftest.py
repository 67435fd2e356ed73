"""One plan of each situation for the whole run: Terraform takes half a minute for all of them."""

import json
import time
from pathlib import Path

import pytest

from tests.infra.terraform import (
    TESTS_SECONDS,
    Event,
    NoTerraform,
    Plan,
    Terraform,
    plans_of,
    ready,
)

SITUATIONS = "stages.tftest.hcl"


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    try:
        return ready(tmp_path_factory.mktemp("terraform"))
    except NoTerraform as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def planned(
    terraform: Terraform, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> list[Event]:
    """What `terraform test` said; workers wait for the first of them instead of repeating it."""
    own = tmp_path_factory.getbasetemp()
    kept = (own if worker_id == "master" else own.parent) / "planned.json"
    try:
        kept.with_suffix(".begun").mkdir()
    except FileExistsError:
        _wait_for(kept)
    else:
        draft = kept.with_suffix(".draft")
        draft.write_text(json.dumps(terraform.test(SITUATIONS)), encoding="utf-8")
        draft.replace(kept)
    events: list[Event] = json.loads(kept.read_text(encoding="utf-8"))
    return events


def _wait_for(kept: Path) -> None:
    end = time.monotonic() + TESTS_SECONDS
    while not kept.exists():
        assert time.monotonic() < end, "the worker that runs terraform test has not ended"
        time.sleep(0.5)


@pytest.fixture(scope="session")
def plans(planned: list[Event]) -> dict[str, Plan]:
    return plans_of(planned)
