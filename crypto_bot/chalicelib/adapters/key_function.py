"""The caller's side of the function that keeps and tries keys: one invocation for each act.

What is sent: {"act": "UnlinkKeys", "said": {"account": "main", ...}}. What comes back: {"told": {}}
or {"refused": "ActionRefused", "sentence": "..."}. No exception holds anything of what was sent.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain import errors
from chalicelib.domain.operation.key_acts import KeyAct

# What its sentences are raised as here: the first that fits there.
REFUSALS: Final[Mapping[str, type[errors.CryptoBotError]]] = {
    kind.__name__: kind
    for kind in (
        errors.ActionRefused,
        errors.SettingsError,
        errors.StoreConflict,
        errors.StoreUnavailable,
        errors.ExchangeUnavailable,
        errors.ExchangeError,
    )
}


class FunctionKeyDesk:
    """ports.KeyDesk. `client` is boto3's of Lambda, which asks once: an act is not repeated."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def do(self, act: KeyAct) -> dict[str, Any]:
        """See `KeyDesk.do`."""
        answer = self._invoked({"act": type(act).__name__, "said": asdict(act)})
        if "refused" in answer:
            kind = REFUSALS.get(str(answer["refused"]), errors.StoreUnavailable)
            raise kind(str(answer.get("sentence", "")))
        told = answer.get("told")
        if not isinstance(told, dict):
            raise errors.StoreUnavailable(f"the function {self._function} did not answer in words")
        return told

    def _invoked(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            payload = json.dumps(event).encode()
            answer = self._client.invoke(FunctionName=self._function, Payload=payload)
            said = json.loads(answer["Payload"].read() or b"null")
        except ClientError as error:
            reason = f"cannot be called: {error.response['Error']['Code']}"
        except (BotoCoreError, OSError, ValueError) as error:
            reason = f"did not answer: {type(error).__name__}"
        else:
            if "FunctionError" not in answer and isinstance(said, dict):
                return said
            reason = "failed; its own log says why"
        raise errors.StoreUnavailable(f"the function {self._function} {reason}")
