"""The deployed stage, and what its owner, the schedule and TradingView do with it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from tests.aws.stage import Owner
from tests.infra.terraform import Terraform

_PATIENCE = 90  # seconds; a busy machine runs a function in some of them


@dataclass(frozen=True, kw_only=True)
class DeployedStage:
    """`owner` has Terraform, and a folder of wheels in place of the package index."""

    owner: Owner
    terraform: Terraform
    wheels: Path

    def runs(self, *words: str, given: str = "") -> str:
        known = {n: v for n, v in self.terraform.environment.items() if n.startswith("TF_")}
        return self.owner.succeeds(*words, given=given, AWS_REGION="eu-west-1", **known)

    def deploy(self) -> str:
        infra = str(self.terraform.folder)
        where = ("--infra", infra, "--wheels", str(self.wheels))
        return self.runs("crypto-bot", "deploy", "dev", "--yes", *where)

    def destroy(self) -> None:
        where = ("--infra", str(self.terraform.folder))
        self.runs("crypto-bot", "destroy", "dev", *where, given="dev\n")

    def url_of(self, strategy: str, said: str) -> str:
        """The path of the webhook, as `strategies apply` has shown it once."""
        [line] = [one for one in said.splitlines() if one.startswith(f"Webhook of {strategy},")]
        return "/hook/" + line.rpartition("/hook/")[2]

    def alert(self, path: str, position: str, **more: Any) -> str:
        """The id of the signal that it became."""
        message = {"time": _now(), "ticker": "BTCUSD", "market_position": position, **more}
        answer = eventually(lambda: self._post(path, message), lambda said: said is not None)
        assert answer["status"] == "stored", answer
        identity: str = answer["signal_id"]
        return identity

    def _post(self, path: str, message: Any) -> Any:
        try:
            return self.owner.asks(path, message)
        except HTTPError as error:
            if error.code < 500:
                raise
            return None  # nothing was stored; TradingView would send it again

    def schedule(self, function: str) -> Any:
        event = {
            "version": "0",
            "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": _now(),
            "region": "eu-west-1",
            "resources": [f"arn:aws:events:eu-west-1:123456789012:rule/{function}-event"],
            "detail": {},
        }
        answer = self.owner.moto.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read())

    def signal(self, identity: str) -> Any:
        listed = json.loads(self.runs("crypto-bot", "signals", "--stage", "dev", "--json"))
        return next(signal for signal in listed if signal["id"] == identity)

    def orders(self) -> list[Any]:
        found: list[Any] = json.loads(self.runs("crypto-bot", "orders", "--stage", "dev", "--json"))
        return found


def _now() -> str:
    return datetime.now(UTC).isoformat()  # noqa: TID251 - functions live in the true time


def eventually(ask: Callable[[], Any], is_enough: Callable[[Any], bool]) -> Any:
    """The first answer that is enough."""
    end = time.monotonic() + _PATIENCE
    while True:
        answer = ask()
        if is_enough(answer):
            return answer
        assert time.monotonic() < end, answer
        time.sleep(0.5)
