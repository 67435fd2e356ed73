"""What a workflow on GitHub may do to a stage: build it, not read it, and not touch the other."""

import json
from fnmatch import fnmatchcase

import pytest

from chalicelib.deployment.host_release import KEY as RELEASE
from chalicelib.deployment.state_file import KEY as DEPLOYED

ROLE = "aws_iam_role.deployer[0]"
# AWS knows no resource for a list; mappings are bounded by a condition, APIs by nothing but a path.
UNBOUNDED = {"Lists", "Mappings"}
# The same of the opt-ins: a text that is to become a state machine has no name yet.
UNBOUNDED_OPT_INS = {"StateMachineTexts", "TimeSeriesHosts"}
OPT_INS = "aws_iam_policy.deployer_opt_ins[0]"
PASSED = {  # roles and the service that they are handed to
    "PassSparkRole": (["spark-job"], "glue"),
    "PassStateMachineRoles": (["candles", "sweeps"], "states"),
    "PassStarterRole": (["candles-starter"], "events"),
}


@pytest.fixture(params=["everything", "dev_in_an_account_of_its_own"])
def deployer(request: pytest.FixtureRequest, plans) -> tuple[str, dict, dict[str, dict]]:
    """Stage, trust and rights."""
    plan = plans[request.param]
    policy = plan.one("aws_iam_role_policy.deployer[0]")["policy"]
    trust = json.loads(plan.one(ROLE)["assume_role_policy"])["Statement"][0]
    rights = {s["Sid"]: s for s in json.loads(policy)["Statement"]}
    return plan.outputs["stage"], trust, rights


def test_only_this_repositorys_main_or_approved_environment_is_believed(deployer):
    stage, trust, _ = deployer
    subject = {"dev": "ref:refs/heads/main", "prod": "environment:prod"}[stage]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": f"repo:jane/crypto-bot:{subject}",
        }
    }


@pytest.mark.parametrize(
    "never",
    [
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "ssm:GetParameter",
        "dynamodb:DeleteItem",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
        "iam:AttachRolePolicy",
        "iam:CreateUser",
        "iam:CreateAccessKey",
        "sts:AssumeRole",
    ],
)
def test_it_reads_no_secret_and_no_table_and_makes_no_users(deployer, never):
    _, _, rights = deployer
    actions = [action for right in rights.values() for action in right["Action"]]
    assert not [action for action in actions if fnmatchcase(never, action)]


def test_of_the_rows_it_has_those_alone_that_a_deploy_is_tried_with(deployer):
    stage, _, rights = deployer
    on_rows = {
        name: right
        for name, right in rights.items()
        if {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"} & set(right["Action"])
    }
    assert on_rows.keys() == {"Configuration", "TestAlert"}
    for right in on_rows.values():
        assert right["Resource"][0].endswith(f":table/crypto-bot-{stage}-state")  # no index
        [keys] = right["Condition"].values()
        assert not {key for key in keys["dynamodb:LeadingKeys"] if key.startswith("*")}
    assert on_rows["TestAlert"]["Action"] == ["dynamodb:GetItem"]


@pytest.mark.parametrize(
    ("action", "key"),
    [
        *((f"s3:{verb}Object", DEPLOYED) for verb in ("Get", "Put", "Delete")),
        ("s3:PutObject", RELEASE),
    ],
)
def test_it_may_keep_chalices_record_and_the_hosts_release(deployer, action, key):
    stage, _, rights = deployer
    wanted = f"arn:aws:s3:::crypto-bot-{stage}-lake-123456789012/{key.format(stage=stage)}"
    assert any(
        action in right["Action"] and any(fnmatchcase(wanted, r) for r in right["Resource"])
        for right in rights.values()
    )


def test_it_touches_nothing_of_the_other_stage(deployer):
    stage, _, rights = deployer
    other = {"dev": "prod", "prod": "dev"}[stage]
    for name, right in rights.items():
        if name in UNBOUNDED:
            continue
        for resource in right["Resource"]:
            mine = f"-{stage}" in resource or f"/{stage}/" in resource
            assert mine or name in {"ApiGateway", "TerraformStates"}, resource
            assert f"-{other}" not in resource


def test_it_hands_roles_to_functions_only_and_cannot_widen_its_own(deployer):
    stage, _, rights = deployer
    assert rights["PassRoles"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}
    }
    own = f"arn:aws:iam::123456789012:role/crypto-bot-{stage}-deployer"
    for right in rights.values():
        if any(fnmatchcase(own, resource) for resource in right["Resource"]):
            writing = [
                a
                for a in right["Action"]
                if a.startswith("iam:") and "Get" not in a and "List" not in a
            ]
            assert not writing


def test_lists_are_all_that_is_allowed_everywhere(deployer):
    _, _, rights = deployer
    everywhere = {name for name, right in rights.items() if "*" in right["Resource"]}
    assert everywhere == UNBOUNDED
    assert all(
        a.split(":")[1].startswith(("Describe", "Get", "List")) for a in rights["Lists"]["Action"]
    )
    assert "Condition" in rights["Mappings"]


# --- the opt-ins ----------------------------------------------------------------------------


@pytest.fixture
def opt_ins(plans) -> dict[str, dict]:
    """Rights to make what is switched on."""
    policy = plans["everything"].one(OPT_INS)["policy"]
    return {s["Sid"]: s for s in json.loads(policy)["Statement"]}


