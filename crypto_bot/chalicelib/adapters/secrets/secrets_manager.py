"""AWS Secrets Manager, or Parameter Store for names that begin with 'ssm:'; cached for minutes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.secrets.fields import EXAMPLE, text_fields
from chalicelib.domain.errors import SecretMissing, SettingsError
from chalicelib.ports import Clock

GOOD_FOR: Final = timedelta(seconds=300)
PARAMETER_PREFIX: Final = "ssm:"
_MISSING: Final = frozenset({"ParameterNotFound", "ResourceNotFoundException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Whose secrets these are: names that begin so, and those besides. Without any, all are."""

    prefixes: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()

    def check(self, name: str) -> None:
        """SettingsError for a name that the stage's functions have no right to read."""
        if self.prefixes and name not in self.besides and not name.startswith(self.prefixes):
            raise SettingsError(
                f"the secret {name!r} is none of this stage's; its name must begin with "
                f"{' or '.join(self.prefixes)}"
            )


class SecretsManager:
    """ports.SecretVault. A rotated secret counts after `GOOD_FOR`, or once it is forgotten."""

    def __init__(
        self, secrets: Any, clock: Clock, parameters: Any = None, bounds: Bounds | None = None
    ) -> None:
        """`secrets` is boto3's client of secretsmanager, `parameters` its client of ssm."""
        self._secrets = secrets
        self._parameters = parameters
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._cached: dict[str, tuple[datetime, Mapping[str, str]]] = {}
        self._lock = Lock()

    def secret(self, name: str) -> Mapping[str, str]:
        """SettingsError names the secret, AWS's reason or the field, and never a value."""
        with self._lock:
            cached = self._cached.get(name)
            now = self._clock.now()
            if cached is not None and now - cached[0] < GOOD_FOR:
                return cached[1]
            self._bounds.check(name)
            fields = _parsed(name, self._read(name))
            self._cached[name] = (now, fields)
            return fields

    def forget(self, name: str) -> None:
        """See `SecretStore.forget`."""
        with self._lock:
            self._cached.pop(name, None)

    def put(self, name: str, fields: Mapping[str, str]) -> None:
        """See `SecretVault.put`."""
        self._bounds.check(name)
        text = json.dumps(dict(fields))
        with _named(name, "written to"):
            if name.startswith(PARAMETER_PREFIX):
                self._put_parameter(name, text)
            else:
                self._put_secret(name, text)
        self.forget(name)

    def remove(self, name: str) -> None:
        """See `SecretVault.remove`. A parameter goes; a secret, which Terraform made, stays."""
        self._bounds.check(name)
        with _named(name, "removed from"):
            try:
                if name.startswith(PARAMETER_PREFIX):
                    parameter = name.removeprefix(PARAMETER_PREFIX)
                    self._parameter_store(name).delete_parameter(Name=parameter)
                else:
                    for _ in range(2):  # the version before the current one can still be read
                        self._secrets.put_secret_value(SecretId=name, SecretString="{}")
            except ClientError as error:
                if error.response["Error"]["Code"] not in _MISSING:
                    raise
        self.forget(name)

    def _put_secret(self, name: str, text: str) -> None:
        try:
            self._secrets.put_secret_value(SecretId=name, SecretString=text)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            self._secrets.create_secret(Name=name, SecretString=text)

    def _put_parameter(self, name: str, text: str) -> None:
        self._parameter_store(name).put_parameter(
            Name=name.removeprefix(PARAMETER_PREFIX),
            Value=text,
            Type="SecureString",
            Overwrite=True,
        )

    def _read(self, name: str) -> str:
        with _named(name, "read from"):
            if name.startswith(PARAMETER_PREFIX):
                return self._parameter(name)
            answer = self._secrets.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")
        if "SecretString" not in answer:
            raise SettingsError(f"the secret {name!r} is binary; it must be JSON as text")
        text: str = answer["SecretString"]
        return text

    def _parameter(self, name: str) -> str:
        answer = self._parameter_store(name).get_parameter(
            Name=name.removeprefix(PARAMETER_PREFIX), WithDecryption=True
        )
        value: str = answer["Parameter"]["Value"]
        return value

    def _parameter_store(self, name: str) -> Any:
        if self._parameters is None:
            raise SettingsError(f"the secret {name!r} needs Parameter Store, which is not set up")
        return self._parameters


@contextmanager
def _named(name: str, what: str) -> Iterator[None]:
    """AWS's trouble names the secret; its own words are left out, which may repeat a value."""
    try:
        yield
    except ClientError as error:
        reason = error.response["Error"]["Code"]
    except BotoCoreError as error:
        reason = type(error).__name__
    else:
        return
    trouble = f"the secret {name!r} cannot be {what} AWS: {reason}"
    if reason in _MISSING:
        raise SecretMissing(f"{trouble}; crypto-bot secrets put writes it")
    raise SettingsError(trouble)


def _parsed(name: str, text: str) -> Mapping[str, str]:
    where = f"the secret {name!r}"
    try:
        fields = json.loads(text)
    except json.JSONDecodeError:  # the cause holds the text
        raise SettingsError(f"{where} is no JSON; it must read {EXAMPLE}") from None
    return text_fields(fields, where)
