"""configure: what Terraform has made -> the stage in .chalice/config.json and its policies."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from typing_extensions import override

import chalicelib
from chalicelib.adapters.chalice_project import ChaliceProject
from chalicelib.adapters.terraform import parse, read_outputs
from chalicelib.bootstrap.stage import project, project_folder
from chalicelib.candle_settings import CandleSettings
from chalicelib.cli.applying import read_file
from chalicelib.cli.options import DEPLOYED
from chalicelib.domain.deployment.bot_functions import check_bot_needs
from chalicelib.domain.deployment.market_functions import check_needs
from chalicelib.domain.deployment.outputs import StageOutputs, parse_outputs
from chalicelib.domain.deployment.policies import SecretNames
from chalicelib.domain.deployment.rights import (
    BOT_RIGHTS,
    KEY_RIGHTS,
    MARKET_RIGHTS,
    functions_of,
)
from chalicelib.domain.deployment.stage_config import configured, policy_files, variables
from chalicelib.domain.errors import SettingsError
from chalicelib.market_settings import MarketSettings
from chalicelib.series_settings import SeriesSettings
from chalicelib.settings import Settings, Stage

_INFRA = Path(chalicelib.__file__).parents[2] / "infra"
_UNRESERVED = "none"
_IN_FUNCTIONS = "/var/task/"  # where Lambda unpacks the package


class Reservation(click.ParamType[tuple[str, int]]):
    """FUNCTION=NUMBER, or FUNCTION=none."""

    name = "function=number"

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """The function's name and how many of it may run at once; 0 where nothing is reserved."""
        name, _, count = str(value).partition("=")
        known = functions_of((*MARKET_RIGHTS, *BOT_RIGHTS, *KEY_RIGHTS))
        if name not in known:
            self.fail(f"{name!r} is no function; it must be {', '.join(known)}", param, ctx)
        if count == _UNRESERVED:
            return name, 0
        if not count.isdecimal() or not int(count):
            self.fail(f"{count!r} is no number above 0, and not {_UNRESERVED}", param, ctx)
        return name, int(count)


@click.command()
@click.option(
    "--outputs",
    "source",
    metavar="FILE",
    help="What `terraform output -json` has printed; - reads it from standard input.",
)
@click.option(
    "--infra",
    type=click.Path(path_type=Path, file_okay=False),
    default=_INFRA,
    metavar="DIR",
    help="Terraform's folder, which is asked without --outputs [default: infra].",
)
@click.option(
    "--reserve",
    type=Reservation(),
    multiple=True,
    help="Lambda concurrency kept for one function, such as tick=1; none gives it back. A small "
    "AWS account cannot reserve any.",
)
@click.argument("stage", type=click.Choice(DEPLOYED))
def configure(
    source: str | None, infra: Path, reserve: tuple[tuple[str, int], ...], stage: str
) -> None:
    """Write what Terraform made for STAGE into .chalice.

    The stage's variables go into config.json, where all that you have put there yourself stays, and
    a policy for each function beside it. After that: chalice deploy --stage STAGE.
    """
    outputs = parse_outputs(_read(source, infra, stage), stage)
    place = project()
    documents = _documents(place, outputs, dict(reserve))
    changed = place.write(documents)
    for name in changed:
        click.echo(f".chalice/{name} is written.")
    if not changed:
        click.echo(f"Nothing changes: stage {stage} is configured so already.")


def _read(source: str | None, infra: Path, stage: str) -> Any:
    if source is None:
        return read_outputs(infra, stage)
    if source == "-":
        return parse(sys.stdin.read(), "standard input")
    return parse(read_file(Path(source)), source)


def _documents(
    place: ChaliceProject, outputs: StageOutputs, reserved: Mapping[str, int]
) -> dict[str, object]:
    """All that is to be written, checked as the functions will check it; the config last.

    config.json names the policies: were it written first, and the rest not, it would name none.
    """
    environment = place.environment(outputs.stage) | variables(outputs)
    settings = Settings.from_environment(environment)
    given = [name for name, text in environment.items() if text]
    check_needs(settings.market_functions, given)
    check_bot_needs(settings.bot_functions, given)
    market = MarketSettings.from_environment(environment)
    SeriesSettings.from_environment(environment)
    _check_authorities(market.trade_flow.get("ssl_ca", ""))
    if settings.stage is Stage.DEV and settings.live:
        raise SettingsError(
            "LIVE is yes on stage dev, which never trades live; take it out of stages.dev in "
            ".chalice/config.json, or trade on stage prod"
        )
    asked = settings.opted_functions
    config = configured(place.config(), outputs, reserved, asked)
    secrets = SecretNames(
        trading=settings.secret_name,
        table=market.trade_flow_secret,
        ranking=CandleSettings.from_environment(environment).coingecko_secret,
    )
    policies = policy_files(outputs, settings.webhook_sources, secrets, asked)
    return {**policies, "config.json": config}


def _check_authorities(path: str) -> None:
    """The package is made of the project: what a function is to find in it has to be there."""
    inside = path.removeprefix(_IN_FUNCTIONS)
    if inside != path and not (project_folder() / inside).is_file():
        raise SettingsError(
            f"TRADE_FLOW_URL names {path}, which functions find where {project_folder() / inside} "
            "is here, and that is missing; docs/market-data.md says where to get it"
        )
