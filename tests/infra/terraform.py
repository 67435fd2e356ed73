"""Terraform on a copy of infra/, with a provider from a folder on this machine or the registry.

`CRYPTO_BOT_TEST_TF_MIRROR` names such a folder; without it the usual ones are looked at. Each
command has a time limit, because the provider repeats a failed call for many minutes.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INFRA = Path(__file__).parents[2] / "infra"
MIRROR_VARIABLE = "CRYPTO_BOT_TEST_TF_MIRROR"
PROVIDER = Path("registry.terraform.io/hashicorp/aws")
OLDEST = (1, 7)
OFFLINE, DOWNLOADING = 180, 300
TESTS_SECONDS = 900
_ENVIRONMENT: Mapping[str, str] = os.environ  # noqa: TID251 - handed on to the program

Event = dict[str, Any]


class NoTerraform(Exception):
    """What is missing here, as a sentence."""


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """`folder` is a copy of infra/ that belongs to the test; `environment` names no account."""

    program: str
    folder: Path
    environment: Mapping[str, str]

    def run(self, *words: str, seconds: float = 240) -> subprocess.CompletedProcess[str]:
        """Whatever its end is. TimeoutExpired if it takes longer."""
        return subprocess.run(
            [self.program, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def test(self, file: str) -> list[Event]:
        """Each line of `terraform test` for one file of tests/, with the plans that it made."""
        words = ("test", "-json", "-verbose", f"-filter=tests/{file}")
        said = self.run(*words, seconds=TESTS_SECONDS).stdout
        return [_event(line) for line in said.splitlines()]


def _event(line: str) -> Event:
    """What else the provider knows makes thirteen of a plan's fourteen megabytes, its last ones."""
    plan, described, _ = line.partition(',"provider_schemas":')
    event: Event = json.loads(plan + '},"type":"test_plan"}' if described else line)
    return event


@dataclass(frozen=True)
class Plan:
    """One run's plan: what would be made, and what would be given out."""

    document: Any

    def all(self, kind: str) -> dict[str, Any]:
        """Address to values of each resource of a type; values known after apply are left out."""
        return {
            change["address"]: change["change"]["after"]
            for change in self.document["resource_changes"]
            if change["type"] == kind and change["mode"] == "managed"
        }

    def one(self, address: str) -> Any:
        [values] = [v for a, v in self.all(address.split(".")[-2]).items() if a == address]
        return values

    @property
    def kinds(self) -> set[str]:
        return {c["type"] for c in self.document["resource_changes"] if c["mode"] == "managed"}

    @property
    def outputs(self) -> dict[str, Any]:
        """None for what is known after apply."""
        return {name: c.get("after") for name, c in self.document["output_changes"].items()}


def plans_of(events: Sequence[Event]) -> dict[str, Plan]:
    """Name of a run to its plan; a run that refuses has none."""
    return {e["@testrun"]: Plan(e["test_plan"]) for e in events if "test_plan" in e}


def ready(folder: Path) -> Terraform:
    """`folder` filled with infra/ and initialised; NoTerraform says why not."""
    program = shutil.which("terraform")
    if program is None:
        raise NoTerraform("no Terraform: it is not on the path")
    shutil.copytree(INFRA, folder / "infra", ignore=_what_is_the_owners)
    _lay_chalice_file(folder / "crypto_bot/.chalice/config.json")
    mirror = _mirror()
    terraform = Terraform(
        program=program,
        folder=folder / "infra",
        environment=_environment(_configuration(folder, mirror)),
    )
    _check_version(terraform)
    try:
        done = terraform.run("init", "-input=false", seconds=OFFLINE if mirror else DOWNLOADING)
    except subprocess.TimeoutExpired:
        raise NoTerraform(_no_provider("in time", mirror)) from None
    if done.returncode:
        raise NoTerraform(_no_provider(done.stderr.strip(), mirror))
    return terraform


def _lay_chalice_file(path: Path) -> None:
    """As an owner has it whose dev ranks markets."""
    path.parent.mkdir(parents=True)
    stages = {"dev": {"environment_variables": {"MARKET_FUNCTIONS": "rank_markets"}}}
    path.write_text(json.dumps({"stages": stages}), encoding="utf-8")


def _what_is_the_owners(_folder: str, names: list[str]) -> list[str]:
    states = ("terraform.tfstate", ".terraform", "backend_override")
    return [name for name in names if name.startswith(states)]


def _mirror() -> Path | None:
    named = _ENVIRONMENT.get(MIRROR_VARIABLE)
    if named:
        if not (Path(named) / PROVIDER).is_dir():
            raise NoTerraform(
                f"no Terraform: {MIRROR_VARIABLE} is {named}, and there is no {PROVIDER} in it"
            )
        return Path(named)
    usual = (
        INFRA / ".terraform/providers",
        Path.home() / ".terraform.d/plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    )
    return next((folder for folder in usual if (folder / PROVIDER).is_dir()), None)


def _configuration(folder: Path, mirror: Path | None) -> Path:
    path = folder / "terraformrc"
    installation = ""
    if mirror is not None:
        source = f'filesystem_mirror {{\n    path = "{mirror.as_posix()}"\n  }}'
        installation = f"provider_installation {{\n  {source}\n}}\n"
    path.write_text(installation + "disable_checkpoint = true\n", encoding="utf-8")
    return path


def _environment(configuration: Path) -> dict[str, str]:
    """Nothing of the owner's: no account, no variables, no workspace."""
    kept = {n: v for n, v in _ENVIRONMENT.items() if not n.startswith(("AWS_", "TF_"))}
    return {
        **kept,
        "TF_CLI_CONFIG_FILE": str(configuration),
        "TF_IN_AUTOMATION": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _check_version(terraform: Terraform) -> None:
    found = json.loads(terraform.run("version", "-json").stdout)["terraform_version"]
    if tuple(map(int, found.split(".")[:2])) < OLDEST:
        raise NoTerraform(f"no Terraform: {found} is older than {'.'.join(map(str, OLDEST))}")


def _no_provider(trouble: str, mirror: Path | None) -> str:
    where = "the registry" if mirror is None else str(mirror)
    last = trouble.splitlines()[-1:] or ["no word"]
    return (
        f"no Terraform: the provider hashicorp/aws could not be had from {where} ({last[0]}); "
        f"name a folder that has it with {MIRROR_VARIABLE}"
    )


def summary(events: Sequence[Event]) -> dict[str, Any]:
    """How the runs of one file ended."""
    [found] = [e["test_summary"] for e in events if e["type"] == "test_summary"]
    return dict(found)


def complaints(events: Sequence[Event]) -> Iterator[str]:
    """Each error that was not expected."""
    for event in events:
        said = event.get("diagnostic", {})
        if said.get("severity") == "error":
            yield f"{said['summary']}: {' '.join(said['detail'].split())}"
