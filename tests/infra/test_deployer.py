"""What a workflow on GitHub may do to a stage: build it, not read it, and not touch the other."""

import json
from fnmatch import fnmatchcase

import pytest

from chalicelib.deployment.host_release import KEY as RELEASE
from chalicelib.deployment.state_file import KEY as DEPLOYED

ROLE = "aws_iam_role.deployer[0]"
# AWS knows no resource for a list; mappings are bounded by a condition, APIs by nothing but a path.
UNBOUNDED = {"Lists", "Mappings"}


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
