"""`chalice deploy` and its kin, typed by the owner: our zip, and one memory for all machines.

Chalice reads app.py before it makes anything, and app.py calls `accompany`: that is early enough to
refuse, and to lay the package where Chalice looks for it. What Chalice remembers of the deployment
goes to the lake bucket when its command ends, however it ends. Its own memory it has read by then:
where the bucket knows better, the command begins anew.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from chalicelib.adapters.chalice_project import ChaliceProject
from chalicelib.deployment import package
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.deployment.stage_state import state_file
from chalicelib.deployment.vendor import vendored
from chalicelib.domain.deployment.bot_functions import asked_bot_functions, bots_use_parquet
from chalicelib.domain.deployment.market_functions import asked_functions, use_parquet
from chalicelib.domain.errors import CryptoBotError
from chalicelib.settings import Stage

_PACKAGES: Final = frozenset({"deploy", "package", "plan"})
_CHANGES: Final = frozenset({"deploy", "delete"})


def accompany() -> None:
    """Nothing, unless one of Chalice's own commands is reading app.py."""
    context = click.get_current_context(silent=True)
    if context is None or not _is_of_chalice(context):
        return
    try:
        _accompany(context)
    except CryptoBotError as error:
        raise click.ClickException(str(error)) from error


def _is_of_chalice(context: click.Context) -> bool:
    return isinstance(context.obj, dict) and "factory" in context.obj


def _accompany(context: click.Context) -> None:
    project = Path(context.obj["project_dir"]).resolve()
    if context.info_name in _CHANGES:
        _keep_state(context, project)
    if context.info_name in _PACKAGES:
        package.stop_writing_bytecode()
        _refuse_without_candles(project, str(context.params["stage"]))
        _lay(project)


def _keep_state(context: click.Context, project: Path) -> None:
    stage: Any = context.params["stage"]
    if stage not in (Stage.DEV, Stage.PROD):
        raise click.ClickException(f"there is no stage {stage}: --stage is dev or prod")
    state = state_file(project, stage)
    # The owner's profile may mean another region, where Chalice would make a second stage.
    os.environ["AWS_DEFAULT_REGION"] = state.region
    told = state.fetch()
    if told:
        click.echo(f"{told[0].upper()}{told[1:]}.")
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - the same command
    context.call_on_close(state.keep)


def _refuse_without_candles(project: Path, stage: str) -> None:
    """Functions without a library that they import would be deployed, and fail when they run."""
    environment = ChaliceProject(project).environment(stage)
    made_of = vendored(project)
    needed = use_parquet(asked_functions(environment)) or bots_use_parquet(
        asked_bot_functions(environment)
    )
    if needed and not (made_of and made_of.candles):
        raise DeploymentError(
            f"stage {stage} has functions that look into candles, and there is no vendor/ with "
            f"DuckDB; run make vendor STAGE={stage}"
        )


def _lay(project: Path) -> None:
    laid = package.lay_package(project)
    if laid is None:
        click.echo("There is no vendor/: Chalice brings all that requirements.txt names.")
    else:
        size = f"{laid.zipped / 1e6:.1f} MB, {laid.unzipped / 1e6:.1f} MB unzipped"
        click.echo(f"The package for Lambda: {size}.")
