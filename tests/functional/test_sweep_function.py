"""The function sweep_batch: as the application has it, with what Step Functions sends, and its
policy against what it asks of AWS, both ways.
"""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.adapters.sweep_objects import SweepObjects
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.bootstrap.sweeps import program
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.sweep_asked import asked_of
from chalicelib.domain.bots.sweep_rows import task_row, trial_row
from chalicelib.domain.bots.sweep_trial import Task, Trials
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.domain.deployment.rights import BOT_RIGHTS
from chalicelib.functions.sweeping import sweep_batch
from chalicelib.settings import Stage
from tests.bot_function import BotFunction
from tests.functional.iam import Call, Recorder, covers
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.test_tick_events import Context
from tests.unit.bots.paper_market import BTC, HOUR
from tests.unit.bots.test_sweep_objects import asked
from tests.unit.bots.test_trials_in_a_function import asked as of_a_user
from tests.unit.bots.test_trials_in_a_function import here, tasks

BUCKET = "crypto-bot-prod-lake-123456789012"
TASKS = [
    Task(Span(0, 400 * HOUR), {"fast": fast, "slow": 20, "percentage": 100.0}) for fast in (3, 4, 5)
]

# In a process of its own: what functions there are is decided when the application is loaded.
PROGRAM = """
import json, sys
from base64 import b64decode
from moto import mock_aws
given = json.load(sys.stdin)
with mock_aws():
    from chalicelib.drivers.boto3_session import aws_client
    s3 = aws_client("s3", region="eu-west-1")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="lake", Key="sweeps/one/question.gz", Body=b64decode(given["question"]))
    import app
    class Context:
        def get_remaining_time_in_millis(self):
            return 300_000
    said = {"answers": [app.sweep_batch(event, Context()) for event in given["events"]]}
    [kept] = s3.list_objects_v2(Bucket="lake", Prefix="sweeps/one/trials/")["Contents"]
    found = s3.get_object(Bucket="lake", Key=kept["Key"])["Body"].read()
    said["rows"] = [json.loads(line) for line in found.splitlines()]
    said["loaded"] = sorted({"ccxt", "duckdb", "rich", "click"} & set(sys.modules))
    said["functions"] = sorted(app.app.handler_map)
    print(json.dumps(said))
"""


def batch(*tasks: Task, **more: Any) -> Any:
    """As ItemBatcher sends it."""
    return {"BatchInput": {"sweep": "one"}, "Items": [task_row(task) for task in tasks], **more}


def question(trials: Trials, folder: Path) -> bytes:
    lake = FolderLake(folder)
    SweepObjects(lake, "one").put_question(asked_of(trials, "sma-cross"), program())
    content = lake.get("sweeps/one/question.gz")
    lake.close()
    assert content is not None
    return content


def test_the_application_tries_a_batch_and_loads_nothing_heavy(tmp_path: Path) -> None:
    trials = asked("sma-cross", BTC)
    content = b64encode(question(trials, tmp_path / "lake")).decode()
    events = [batch(at_once=5), batch(*TASKS), batch(*TASKS, progress={"first": 3, "left": 0})]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps({"question": content, "events": events}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            "PATH": "",
            "PYTHONPATH": "crypto_bot",
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "CRYPTO_BOT_REGION": "eu-west-1",
            "CRYPTO_BOT_HOME": str(tmp_path),
            "LAKE_BUCKET": "lake",
            "BOT_FUNCTIONS": "sweep_batch",
        },
    )
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert said["answers"] == [
        {"at_once": 5},
        {"first": 3, "left": 0},
        {"first": 3, "left": 0},
    ]
    assert said["rows"] == [trial_row(trials.run(task)) for task in TASKS]
    assert said["loaded"] == []
    assert "sweep_batch" in said["functions"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OnAws, Recorder]]:
    """Prod, whose function has tried a batch, gone on with it, and tried one of a user's bot."""
    folder, recorder, sandbox = tmp_path_factory.mktemp("sweeps"), Recorder(), BotFunction()
    with pytest.MonkeyPatch.context() as patch:
        recorder.listen(patch)
        with stage_on_aws(folder / "clone", patch) as on_aws, sandbox.serving(patch):
            where = {"LocationConstraint": "eu-west-1"}
            on_aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
            on_aws.edit_config(BOT_FUNCTIONS="sweep_batch")
            given = json.dumps(outputs_of("prod"))
            assert typed("configure", "prod", "--outputs", "-", given=given).exit_code == 0
            content = question(asked("sma-cross", BTC), folder / "lake")
            S3Lake(on_aws.client("s3"), BUCKET).put("sweeps/one/question.gz", content)
            patch.setenv("LAKE_BUCKET", BUCKET)
            bootstrap.use(Choices(settings=stage_settings(Stage.PROD)))
            recorder.caller = "sweep_batch"
            first = sweep_batch(batch(*TASKS), Context(seconds=0))
            assert first == {"first": 1, "left": 2}
            second = sweep_batch(batch(*TASKS, progress=first), Context(seconds=300))
            assert second == {"first": 3, "left": 0}
            recorder.caller = ""
            _of_a_users_bot(SweepObjects(S3Lake(on_aws.client("s3"), BUCKET), "own"), recorder)
            assert sandbox.calls == 2
            yield on_aws, recorder


def _of_a_users_bot(shelf: SweepObjects, recorder: Recorder) -> None:
    """Its batch takes two functions, so half as many are tried at once."""
    own, _ = of_a_user("Cross", BTC)
    shelf.put_question(own, program())
    theirs = batch(*tasks()) | {"BatchInput": {"sweep": "own"}}
    recorder.caller = "sweep_batch"
    assert sweep_batch({**theirs, "Items": [], "at_once": 5}, Context()) == {"at_once": 2}
    assert sweep_batch(theirs, Context()) == {"first": 2, "left": 0}
    recorder.caller = ""
    assert [*shelf.arrived()] == here(own, tasks())


def rights(on_aws: OnAws) -> list[Call]:
    document = on_aws.document("policy-prod-sweep_batch.json")
    return [
        (action, resource)
        for statement in document["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]


def test_its_policy_grants_what_it_asks_for_and_nothing_else(stage: tuple[OnAws, Recorder]) -> None:
    on_aws, recorder = stage
    granted, calls = rights(on_aws), recorder.calls["sweep_batch"]
    excused = {a for right in BOT_RIGHTS["sweep_batch"] if right.because for a in right.actions}
    assert [call for call in calls if not any(covers(right, call) for right in granted)] == []
    idle = [right for right in granted if not any(covers(right, call) for call in calls)]
    assert {action for action, _ in idle} == excused
    assert not any(action.startswith("dynamodb:") for action, _ in granted)
    invoked = [resource for action, resource in calls if action == "lambda:InvokeFunction"]
    assert [name.rpartition(":")[2] for name in invoked] == ["crypto_bot-prod-bot_sandbox"]
    assert "bot_sandbox" not in recorder.calls


@pytest.mark.usefixtures("stage")
def test_a_question_that_is_not_there_is_refused() -> None:
    event = batch() | {"BatchInput": {"sweep": "two"}}
    with pytest.raises(BotRefused, match=r"^sweeps/two/question.gz is not in the lake"):
        sweep_batch(event, Context())
