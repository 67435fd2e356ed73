"""AWS Secrets Manager, or Parameter Store for names that begin with 'ssm:'; cached for minutes."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.secrets.fields import EXAMPLE, text_fields
from chalicelib.domain.errors import SettingsError
from chalicelib.ports import Clock

GOOD_FOR: Final = timedelta(seconds=300)
PARAMETER_PREFIX: Final = "ssm:"


class SecretsManager:
    """ports.SecretStore. A rotated secret counts after `GOOD_FOR`."""

    def __init__(self, secrets: Any, clock: Clock, parameters: Any = None) -> None:
        """`secrets` is boto3's client of secretsmanager, `parameters` its client of ssm."""
        self._secrets = secrets
        self._parameters = parameters
        self._clock = clock
        self._cached: dict[str, tuple[datetime, Mapping[str, str]]] = {}
        self._lock = Lock()

    def secret(self, name: str) -> Mapping[str, str]:
        """SettingsError names the secret, AWS's reason or the field, and never a value."""
        with self._lock:
            cached = self._cached.get(name)
            now = self._clock.now()
            if cached is not None and now - cached[0] < GOOD_FOR:
                return cached[1]
            fields = _parsed(name, self._read(name))
            self._cached[name] = (now, fields)
            return fields

    def _read(self, name: str) -> str:
        try:
            if name.startswith(PARAMETER_PREFIX):
                return self._parameter(name)
            answer = self._secrets.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise SettingsError(f"the secret {name!r} cannot be read from AWS: {code}") from None
        except BotoCoreError as error:
            kind = type(error).__name__
            raise SettingsError(f"the secret {name!r} cannot be read from AWS: {kind}") from None
        if "SecretString" not in answer:
            raise SettingsError(f"the secret {name!r} is binary; it must be JSON as text")
        text: str = answer["SecretString"]
        return text

    def _parameter(self, name: str) -> str:
        if self._parameters is None:
            raise SettingsError(f"the secret {name!r} needs Parameter Store, which is not set up")
        answer = self._parameters.get_parameter(
            Name=name.removeprefix(PARAMETER_PREFIX), WithDecryption=True
        )
        value: str = answer["Parameter"]["Value"]
        return value


def _parsed(name: str, text: str) -> Mapping[str, str]:
    where = f"the secret {name!r}"
    try:
        fields = json.loads(text)
    except json.JSONDecodeError:  # the cause holds the text
        raise SettingsError(f"{where} is no JSON; it must read {EXAMPLE}") from None
    return text_fields(fields, where)
