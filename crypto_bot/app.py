"""The Chalice application: routes from blueprints, and every event function.

Event functions stay here: Chalice packages one of a blueprint as a handler that never runs app.py.
They let errors raise, so that the platform counts them as failed and tries again.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Request, Response, S3Event

from chalicelib import bootstrap
from chalicelib.adapters.telemetry.log_lines import log_as_json
from chalicelib.api import (
    accounts,
    backtests,
    bots,
    charts,
    comparing,
    configuring,
    deploying,
    deployments,
    markets,
    openapi,
    orders,
    overview,
    pipelines,
    plan,
    portfolio,
    replay,
    settings_page,
    signals,
    strategies,
    web,
    webhook,
)
from chalicelib.functions.events import TickEvent, taking

app = Chalice(app_name="crypto_bot")
if bootstrap.is_deployed():
    log_as_json(app.log)
app.log.setLevel(bootstrap.settings().log_level)
for module in (
    webhook,
    overview,
    signals,
    orders,
    portfolio,
    strategies,
    configuring,
    comparing,
    plan,
    markets,
    charts,
    accounts,
    pipelines,
    settings_page,
    bots,
    backtests,
    deployments,
    deploying,
    replay,
    openapi,
    web,
):
    app.register_blueprint(module.blueprint)
bootstrap.prepare()

_LOG = logging.getLogger("chalicelib")
_LOG.setLevel(bootstrap.settings().log_level)
_OUR_ERROR = 500


@app.middleware("http")
def log_request(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """One line per request, with the route's template: the path itself may hold a token."""
    response = get_response(request)
    identity = getattr(request.lambda_context, "aws_request_id", "")
    _LOG.debug("%s %s %s %d", identity, request.method, request.path, response.status_code)
    if request.path in webhook.ADDRESSES and response.status_code >= _OUR_ERROR:
        from chalicelib.bootstrap.operation import telemetry

        telemetry().webhook_failed()
    return response


@taking(TickEvent)
@app.schedule(bootstrap.settings().execute_schedule)
def tick(event: TickEvent) -> dict[str, Any]:
    """Work off what is due, on EXECUTE_SCHEDULE and when the stream shows an urgent signal."""
    from chalicelib.functions import scheduled

    return scheduled.tick(event)


@app.schedule("rate(1 hour)")
def report_performance(_event: CloudWatchEvent) -> dict[str, Any]:
    """Store what every account and strategy is worth, hourly."""
    from chalicelib.functions import scheduled

    return scheduled.report_performance()


# Of market data, the functions that the stage asks for: each is paid for.
if "collect_trades" in bootstrap.settings().market_functions:

    @app.schedule(bootstrap.settings().market_schedules["collect_trades"])
    def collect_trades(event: CloudWatchEvent) -> dict[str, Any]:
        """Bring the lake's trades up to the last whole minute."""
        from chalicelib.functions import market

        return market.collect_trades(event.context)


if "summarize_trades" in bootstrap.settings().market_functions:

    @app.on_s3_event(
        bucket=bootstrap.settings().lake_bucket,
        events=["s3:ObjectCreated:*"],
        prefix="trades/",
        suffix=".jsonl.gz",
    )
    def summarize_trades(event: S3Event) -> dict[str, Any]:
        """Bring the row of a minute up to its objects, when one of them was written."""
        from chalicelib.functions import market

        return market.summarize_trades(event)


if "sweep_summaries" in bootstrap.settings().market_functions:

    @app.schedule(bootstrap.settings().market_schedules["sweep_summaries"])
    def sweep_summaries(event: CloudWatchEvent) -> dict[str, Any]:
        """Sum up the minutes of which no event told."""
        from chalicelib.functions import market

        return market.sweep_summaries(event)


if "rank_markets" in bootstrap.settings().market_functions:

    @app.schedule(bootstrap.settings().market_schedules["rank_markets"])
    def rank_markets(event: CloudWatchEvent) -> dict[str, Any]:
        """List the largest coins that the venue trades."""
        from chalicelib.functions import candles

        return candles.rank_markets(event)


if "collect_candles" in bootstrap.settings().market_functions:

    @app.schedule(bootstrap.settings().market_schedules["collect_candles"])
    def collect_candles(event: CloudWatchEvent) -> dict[str, Any]:
        """Bring the lake's candles up to the last closed one."""
        from chalicelib.functions import candles

        return candles.collect_candles(event)


if "load_candles" in bootstrap.settings().market_functions:

    @app.schedule(bootstrap.settings().market_schedules["load_candles"])
    def load_candles(event: CloudWatchEvent) -> dict[str, Any]:
        """Bring the time series up to the lake's candles."""
        from chalicelib.functions import series

        return series.load_candles(event)


if "analyse_instruments" in bootstrap.settings().market_functions:

    @app.schedule(bootstrap.settings().market_schedules["analyse_instruments"])
    def analyse_instruments(event: CloudWatchEvent) -> dict[str, Any]:
        """Work out how much each instrument moves, which way, and who pushes it."""
        from chalicelib.functions import series

        return series.analyse_instruments(event)


if "analyse_markets" in bootstrap.settings().market_functions:

    @app.schedule(bootstrap.settings().market_schedules["analyse_markets"])
    def analyse_markets(event: CloudWatchEvent) -> dict[str, Any]:
        """See each venue's instruments against each other."""
        from chalicelib.functions import series

        return series.analyse_markets(event)


if "compact_candles" in bootstrap.settings().market_functions:

    @app.schedule(bootstrap.settings().market_schedules["compact_candles"])
    def compact_candles(event: CloudWatchEvent) -> dict[str, Any]:
        """Make one file of each month and year of candles that is over."""
        from chalicelib.functions import candles

        return candles.compact_candles(event)


if "sweep_batch" in bootstrap.settings().bot_functions:

    @app.lambda_function()
    def sweep_batch(event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Try a batch of a sweep's combinations, for the state machine that hands them out."""
        from chalicelib.functions import sweeping

        return sweeping.sweep_batch(event, context)


# Of bots, those that the stage asks for.
if "run_bots" in bootstrap.settings().bot_functions:

    @app.schedule(bootstrap.settings().bot_schedules["run_bots"])
    def run_bots(event: CloudWatchEvent) -> dict[str, Any]:
        """Show the deployed bots the candles that have closed."""
        from chalicelib.functions import bots_run

        return bots_run.run_bots(event)


if "work_on_job" in bootstrap.settings().bot_functions:

    @app.lambda_function()
    def work_on_job(event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Do what the API has begun and has no time for: a backtest, a check."""
        from chalicelib.functions import working

        return working.work_on_job(event, context)


if "bot_sandbox" in bootstrap.settings().bot_functions:

    @app.lambda_function()
    def bot_sandbox(event: object, context: object) -> Mapping[str, Any]:
        """Run the code of a bot where it can do nothing but answer."""
        from chalicelib.functions import bot_sandbox as running

        return running.bot_sandbox(event, context)


# What has a right to keys is reached by no event and no address: the API's role may call it.
if "tend_keys" in bootstrap.settings().key_functions:

    @app.lambda_function()
    def tend_keys(event: object, _context: object) -> Mapping[str, Any]:
        """Keep, remove and try keys for the API, which has no right to any."""
        from chalicelib.functions import keys

        return keys.tend_keys(event)


if "chalice.cli" in sys.modules:  # `chalice deploy` reads this file to learn what to deploy
    from chalicelib.cli.chalice_command import accompany

    accompany()
