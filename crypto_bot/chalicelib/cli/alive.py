"""After a deploy: one test alert goes all its way, and the API answers to the world."""

import json
import secrets
from typing import Any, Final

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.stage import project
from chalicelib.deployment import smoke_test
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.domain.deployment.policies import API_HANDLER, deployed_name
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.services.trading.replace_token import replace_token
from chalicelib.settings import TRADINGVIEW_SOURCES

_ADDRESS_OF_AWS: Final = ".amazonaws.com"
_LONGEST: Final = 65.0  # seconds that a function may take


def prove_alive(sleep: smoke_test.Sleep) -> None:
    """DeploymentError where something does not answer as it should; what answers is told."""
    stage = bootstrap.settings().stage
    client = aws_client(
        "lambda",
        region=bootstrap.settings().region,
        connect_timeout=5,
        read_timeout=_LONGEST,
        attempts=1,
    )

    def invoke(function: str, event: object) -> Any:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise DeploymentError(
                f"{function} failed: {str(said)[:300]}; its log: chalice logs --stage {stage}"
            )
        return said

    _follow_alert(invoke, stage, sleep)
    url = _reachable_url(client.meta.endpoint_url, stage)
    click.echo(f"GET {url}/health: version {smoke_test.ask_health(url, sleep)} answers.")
    answers = invoke(deployed_name("tick", stage), {"check": "venues"})["venues"]
    for account, trouble in sorted(answers.items()):
        where = f"from {bootstrap.settings().region}"
        click.echo(f"{account}: {trouble or f'its exchange answers to functions {where}'}.")


def _follow_alert(invoke: smoke_test.Invoke, stage: str, sleep: smoke_test.Sleep) -> None:
    clock, store = bootstrap.clock(), bootstrap.strategies()
    _have_strategy()
    _, token = replace_token(store, smoke_test.STRATEGY, secrets.token_urlsafe, revoke=True)
    try:
        event = smoke_test.recorded_event(
            token=token, source=_source(), at=clock.now().isoformat(timespec="seconds")
        )
        signal_id = smoke_test.send_alert(invoke, deployed_name(API_HANDLER, stage), event, sleep)
    finally:  # from here on nobody has a token of this strategy
        replace_token(store, smoke_test.STRATEGY, secrets.token_urlsafe, revoke=True)
    tick = deployed_name("tick", stage)
    words = smoke_test.await_skipped(
        bootstrap.signals().get,
        signal_id,
        lambda: invoke(tick, {"time": clock.now().isoformat(timespec="seconds")}),
        sleep,
    )
    click.echo(f"A test alert became a signal, and that ended {words}.")


def _have_strategy() -> None:
    """One that nobody follows, so that nothing can ever be traded on it."""
    store = bootstrap.strategies()
    known = store.configuration()
    if smoke_test.STRATEGY not in known.strategies:
        store.apply(
            expected_version=known.version,
            strategies=[
                Strategy(
                    name=smoke_test.STRATEGY,
                    instruments={smoke_test.TICKER: smoke_test.SYMBOL},
                    sibling_wait=0,
                )
            ],
        )


def _source() -> str:
    """An address that the webhook admits."""
    return [*bootstrap.settings().webhook_sources, *TRADINGVIEW_SOURCES][0].partition("/")[0]


def _reachable_url(endpoint: str, stage: str) -> str:
    """The API's own address; a stand-in for AWS has its APIs below its own, as LocalStack does."""
    url = project().deployed_url(stage)
    if endpoint.endswith(_ADDRESS_OF_AWS):
        return url
    api = url.removeprefix("https://").partition(".")[0]
    return f"{endpoint}/restapis/{api}/{stage}/_user_request_"
