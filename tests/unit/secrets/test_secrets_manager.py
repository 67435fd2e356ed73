"""Keys on AWS, imitated by moto."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.secrets.secrets_manager import Bounds, SecretsManager
from chalicelib.domain.errors import SettingsError
from chalicelib.drivers.boto3_session import aws_client
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET

START = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = {"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET}


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[Any, Any]]:
    with mock_aws():
        clients = tuple(aws_client(name, region="eu-west-1") for name in ("secretsmanager", "ssm"))
        yield clients
        for client in clients:
            client.close()


@pytest.fixture
def manager(aws: tuple[Any, Any]) -> Any:
    return aws[0]


@pytest.fixture
def parameters(aws: tuple[Any, Any]) -> Any:
    return aws[1]


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(START)


@pytest.fixture
def secrets(manager: Any, parameters: Any, clock: ReplayClock) -> SecretsManager:
    return SecretsManager(manager, clock, parameters)


@pytest.fixture
def stored(manager: Any) -> Iterator[str]:
    manager.create_secret(Name="my-keys", SecretString=json.dumps(KEYS))
    yield "my-keys"
    manager.delete_secret(SecretId="my-keys", ForceDeleteWithoutRecovery=True)


def test_the_fields_of_a_secret(secrets: SecretsManager, stored: str) -> None:
    assert secrets.secret(stored) == KEYS


def test_a_rotated_secret_counts_after_five_minutes(
    secrets: SecretsManager, stored: str, manager: Any, clock: ReplayClock
) -> None:
    secrets.secret(stored)
    manager.put_secret_value(SecretId=stored, SecretString='{"api-key": "new"}')

    clock.advance_to(START + timedelta(seconds=299))
    before = secrets.secret(stored)
    clock.advance_to(START + timedelta(seconds=300))

    assert before == KEYS
    assert secrets.secret(stored) == {"api-key": "new"}


def test_a_parameter_of_parameter_store(secrets: SecretsManager, parameters: Any) -> None:
    parameters.put_parameter(Name="/bot/keys", Value=json.dumps(KEYS), Type="SecureString")

    assert secrets.secret("ssm:/bot/keys") == KEYS


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nobody", "ResourceNotFoundException"), ("ssm:/nobody", "ParameterNotFound")],
)
def test_a_missing_secret_is_named_with_awss_reason(
    secrets: SecretsManager, name: str, reason: str
) -> None:
    with pytest.raises(SettingsError, match=f"'{name}'.*{reason}"):
        secrets.secret(name)


def test_without_parameter_store_the_error_says_so(manager: Any, clock: ReplayClock) -> None:
    with pytest.raises(SettingsError, match="needs Parameter Store"):
        SecretsManager(manager, clock).secret("ssm:/bot/keys")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"api-key": "KEY-VALUE"', "no JSON"),
        ('"KEY-VALUE"', "JSON object"),
        ('{"api-key": ["KEY-VALUE"]}', "'api-key' as list"),
    ],
)
def test_what_is_wrong_is_named_and_never_shown(
    secrets: SecretsManager, manager: Any, stored: str, text: str, sentence: str
) -> None:
    manager.put_secret_value(SecretId=stored, SecretString=text)
    with pytest.raises(SettingsError, match=f"'my-keys'.*{sentence}") as refusal:
        secrets.secret(stored)

    assert "KEY-VALUE" not in repr(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_binary_secret_is_refused(secrets: SecretsManager, manager: Any, stored: str) -> None:
    manager.put_secret_value(SecretId=stored, SecretBinary=b"KEY-VALUE")
    with pytest.raises(SettingsError, match="binary"):
        secrets.secret(stored)


def test_aws_out_of_reach_is_a_sentence(clock: ReplayClock) -> None:
    with mock_aws():
        session = boto3.Session(region_name="eu-west-1")
        client = session.client("secretsmanager", endpoint_url="http://127.0.0.1:9")
        with pytest.raises(SettingsError, match="'my-keys' cannot be read from AWS"):
            SecretsManager(client, clock).secret("my-keys")
        client.close()


@pytest.mark.parametrize("name", ["gone", "ssm:/gone"])
def test_removed_keys_are_gone_at_once_and_can_be_put_again(
    secrets: SecretsManager, name: str
) -> None:
    secrets.put(name, KEYS)
    assert secrets.secret(name) == KEYS

    secrets.remove(name)

    if name.startswith("ssm:"):
        with pytest.raises(SettingsError, match="ParameterNotFound"):
            secrets.secret(name)
    else:
        assert secrets.secret(name) == {}
    secrets.put(name, {"api-key": "another"})
    assert secrets.secret(name) == {"api-key": "another"}


@pytest.mark.parametrize("name", ["never", "ssm:/never"])
def test_removing_what_is_not_there_is_no_error(secrets: SecretsManager, name: str) -> None:
    secrets.remove(name)


def test_no_version_of_removed_keys_can_be_read(secrets: SecretsManager, manager: Any) -> None:
    secrets.put("two-versions", KEYS)

    secrets.remove("two-versions")

    before = manager.get_secret_value(SecretId="two-versions", VersionStage="AWSPREVIOUS")
    assert before["SecretString"] == "{}"


def test_a_secret_of_another_stage_is_not_removed(manager: Any, clock: ReplayClock) -> None:
    bounded = SecretsManager(manager, clock, bounds=Bounds(prefixes=("crypto-bot-dev/",)))
    with pytest.raises(SettingsError, match="none of this stage's"):
        bounded.remove("crypto-bot-prod/main")
