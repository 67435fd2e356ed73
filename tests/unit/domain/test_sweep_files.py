"""What a stage's files say of sweeps: where its state machine is, and what its function may."""

from typing import Any

import pytest

from chalicelib.domain.deployment.bot_functions import asked_bot_functions, check_bot_needs
from chalicelib.domain.deployment.outputs import StageOutputs, parse_outputs
from chalicelib.domain.deployment.policies import function_policy
from chalicelib.domain.deployment.stage_config import configured, variables
from chalicelib.domain.errors import SettingsError
from tests.unit.domain.test_stage_files import LOG_ACTIONS, MADE, OUTPUTS, refused, told

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:crypto-bot-dev-sweeps"
WITH_SWEEPS = StageOutputs(**MADE, sweep_machine_arn=MACHINE)
CONFIG: dict[str, Any] = {"app_name": "crypto_bot", "stages": {}}


def test_the_machine_is_told_to_the_stage_while_there_is_one() -> None:
    assert parse_outputs(told(sweep_machine_arn=MACHINE), "dev") == WITH_SWEEPS
    assert parse_outputs(told(sweep_machine_arn=""), "dev").sweep_machine_arn == ""
    assert variables(WITH_SWEEPS) == {**variables(OUTPUTS), "SWEEP_MACHINE": MACHINE}
    on = configured(CONFIG, WITH_SWEEPS, {})
    assert on["stages"]["dev"]["environment_variables"]["SWEEP_MACHINE"] == MACHINE
    off = configured(on, OUTPUTS, {})
    assert "SWEEP_MACHINE" not in off["stages"]["dev"]["environment_variables"]


def test_an_odd_machine_is_refused() -> None:
    assert refused(told(sweep_machine_arn="sweeps")) == (
        "terraform's output sweep_machine_arn is 'sweeps'; it must be an ARN:"
        " make infra STAGE=dev brings infra/ up to date"
    )


def test_the_function_reads_questions_and_writes_trials() -> None:
    policy = function_policy("sweep_batch", OUTPUTS)
    log, *others = policy["Statement"]
    assert log["Action"] == LOG_ACTIONS
    assert others == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::lake-dev/sweeps/*/question.gz"],
        },
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject"],
            "Resource": ["arn:aws:s3:::lake-dev/sweeps/*/trials/*"],
        },
        {
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction"],
            "Resource": [
                "arn:aws:lambda:eu-west-1:123456789012:function:crypto_bot-dev-bot_sandbox"
            ],
        },
    ]


def test_it_needs_a_lake_and_has_bots_of_others_run_where_they_may_do_nothing() -> None:
    asked = asked_bot_functions({"BOT_FUNCTIONS": "sweep_batch"})
    assert asked == ("sweep_batch", "bot_sandbox")
    check_bot_needs(asked, {"LAKE_BUCKET"})
    with pytest.raises(SettingsError, match=r"^BOT_FUNCTIONS has sweep_batch, and LAKE_BUCKET is"):
        check_bot_needs(asked, {"CANDLE_VENUE"})
