"""vendor, deploy, destroy: the way to the owner's AWS account, and back."""

import subprocess
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from time import sleep
from typing import Any

import click

from chalicelib.adapters.terraform import read_outputs
from chalicelib.bootstrap.stage import project, project_folder
from chalicelib.cli.alive import prove_alive
from chalicelib.cli.configuring import configure
from chalicelib.cli.options import DEPLOYED
from chalicelib.cli.preflight import is_configured, refuse_here, refuse_there
from chalicelib.deployment.host_release import bring_release
from chalicelib.deployment.package import lay_package, stop_writing_bytecode
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.deployment.runtime import refuse_runtime
from chalicelib.deployment.stage_state import state_file
from chalicelib.deployment.terraform import Terraform
from chalicelib.deployment.vendor import USUAL, make_vendor, vendored
from chalicelib.domain.deployment.bot_functions import bots_use_parquet
from chalicelib.domain.deployment.market_functions import use_parquet
from chalicelib.domain.deployment.policies import deployed_name
from chalicelib.domain.deployment.rights import RIGHTS
from chalicelib.domain.trading.account import Configuration
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.settings import Settings

_NOT_CCXT = frozenset({"", "synthetic", "virtual"})
_PATIENCE: dict[str, Any] = {"connect_timeout": 5.0, "read_timeout": 60.0}

_stage = click.argument("stage", type=click.Choice(DEPLOYED))
_infra = click.option(
    "--infra",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=lambda: project_folder().parent / "infra",
    metavar="DIR",
    help="Terraform's folder [default: infra].",
)
_wheels = click.option(
    "--wheels",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Take the libraries from this folder of wheels, and not from the package index.",
)


@click.command()
@click.option(
    "--exchanges",
    default="",
    metavar="IDS",
    help=f"ccxt's ids of the exchanges to take along, or all [default: {' '.join(USUAL)}].",
)
@click.option(
    "--stage",
    type=click.Choice(DEPLOYED),
    help="Take along what the functions of this stage need that look into candles.",
)
@_wheels
def vendor(exchanges: str, stage: str | None, wheels: Path | None) -> None:
    """Make vendor/: what the functions need, as Lambda's Python runs it.

    Pruned to the exchanges and compiled; the same pins make the same files.
    """
    refuse_runtime()
    candles = stage is not None and _use_candles(refuse_here(stage))
    _make_vendor(exchanges.replace(",", " ").split() or USUAL, wheels, candles=candles)


@click.command()
@_stage
@_infra
@_wheels
@click.option("--yes", is_flag=True, help="Let Terraform act without asking.")
@click.pass_context
def deploy(context: click.Context, stage: str, infra: Path, wheels: Path | None, yes: bool) -> None:
    """Bring STAGE to your AWS account, or up to date there, and see that it lives.

    What is wrong here is refused before anything is made on AWS. Safe while orders are open: a tick
    that is cut off is taken up by the next one.
    """
    terraform = Terraform(folder=infra, stage=stage, approved=yes)
    candles = _use_candles(refuse_here(stage))
    known = refuse_there(stage, needs_table=False)
    _package(_vendored_for(_exchanges_of(known), wheels, candles=candles))
    terraform.apply()
    context.invoke(configure, source=None, infra=infra, reserve=(), stage=stage)
    known = refuse_there(stage, needs_table=True)
    _vendored_for(_exchanges_of(known), wheels, candles=candles)
    _chalice("deploy", stage)
    if not _are_tied(infra, stage):
        terraform.apply(again=True)
    bring_release_of(
        stage,
        worker=_has_made(infra, stage, "stream_worker_reads"),
        spark_job=_has_made(infra, stage, "spark_job"),
    )
    prove_alive(sleep)
    click.echo(f"Stage {stage} is deployed: {project().deployed_url(stage)}")


