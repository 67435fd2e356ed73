"""infra/ is well-formed, plans both stages, and refuses what would harm."""

import re
from pathlib import Path

import pytest

from tests.infra.terraform import (
    INFRA,
    MIRROR_VARIABLE,
    NoTerraform,
    complaints,
    plans_of,
    ready,
    summary,
)

REFUSED = """
mock_provider "aws" {}

run "over_full_and_in_another_stages_workspace" {
  command = plan

  variables {
    stage      = "dev"
    capacity   = { state = { read = 7, write = 3 } }
    timestream = true
  }
}
"""


def test_the_files_are_formatted(terraform):
    done = terraform.run("fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, done.stdout


def test_what_an_account_has_once_is_valid(terraform):
    """The stages are: they are planned."""
    made = terraform.run("-chdir=account", "init", "-input=false")
    assert made.returncode == 0, made.stderr
    done = terraform.run("-chdir=account", "validate")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_plans_hold_what_their_assertions_say(planned):
    assert list(complaints(planned)) == []
    assert summary(planned)["status"] == "pass"
    assert len(plans_of(planned)) >= 4


def test_what_is_refused_says_how_to_mend_it(terraform):
    (terraform.folder / "tests/refused.tftest.hcl").write_text(REFUSED, encoding="utf-8")
    said = complaints(terraform.test("refused.tftest.hcl"))
    workspace, over_full, closed = sorted(said, reverse=True)
    assert "The workspace is default and stage is dev" in workspace
    assert "terraform workspace select -or-create dev" in workspace
    assert "9 units of reading and 8 of writing, and 8 of each are its share" in over_full
    assert "Lower some of capacity, or allow more with capacity_limit" in over_full
    assert "AWS has taken no new customers" in closed
    assert "set timestream_allowed = true" in closed


def test_a_mirror_that_is_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "tests.infra.terraform._ENVIRONMENT", {"PATH": "", MIRROR_VARIABLE: str(tmp_path)}
    )
    monkeypatch.setattr("shutil.which", lambda _: "/bin/true")
    with pytest.raises(NoTerraform, match="and there is no registry"):
        ready(tmp_path / "copy")


def test_no_state_and_no_lock_lies_in_the_folder_that_is_shared():
    ignored = (INFRA.parent / ".gitignore").read_text(encoding="utf-8")
    for name in (".terraform/", "terraform.tfstate.d/", "*.tfstate", "backend_override.tf"):
        assert re.search(rf"^(infra/\*\*/|infra/)?{re.escape(name)}", ignored, re.MULTILINE), name


def test_no_secret_has_a_value_here():
    text = "".join(path.read_text(encoding="utf-8") for path in _sources())
    for kind in (
        "aws_secretsmanager_secret_version",
        'resource "aws_ssm_parameter"',
        "aws_iam_access_key",
    ):
        assert kind not in text


def _sources() -> list[Path]:
    return [path for path in INFRA.rglob("*.tf") if ".terraform" not in path.parts]
