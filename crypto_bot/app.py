"""The Chalice application: routes from blueprints, and every event function.

Event functions stay here: Chalice packages one of a blueprint as a handler that never runs app.py.
They let errors raise, so that the platform counts them as failed and tries again.
"""

import logging
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Request, Response

from chalicelib import bootstrap
from chalicelib.adapters.telemetry.log_lines import log_as_json
from chalicelib.api import portfolio, webhook

app = Chalice(app_name="crypto_bot")
if bootstrap.is_deployed():
    log_as_json(app.log)
app.log.setLevel(bootstrap.settings().log_level)
app.register_blueprint(webhook.blueprint)
app.register_blueprint(portfolio.blueprint)
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
    if request.method == "POST" and response.status_code >= _OUR_ERROR:
        from chalicelib.bootstrap.operation import telemetry

        telemetry().webhook_failed()
    return response


@app.schedule(bootstrap.settings().execute_schedule)
def tick(event: CloudWatchEvent) -> dict[str, Any]:
    """Work off what is due, on EXECUTE_SCHEDULE."""
    from chalicelib.api import scheduled

    return scheduled.tick(event.time, event.context)


@app.schedule("rate(1 hour)")
def report_performance(_event: CloudWatchEvent) -> dict[str, Any]:
    """Store what every account and strategy is worth, hourly."""
    from chalicelib.api import scheduled

    return scheduled.report_performance()
