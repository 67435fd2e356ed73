"""AWS on this machine: moto as a server, and what Chalice and Terraform need of it besides.

`python -m tests.aws.moto_server FOLDER` prints its address as one line of JSON and serves until it
is stopped; functions are unpacked and run in FOLDER, where ASKED lists the calls of services that
name them in a header, and LOGS has what each function has printed. A path
/restapis/API/STAGE/_user_request_/... is a request to a deployed API.
"""

import copy
import json
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from moto.apigateway.models import APIGatewayBackend
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.budgets.responses import BudgetsResponse
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import FakeBucket, FakeDeleteMarker
from werkzeug.serving import make_server

from tests.aws.gateway import Gateway
from tests.aws.lambda_runtime import Function, LambdaRuntime
from tests.infra.stream_filter import passes

REGION = "eu-west-1"
ASKED = "asked.txt"  # such as AWSGlue.CreateDatabase, a line each
LOGS = "logs"  # a file for each function


def run_functions_here(runtime: LambdaRuntime, logs: Path) -> None:
    """moto runs functions in Docker, or not at all: here their package runs as it would on AWS."""
    logs.mkdir()

    def invoke(function: Any, event: Any = None) -> tuple[str, bool, str]:
        deployed = Function(
            name=function.function_name,
            handler=function.handler,
            code=function.code_bytes,
            environment=function.environment_vars,
            timeout=int(function.timeout),
            memory=int(function.memory_size),
        )
        outcome = runtime.invoke(deployed, event)
        with (logs / function.function_name).open("a", encoding="utf-8") as log:
            log.write(outcome.log)
        if outcome.failed:
            last = outcome.log.strip().splitlines()[-1:]
            return json.dumps({"errorMessage": "".join(last)}), True, outcome.log
        return json.dumps(outcome.answer), False, outcome.log

    replaced: Any = LambdaFunction
    replaced._invoke_lambda = invoke  # noqa: SLF001 - moto has no door for it


def take_apis_as_chalice_writes_them() -> None:
    """moto reads OpenAPI 3 alone, and wants a description: Chalice writes Swagger 2 without one."""
    of_moto, changed_in_moto = APIGatewayBackend.import_rest_api, APIGatewayBackend.put_rest_api

    def import_rest_api(backend: Any, api_doc: Any, *args: Any, **named: Any) -> Any:
        api_doc["info"].setdefault("description", "")
        return of_moto(backend, api_doc, *args, **named)

    def put_rest_api(backend: Any, function_id: str, api_doc: Any, *args: Any, **named: Any) -> Any:
        document = copy.deepcopy(api_doc)
        document.pop("swagger", None)
        document["openapi"] = "3.0.1"
        return changed_in_moto(backend, function_id, document, *args, **named)

    replaced: Any = APIGatewayBackend
    replaced.import_rest_api = import_rest_api
    replaced.put_rest_api = put_rest_api


def answer_about_budgets() -> None:
    """Terraform reads a budget's tags and subscribers back, which moto does not answer.

    It would repeat the question for minutes, and set the tags anew each time.
    """
    tags: dict[str, Any] = {}
    of_moto = BudgetsResponse.create_budget

    def create_budget(response: BudgetsResponse) -> str:
        asked = json.loads(response.body)
        name = asked["Budget"]["BudgetName"]
        tags[f"arn:aws:budgets::{asked['AccountId']}:budget/{name}"] = asked.get("ResourceTags", [])
        return of_moto(response)

    def list_tags(response: BudgetsResponse) -> str:
        return json.dumps({"ResourceTags": tags.get(json.loads(response.body)["ResourceARN"], [])})

    def describe_subscribers(response: BudgetsResponse) -> str:
        asked = json.loads(response.body)
        budget = response.backend.budgets[asked["AccountId"]][asked["BudgetName"]]
        kind = asked["Notification"]["NotificationType"]
        found = [
            n.subscribers for n in budget.notifications if n.details["NotificationType"] == kind
        ]
        return json.dumps({"Subscribers": found[0]})

    replaced: Any = BudgetsResponse
    replaced.create_budget = create_budget
    replaced.list_tags_for_resource = list_tags
    replaced.describe_subscribers_for_notification = describe_subscribers


def heed_the_conditions_of_buckets() -> None:
    """The lake's policy denies everything without encryption, and moto everything: it reads no
    conditions. On loopback there is none to meet that one.
    """

    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        if bucket.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(bucket.policy)
        statements = [s for s in policy["Statement"] if "Condition" not in s]
        unconditional = IAMPolicy(json.dumps(policy | {"Statement": statements}))
        return unconditional.is_action_permitted(action, resource)

    replaced: Any = FakeBucket
    replaced.get_permission = get_permission


def empty_buckets_of_their_versions() -> None:
    """moto cannot take the mark of a deleted object out of a bucket, as `destroy` has to."""
    replaced: Any = FakeDeleteMarker
    replaced.dispose = lambda _: None  # it keeps no bytes anywhere


def wake_functions_as_streams_do() -> None:
    """moto runs the function inside of every write, whatever the mapping's filter says.

    Lambda reads the stream later, and runs the function for what passes.
    """

    def send_dynamodb_items(backend: Any, function_arn: str, items: Any, source: str) -> str:
        mappings = backend._event_source_mappings.values()  # noqa: SLF001 - moto has no door
        for mapping in mappings:
            if (mapping.function_arn, mapping.event_source_arn) == (function_arn, source):
                records = [r for r in map(_record, items) if _passes(mapping, r)]
                if records and mapping.enabled:
                    function = backend._lambdas.get_arn(function_arn)  # noqa: SLF001
                    event = json.dumps({"Records": records})
                    Thread(target=function.invoke, args=(event, {}, {}), daemon=True).start()
        return "taken"

    replaced: Any = LambdaBackend
    replaced.send_dynamodb_items = send_dynamodb_items


def _record(item: Any) -> Any:
    record = item.to_json()
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = int(change["ApproximateCreationDateTime"].timestamp())
    return record | {"dynamodb": change}


def _passes(mapping: Any, record: Any) -> bool:
    patterns = [json.loads(one["Pattern"]) for one in (mapping.filter_criteria or {})["Filters"]]
    return any(passes(pattern, record) for pattern in patterns)


def noting(application: Any, path: Path) -> Any:
    """The application, with a list of what it is asked."""

    def answer(environ: Any, start_response: Any) -> Any:
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            with path.open("a", encoding="utf-8") as asked:
                asked.write(f"{target}\n")
        return application(environ, start_response)

    return answer


def main(folder: Path) -> None:
    take_apis_as_chalice_writes_them()
    answer_about_budgets()
    heed_the_conditions_of_buckets()
    empty_buckets_of_their_versions()
    wake_functions_as_streams_do()
    moto = DomainDispatcherApplication(create_backend_app)
    gateway = noting(Gateway(moto, REGION), folder / ASKED)
    server = make_server("127.0.0.1", 0, gateway, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    run_functions_here(LambdaRuntime(folder, url, REGION), folder / LOGS)
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
