"""Terraform, for one stage: its own workspace, its own variables, its own state."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from chalicelib.deployment.refusal import DeploymentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Terraform:
    """`folder` is infra/; `approved` answers all its questions with yes."""

    folder: Path
    stage: str
    approved: bool

    def apply(self, *settings: str, again: bool = False) -> None:
        """Make what is missing; `again`, right after the first time, asks nobody."""
        self._select()
        self._act("apply", settings, approved=again or self.approved)

    def destroy(self) -> None:
        """Of an owner who has said so already."""
        self._select()
        self._act("destroy", (), approved=True)

    def _select(self) -> None:
        self._run("init", "-input=false")
        self._run("workspace", "select", "-or-create", self.stage)

    def _act(self, what: str, settings: tuple[str, ...], *, approved: bool) -> None:
        words = [f"-var-file={self.stage}.tfvars", *(f"-var={word}" for word in settings)]
        if approved:
            words += ["-auto-approve", "-input=false"]
        self._run(what, *words)

    def _run(self, *words: str) -> None:
        command = ["terraform", f"-chdir={self.folder}", *words]
        try:
            done = subprocess.run(command, check=False)  # noqa: S603 - the words are ours
        except FileNotFoundError:
            raise DeploymentError(
                "terraform is not installed: 1.7 or newer is needed, from terraform.io"
            ) from None
        if done.returncode:
            raise DeploymentError(
                f"{' '.join(command)} failed; what it did so far is done, and the same command as "
                "before goes on from there"
            )
