"""The workflows take on the roles that infra/ makes, and store no keys."""

import re
from pathlib import Path

import pytest
import yaml

from tests.infra.terraform import INFRA

WORKFLOWS = Path(__file__).parents[2] / ".github/workflows"
MAKEFILE = (INFRA.parent / "Makefile").read_text(encoding="utf-8")


def workflow(name: str):
    text = (WORKFLOWS / name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - strings only: `on` is no boolean


DEPLOY = workflow("deploy.yml")
ALL = sorted(path.name for path in WORKFLOWS.glob("*.yml"))


def subject(job) -> str:
    """What GitHub says to AWS of a job: its environment, or else the branch or tag."""
    if "environment" in job:
        return f"environment:{job['environment']}"
    found = re.search(r"github\.ref == '(refs/heads/[^']+)'", job["if"])
    assert found is not None
    return f"ref:{found[1]}"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_job_says_what_the_role_of_its_stage_believes(stage):
    trust = (INFRA / "deployer.tf").read_text(encoding="utf-8")
    found = re.search(r'subject *= local\.is_prod \? "([^"]+)" : "([^"]+)"', trust)
    assert found is not None
    assert subject(DEPLOY["jobs"][stage]) == {"prod": found[1], "dev": found[2]}[stage]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_stage_is_deployed_after_the_tests_by_a_token_of_github(stage):
    job = DEPLOY["jobs"][stage]
    assert job["needs"] == "tests"
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    steps = [step["run"].strip() for step in job["steps"] if "run" in step]
    assert steps[-1] == f"make deploy STAGE={stage} ARGS=--yes"
    [role] = [
        s["with"]["role-to-assume"] for s in job["steps"] if "role-to-assume" in s.get("with", {})
    ]
    assert role == f"${{{{ vars.{stage.upper()}_DEPLOYER_ROLE }}}}"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_state_is_the_one_in_the_bucket(stage):
    steps = DEPLOY["jobs"][stage]["steps"]
    [script] = [s["run"] for s in steps if s.get("name") == "Use the state in the bucket"]
    example = (INFRA / "backend.tf.example").read_text(encoding="utf-8")
    for found in re.findall(r"s/([^/]+)/", script):
        assert found in example


def test_prod_comes_from_tags_and_dev_from_main():
    assert DEPLOY["on"] == {"push": {"branches": ["main"], "tags": ["v*"]}}
    assert "refs/tags/v" in DEPLOY["jobs"]["prod"]["if"]


@pytest.mark.parametrize("name", ALL)
def test_no_key_is_stored(name):
    text = (WORKFLOWS / name).read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "access-key" not in text


@pytest.mark.parametrize("name", ALL)
def test_what_is_typed_is_a_target_of_the_makefile(name):
    typed = re.findall(r"run: make ([a-z-]+)", (WORKFLOWS / name).read_text(encoding="utf-8"))
    assert typed
    for target in typed:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