@click.command()
@_stage
@_infra
def destroy(stage: str, infra: Path) -> None:
    """Take STAGE from your AWS account, with all that it knows.

    The books are lost, too: crypto-bot export and crypto-bot backup keep what you want to keep.
    Asks you to type the stage's name. What the strategies hold at an exchange stays there.
    """
    click.echo(f"This removes every function, table, secret and file of stage {stage} from AWS.")
    if click.prompt(f"Type {stage} to go on", default="", show_default=False) != stage:
        raise DeploymentError("that was not the stage's name: nothing is removed")
    terraform = Terraform(folder=infra, stage=stage, approved=True)
    if is_configured(stage):
        _chalice("delete", stage)
        state_file(project_folder(), stage).forget()
    terraform.apply("protected=false")
    terraform.destroy()
    click.echo(f"Stage {stage} is gone.")


def _use_candles(settings: Settings) -> bool:
    return use_parquet(settings.market_functions) or bots_use_parquet(settings.bot_functions)


def _make_vendor(exchanges: Collection[str], wheels: Path | None, *, candles: bool) -> None:
    made = make_vendor(project_folder(), exchanges, wheels, candles=candles)
    besides = ", with DuckDB for candles" if candles else ""
    click.echo(f"vendor/ is made for Python {made.python}: {', '.join(made.exchanges)}{besides}.")


def _vendored_for(exchanges: Collection[str], wheels: Path | None, *, candles: bool) -> set[str]:
    """Have a vendor/ with these; what it has. One that is out of date is made anew."""
    try:
        known = vendored(project_folder())
    except DeploymentError as stale:
        click.echo(f"{stale}: that is done now.")
        known = None
    has = set(known.exchanges) if known else set(USUAL)
    if known is None or known.lacks(exchanges) or known.candles is not candles:
        _make_vendor(has | set(exchanges), wheels, candles=candles)
    return has | set(exchanges)


def _package(exchanges: Iterable[str]) -> None:
    """Too large a one is refused before anything is made."""
    stop_writing_bytecode()
    laid = lay_package(project_folder())
    if laid is not None:
        click.echo(f"The package with {', '.join(sorted(exchanges))}: {laid.zipped / 1e6:.1f} MB.")


def _exchanges_of(configuration: Configuration) -> set[str]:
    named = {a.exchange for a in configuration.accounts.values()}
    named |= {a.prices_from for a in configuration.accounts.values()}
    return {name for name in named - _NOT_CCXT if ":" not in name}


def _are_tied(infra: Path, stage: str) -> bool:
    """Whether Terraform has met all functions: those of an earlier deploy, but not the first."""
    tied: list[str] = read_outputs(infra, stage)["functions_tied"]["value"]
    return {deployed_name(name, stage) for name in RIGHTS} <= set(tied)


def _has_made(infra: Path, stage: str, output: str) -> bool:
    """Whether Terraform has made the opt-in that the output is of."""
    return bool(read_outputs(infra, stage)[output]["value"])


def bring_release_of(stage: str, *, worker: bool = False, spark_job: bool = False) -> None:
    """Where a host ticks, a worker streams or Spark works, it gets what the functions got."""
    environment = project().environment(stage)
    takers = []
    if environment.get("TICKS_ON") == "host":
        takers.append("on the host by sudo systemctl restart crypto-bot-install crypto-bot")
    if worker:
        task = f"--cluster crypto-bot-{stage}-market --service crypto-bot-{stage}-stream-worker"
        takers.append(f"by aws ecs update-service --force-new-deployment {task}")
    if spark_job:
        takers.append("by the next run of the Spark job")
    if not takers:
        return
    s3 = aws_client("s3", region=environment["CRYPTO_BOT_REGION"], **_PATIENCE)
    if bring_release(project_folder().parent, environment["LAKE_BUCKET"], s3):
        click.echo(
            "A newer release is in the lake bucket; it is taken "
            f"{', and '.join(takers)} (infra/README.md)."
        )


def _chalice(command: str, stage: str) -> None:
    """As the owner would type it, in the folder where it is typed."""
    program = Path(sys.executable).with_name("chalice")
    done = subprocess.run(  # noqa: S603 - the words are ours
        [sys.executable, "-B", program, command, "--stage", stage],
        cwd=project_folder(),
        check=False,
    )
    if done.returncode:
        raise DeploymentError(
            f"chalice {command} failed; what it made so far stays, and make deploy STAGE={stage} "
            "goes on from there"
        )
