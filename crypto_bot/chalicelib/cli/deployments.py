"""What was typed of a bot -> the deployment that it comes to."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.bootstrap.trials import amount
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.deployment import USUAL_CASH, Deployment, check_deployment
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant


def deployment_of(
    *,
    now: datetime,
    bot: str,
    name: str | None,
    strategy: str | None,
    instruments: Sequence[str],
    interval: str | None,
    params: Sequence[str],
    cash: str | None,
    since: str | None,
) -> Deployment:
    """SettingsError for what cannot be meant."""
    try:
        setups = set_up(
            ready_made(bot),
            instruments=instruments,
            interval=interval or "",
            parameters=dict(parameter(text) for text in params),
        )
        deployment = Deployment(
            name=name or bot,
            strategy=strategy or name or bot,
            setups=tuple(setups),
            since=now if since is None else read_instant("--since", since),
            cash=USUAL_CASH if cash is None else amount("--cash", cash),
        )
        check_deployment(deployment)
    except BotRefused as error:
        raise SettingsError(str(error)) from None
    return deployment


def parameter(text: str) -> tuple[str, float]:
    """What --param says; SettingsError if it says nothing."""
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"--param is {text!r}; it must be such as threshold=1")
    number = amount(f"--param {name}", value)
    return name, int(number) if value.strip().lstrip("-").isdecimal() else float(number)
