"""Before a deploy: what is wrong is told, and nothing is made.

Asked with the rights of whoever deploys, who need not be able to read a secret.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

import click
from botocore.exceptions import ClientError

from chalicelib import bootstrap
from chalicelib.adapters.secrets.secrets_manager import PARAMETER_PREFIX
from chalicelib.bootstrap.stage import project, secret_bounds, work_on
from chalicelib.bootstrap.venues import VIRTUAL, check_exchange
from chalicelib.cli.checks import Check, check_rules
from chalicelib.cli.stage_checks import Answer, asked, check_stage
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.deployment.runtime import refuse_runtime
from chalicelib.domain.deployment.bot_functions import check_bot_needs
from chalicelib.domain.deployment.market_functions import MADE_BY_TERRAFORM, check_needs
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.settings import Settings, Stage

_ANY_REGION: Final = "us-east-1"  # whoever one is, one is everywhere
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 5.0, "read_timeout": 10.0}
_MISSING: Final = "ResourceNotFoundException"
_CURRENT: Final = "AWSCURRENT"


def refuse_here(stage: str) -> Settings:
    """What can be told without AWS; else what the stage is to be."""
    refuse_runtime()
    environment = project().environment(stage)
    settings = Settings.from_environment(environment)
    if settings.stage is not Stage(stage):
        raise SettingsError(
            f"stages.{stage} of .chalice/config.json has CRYPTO_BOT_STAGE = {settings.stage}; it "
            f"must be {stage}"
        )
    given = environment.keys() | MADE_BY_TERRAFORM
    check_needs(settings.market_functions, given)
    check_bot_needs(settings.bot_functions, given)
    return settings


def refuse_there(stage: str, *, needs_table: bool) -> Configuration:
    """Credentials, table, limits, accounts; the configuration, which is empty without a table."""
    if not is_configured(stage):
        found = aws_client("sts", region=_ANY_REGION, **_PATIENCE).get_caller_identity()
        click.echo(f"Deploying as {found['Arn']}.")
        return Configuration()
    work_on(Stage(stage))
    checks = list(check_stage(asks_functions=False, asks_venues=False))
    has_table = all(c.ok for c in checks if c.name == "table")
    if not needs_table:
        checks = [c for c in checks if c.name != "table"]
    _tell(checks)
    if not has_table:
        return Configuration()
    configuration = bootstrap.strategies().configuration()
    for account in configuration.accounts.values():
        _tell(_account_checks(account, configuration))
    return configuration


def is_configured(stage: str) -> bool:
    """Whether `configure` has written what Terraform has made of it."""
    return bool(project().environment(stage).get("TABLE_NAME"))


def _account_checks(account: Account, configuration: Configuration) -> Iterator[Check]:
    yield from check_rules(account, configuration)
    name = f"account {account.name}: exchange"
    try:
        check_exchange(account)
    except SettingsError as error:
        yield Check(name=name, ok=False, detail=str(error))
    else:
        yield Check(name=name, ok=True, detail=f"{account.exchange} is known")
    if account.secret and account.exchange != VIRTUAL:
        yield asked(f"account {account.name}: secret", partial(_secret, account.secret))


def _secret(name: str) -> Answer:
    """Whether there is something in it; what, the deployed tick will tell."""
    try:
        secret_bounds(bootstrap.settings()).check(name)
    except SettingsError as error:
        return False, str(error)
    has = _has_parameter if name.startswith(PARAMETER_PREFIX) else _has_value
    if not has(name):
        return False, f"the secret {name!r} is empty or missing; crypto-bot secrets put writes it"
    return True, f"the secret {name!r} has a value"


def _has_value(name: str) -> bool:
    try:
        about = bootstrap.aws("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != _MISSING:
            raise
        return False
    return any(_CURRENT in stages for stages in (about.get("VersionIdsToStages") or {}).values())


def _has_parameter(name: str) -> bool:
    wanted = {"Key": "Name", "Option": "Equals", "Values": [name.removeprefix(PARAMETER_PREFIX)]}
    return bool(bootstrap.aws("ssm").describe_parameters(ParameterFilters=[wanted])["Parameters"])


def _tell(checks: Iterable[Check]) -> None:
    wrong = []
    for check in checks:
        if check.ok is not True:
            click.echo(f"{'WRONG' if check.ok is False else '-    '} {check.name}: {check.detail}")
        if check.ok is False:
            wrong.append(check.name)
    if wrong:
        raise DeploymentError(f"nothing is deployed: {', '.join(wrong)} must be mended first")
