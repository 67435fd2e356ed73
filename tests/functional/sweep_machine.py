"""The state machine of sweeps on moto, with its batches made here and its functions called here.

moto knows no ItemBatcher and refuses a definition that has one: it is taken out, and what the items
are read to is put together as AWS documents it. moto reads the list from S3, keeps MaxConcurrency
and the retries, and writes a manifest without results; it takes no notice of
ToleratedFailurePercentage. The function in which the code of bots runs is on moto, too, and really
runs it, in this process as far as it is the function's own.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_output_transformer.transformer_json import (  # noqa: E501
    ResourceOutputTransformerJson,
)

from chalicelib.adapters.sandboxes.function import converse
from chalicelib.domain.deployment.bot_functions import BOT_SANDBOX
from chalicelib.domain.deployment.policies import deployed_name
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.function_access import interpreter_needs

MODULE = Path(__file__).parents[2] / "infra/modules/sweeps"
REGION = "eu-west-1"
MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:crypto-bot-prod-sweeps"
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:crypto_bot-prod-sweep_batch"

SANDBOX_MEMORY = 1769 * 2**20

Handler = Callable[[Any], Any]


def definition(bucket: str, at_once: int = 5) -> Any:
    """As Terraform's templatefile makes it."""
    given = {
        "stage": "prod",
        "partition": "aws",
        "function": FUNCTION,
        "bucket": bucket,
        "at_once": str(at_once),
        "retry": (MODULE / "retry.json").read_text(encoding="utf-8"),
    }
    text = (MODULE / "machine.json.tftpl").read_text(encoding="utf-8")
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], text))


def batches(items: list[Any], batcher: Any, given: Any) -> list[Any]:
    """ItemBatcher, as far as ours goes: {"BatchInput": ..., "Items": [...]} of each."""
    size = given[batcher["MaxItemsPerBatchPath"].removeprefix("$.")]
    own = {
        name.removesuffix(".$"): given[path.removeprefix("$.")]
        for name, path in batcher["BatchInput"].items()
    }
    return [
        {"BatchInput": own, "Items": items[at : at + size]} for at in range(0, len(items), size)
    ]


@dataclass(kw_only=True)
class SweepMachine:
    """`handler` is the function sweep_batch; what it raises ends a call as on Lambda."""

    handler: Handler
    calls: list[Any] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    throttled: int = 0  # so many of the next calls
    sandboxed: int = 0  # calls of the function in which the code of bots runs
    _turn: Lock = field(default_factory=Lock)

    @contextmanager
    def serving(self, bucket: str, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Within mock_aws; of the stage prod."""
        made = definition(bucket)
        batcher = made["States"]["Batches"].pop("ItemBatcher")
        read = ResourceOutputTransformerJson._eval_body  # noqa: SLF001 - what AWS does next

        def read_in_batches(transformer: Any, env: Any) -> None:
            read(transformer, env)
            env.stack.append(batches(env.stack.pop(), batcher, env.states.get_input()))

        def _invoked(function: LambdaFunction, event: Any = None) -> tuple[str, bool, str]:
            if function.function_name == deployed_name(BOT_SANDBOX, "prod"):
                return self._run(event)
            return self._invoked(event)

        patch.setattr(ResourceOutputTransformerJson, "_eval_body", read_in_batches)
        patch.setattr(LambdaFunction, "_invoke_lambda", _invoked)
        patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=self.waits.append))
        for service in ("LAMBDA", "STATES", "S3"):
            patch.delenv(f"AWS_ENDPOINT_URL_{service}", raising=False)
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
            role = aws_client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
            for name in ("sweep_batch", BOT_SANDBOX):
                aws_client("lambda", region=REGION).create_function(
                    FunctionName=deployed_name(name, "prod"),
                    Role=role["Role"]["Arn"],
                    Handler=f"app.{name}",
                    Runtime="python3.12",
                    Code={"ZipFile": b"nothing"},
                )
            made = aws_client("stepfunctions", region=REGION).create_state_machine(
                name=MACHINE.rpartition(":")[2],
                definition=json.dumps(made),
                roleArn=role["Role"]["Arn"],
            )
            assert made["stateMachineArn"] == MACHINE
            yield

    def _invoked(self, event: Any) -> tuple[str, bool, str]:
        """As Lambda says it: the answer, whether it failed, the log."""
        with self._turn:
            self.calls.append(event)
            throttled, self.throttled = self.throttled > 0, max(0, self.throttled - 1)
        if throttled:
            return _failed("Lambda.TooManyRequestsException", "Rate Exceeded.")
        try:
            answer = self.handler(event)
        except Exception as error:  # noqa: BLE001 - as Lambda catches whatever it is
            return _failed(type(error).__name__, str(error))
        return json.dumps(answer), False, ""

    def _run(self, event: Any) -> tuple[str, bool, str]:
        """As the function does, but that it leaves this process its credentials."""
        with self._turn:
            self.sandboxed += 1
        said = converse(event, seconds=30, memory=SANDBOX_MEMORY, environment=interpreter_needs())
        return json.dumps(said), False, ""


def _failed(kind: str, sentence: str) -> tuple[str, bool, str]:
    return json.dumps({"errorMessage": sentence, "errorType": kind}), True, ""