def test_without_an_opt_in_there_is_no_right_to_make_one(plans):
    for name in ("dev", "prod", "dev_in_an_account_of_its_own"):
        assert OPT_INS not in plans[name].all("aws_iam_policy")
        policies = plans[name].all("aws_iam_role_policy")
        actions = str([p for a, p in policies.items() if a.startswith("aws_iam_role_policy.dep")])
        assert not any(f"{word}:" in actions for word in ("glue", "athena", "states", "timestream"))


@pytest.mark.parametrize(
    ("kind", "creating", "arn", "name"),
    [
        ("aws_glue_catalog_database", "glue:CreateDatabase", "glue:{}:database/{}", "name"),
        ("aws_glue_job", "glue:CreateJob", "glue:{}:job/{}", "name"),
        ("aws_glue_trigger", "glue:CreateTrigger", "glue:{}:trigger/{}", "name"),
        ("aws_athena_workgroup", "athena:CreateWorkGroup", "athena:{}:workgroup/{}", "name"),
        ("aws_sfn_state_machine", "states:CreateStateMachine", "states:{}:stateMachine:{}", "name"),
        (
            "aws_timestreamwrite_database",
            "timestream:CreateDatabase",
            "timestream:{}:database/{}",
            "database_name",
        ),
    ],
)
def test_it_may_make_and_unmake_what_is_switched_on(plans, opt_ins, kind, creating, arn, name):
    made = plans["everything"].all(kind)
    assert made
    for values in made.values():
        wanted = f"arn:aws:{arn.format('eu-west-1:123456789012', values[name])}"
        for action in (creating, creating.replace("Create", "Delete")):
            assert any(
                action in right["Action"] and any(fnmatchcase(wanted, r) for r in right["Resource"])
                for right in opt_ins.values()
            ), (action, wanted)


def test_it_may_make_the_roles_the_rule_the_script_and_the_tables_of_those(plans, opt_ins):
    plan = plans["everything"]
    of = ("module.spark_job", "module.pipeline", "module.lakehouse", "module.sweeps")

    def made(kind: str, value: str) -> set[str]:
        return {v[value] for address, v in plan.all(kind).items() if address.startswith(of)}

    wanted = [
        *(("iam:CreateRole", f"iam::123456789012:role/{n}") for n in made("aws_iam_role", "name")),
        *(
            ("events:PutRule", f"events:eu-west-1:123456789012:rule/{n}")
            for n in made("aws_cloudwatch_event_rule", "name")
        ),
        *(
            ("s3:PutObject", f"s3:::crypto-bot-prod-lake-123456789012/{k}")
            for k in made("aws_s3_object", "key")
        ),
        *(
            ("glue:CreateTable", f"glue:eu-west-1:123456789012:table/crypto_bot_prod_lake/{n}")
            for n in made("aws_glue_catalog_table", "name")
        ),
    ]
    assert len(wanted) >= 4 + 1 + 1 + 5
    for action, resource in wanted:
        assert any(
            action in right["Action"]
            and any(fnmatchcase(f"arn:aws:{resource}", r) for r in right["Resource"])
            for right in opt_ins.values()
        ), (action, resource)


def test_of_an_opt_in_too_it_reads_nothing_and_touches_no_other_stage(opt_ins):
    everywhere = {name for name, right in opt_ins.items() if "*" in right["Resource"]}
    assert everywhere == UNBOUNDED_OPT_INS
    for name, right in opt_ins.items():
        for action in right["Action"]:
            assert not action.startswith(("athena:StartQuery", "athena:GetQuery", "timestream:Sel"))
            assert not action.endswith(("*", ":WriteRecords", ":StartJobRun", ":StartExecution"))
        for resource in right["Resource"]:
            mine = "crypto-bot-prod" in resource or "crypto_bot_prod" in resource
            assert mine or name in UNBOUNDED_OPT_INS or resource.endswith(":catalog"), resource


def test_each_role_of_an_opt_in_is_handed_to_its_service_alone(opt_ins):
    passing = {n: right for n, right in opt_ins.items() if "iam:PassRole" in right["Action"]}
    assert passing.keys() == PASSED.keys()
    for name, (roles, service) in PASSED.items():
        right = passing[name]
        wanted = [f"arn:aws:iam::123456789012:role/crypto-bot-prod-{role}" for role in roles]
        assert right["Resource"] == wanted
        assert right["Condition"] == {
            "StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}
        }
    own = "arn:aws:iam::123456789012:role/crypto-bot-prod-deployer"
    policy = "arn:aws:iam::123456789012:policy/crypto-bot-prod-deployer-opt-ins"
    for right in opt_ins.values():
        if not right["Action"][0].startswith("iam:"):
            continue
        assert not any(fnmatchcase(own, resource) for resource in right["Resource"])
        if any(fnmatchcase(policy, resource) for resource in right["Resource"]):
            assert all(action[4:].startswith(("Get", "List")) for action in right["Action"])


def test_both_policies_are_short_enough_for_aws(plans):
    """All inline policies of a role together, and each managed one."""
    plan = plans["everything"]
    inline = plan.one("aws_iam_role_policy.deployer[0]")["policy"]
    assert len(inline) <= 10_240
    assert len(plan.one(OPT_INS)["policy"]) <= 6_144
