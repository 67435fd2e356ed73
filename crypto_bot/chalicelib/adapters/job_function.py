"""The caller's side of the function that works on jobs, for the API of a stage.

What is sent: {"job": ID}, and nobody waits for it. Or a question, since the API itself has no right
to candles: {"ask": "candle_series"}, to which it answers {"series": [...]}, and {"ask": "check",
"asked": {}}, to which it answers {"checked": {"venue": "...", "check": {}}} or {"refused": "..."}.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.errors import ActionRefused, StoreUnavailable

SERIES: Final = "candle_series"
CHECK: Final = "check"
_MISSING: Final = "ResourceNotFoundException"


class JobFunction:
    """`client` is boto3's of Lambda. ActionRefused where the function is not there.

    StoreUnavailable where it could not be called, or did not answer.
    """

    def __init__(self, client: Any, function: str, stage: str) -> None:
        self._client = client
        self._function = function
        self._stage = stage

    def wake(self, job_id: str) -> None:
        """It takes on the job when there is room for it."""
        self._invoke({"job": job_id}, "Event")

    def series(self) -> list[dict[str, Any]]:
        """The candles of the lake: see `list_series`."""
        rows = self._answer({"ask": SERIES}).get("series")
        if not isinstance(rows, list):
            raise self._failed()
        return rows

    def check(self, asked: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
        """A bot on candles of the lake: of which venue, and what was found; None without candles.

        BotRefused with what keeps it from being checked.
        """
        answer = self._answer({"ask": CHECK, "asked": asked})
        if "refused" in answer:
            raise BotRefused(str(answer["refused"]))
        match answer.get("checked"):
            case {"venue": str(venue), "check": None}:
                return venue, None
            case {"venue": str(venue), "check": dict(found)}:
                return venue, found
        raise self._failed()

    def _answer(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._invoke(event, "RequestResponse")
        try:
            said = json.loads(answer["Payload"].read() or b"null")
        except (BotoCoreError, OSError, ValueError) as error:
            raise self._silent(error) from error
        if "FunctionError" in answer or not isinstance(said, dict):
            raise self._failed()
        return said

    def _invoke(self, event: Mapping[str, Any], how: str) -> Any:
        try:
            return self._client.invoke(
                FunctionName=self._function, InvocationType=how, Payload=json.dumps(event).encode()
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == _MISSING:
                raise ActionRefused(
                    f"the function {self._function} is not deployed yet: make deploy"
                    f" STAGE={self._stage}"
                ) from error
            raise StoreUnavailable(
                f"the function {self._function} cannot be called: {code}; try again"
            ) from error
        except BotoCoreError as error:
            raise self._silent(error) from error

    def _silent(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"the function {self._function} did not answer: {error}; try again")

    def _failed(self) -> StoreUnavailable:
        return StoreUnavailable(f"the function {self._function} failed; its own log says why")
