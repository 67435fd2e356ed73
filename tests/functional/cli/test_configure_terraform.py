"""Where `configure` has Terraform's outputs from: the program itself, asked for one stage."""

import json
import os
import sys
from pathlib import Path

import pytest

from chalicelib.adapters.terraform import read_outputs
from chalicelib.domain.errors import SettingsError
from tests.functional.cli.configured_clone import TICK, files
from tests.functional.stage_on_aws import outputs_of, typed


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A program called terraform that does this; the real one is asked in tests/infra."""
    program = folder / "terraform"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys\n{code}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script")
def test_terraform_is_asked_for_the_stages_own_workspace(project, tmp_path, monkeypatch) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(outputs_of("dev")), encoding="utf-8")
    stand_in(
        tmp_path,
        monkeypatch,
        "assert os.environ['TF_WORKSPACE'] == 'dev', os.environ\n"
        "assert sys.argv[1:] == ['-chdir=the-infra', 'output', '-json'], sys.argv\n"
        f"print(open({str(outputs)!r}).read())",
    )
    done = typed("configure", "dev", "--infra", "the-infra")
    assert done.exit_code == 0, done.output
    assert TICK in files(project)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script")
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "sys.exit('Error: Backend initialization required')",
            "terraform has no outputs of stage dev; make infra STAGE=dev. It says: Error: Backend",
        ),
        ("print('Welcome!')", "what terraform printed is no JSON"),
    ],
)
def test_terraform_that_does_not_tell_is_a_sentence(tmp_path, monkeypatch, code, sentence) -> None:
    stand_in(tmp_path, monkeypatch, code)
    with pytest.raises(SettingsError, match=sentence.replace(".", r"\.")):
        read_outputs(tmp_path, "dev")


def test_without_terraform_the_outputs_may_come_from_elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=r"terraform is not installed.*--outputs FILE"):
        read_outputs(tmp_path, "dev")
