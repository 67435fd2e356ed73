"""What the deployed bots of a stage run with, where a schedule runs them."""

from dataclasses import replace

from chalicelib import bootstrap
from chalicelib.bootstrap.bots import bot_ports, findings
from chalicelib.bootstrap.candles import candle_settings
from chalicelib.bootstrap.sandbox import function_sandbox
from chalicelib.market_ports.series import TimeSeries
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.live_views import LiveViews
from chalicelib.services.bots.run_deployments import RunningDeployments


def running_deployments(series: TimeSeries) -> RunningDeployments:
    """On candles of this series."""
    venue = candle_settings().venue
    return RunningDeployments(
        ports=_ports(),
        inbox=bootstrap.webhook(),
        series=series,
        venue=venue,
        workers=bootstrap.workers(),
        known=LiveViews(findings, venue),
    )


def _ports() -> BotPorts:
    """On AWS their code runs in the function that may do nothing."""
    if not bootstrap.is_deployed() or bootstrap.choices().load_bot is not None:
        return bot_ports()
    return replace(bot_ports(), load=function_sandbox())
