"""The caller's side of the function in which bots run: one invocation for a whole conversation.

    caller = FunctionCaller(client, "crypto_bot-prod-bot_sandbox")
    answers = caller.ask("mine 1.0", source, messages, seconds=5)

What is said is described in function.py, and what of it goes wrong comes up as one of two:

- BotFailed or BotRefused: the bot's own doing. It stopped, did not answer in time, took all memory,
  ended the function that it was in, or said more than can be answered.
- SandboxUnavailable: nothing is known of the bot. The function is not there or may not be called,
  all that may run at once are running (SandboxBusy), or AWS did not answer.
"""

import json
import logging
from collections.abc import Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.sandboxes.messages import listed, mapped, sentence_of, taken
from chalicelib.adapters.sandboxes.packing import packed, unpacked
from chalicelib.domain.bots.checks.source import IMPORTS
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.errors import SandboxBusy, SandboxUnavailable

_LOG = logging.getLogger(__name__)
_MOST_LACKING: Final = 20
# What ended the function: the code in it, which had no business to come so far.
_BY_ITS_CODE: Final = {
    "Sandbox.Timedout": "it took all the time that its function has",
    "Runtime.OutOfMemory": "it took all the memory that its function has",
    "Runtime.ExitError": "it ended the function that it was in, or took all its memory",
    "Function.ResponseSizeTooLarge": "it said more than a function can answer with",
}
_NO_ROOM: Final = "TooManyRequestsException"
_TIMED_OUT: Final = "Task timed out after"
_BEGINNING: Final = 5.0


class FunctionCaller:
    """`client` is boto3's of Lambda, and waits for longer than the function may take."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def ask(
        self, name: str, source: str, messages: Sequence[Any], seconds: float
    ) -> list[dict[str, Any]]:
        """One answer for each message. BotFailed or BotRefused where the bot stops at one."""
        answers = self.answers(name, source, messages, seconds)
        for answer in answers:
            taken(answer)
        return answers

    def answers(
        self,
        name: str,
        source: str,
        messages: Sequence[Any],
        seconds: float,
        needed: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """The same, up to the one that says that the bot has stopped; it is the last then.

        `source` is read for what it imports. `name` is what mistakes are said of, `seconds` how
        long the bot may take for one answer, `needed` what of the program its process loads too.
        """
        imports = [*needed, *imports_of(source)]
        answers, lacking = self._converse(name, imports, messages, seconds)
        for sentence in lacking:
            _LOG.warning("%s is not contained whole: %s", name, sentence)
        stopped = answers and answers[-1].keys() & {"failed", "refused"}
        if not stopped and len(answers) != len(messages):
            raise BotFailed(f"{name}: it did not answer all that it was asked")
        return answers

    def lacking(self) -> list[str]:
        """Sentences: what the function could not take from a process that ran nothing."""
        return self._converse("nobody", [], [], _BEGINNING)[1]

    def _converse(
        self, name: str, imports: Sequence[str], messages: Sequence[Any], seconds: float
    ) -> tuple[list[dict[str, Any]], list[str]]:
        asked = {"name": name, "imports": imports, "seconds": seconds, "messages": messages}
        try:
            said = unpacked(self._invoke(name, json.dumps(packed(asked)).encode()))
            answers = listed("answers", said.get("answers"), len(messages))
            lacking = listed("lacking", said.get("lacking"), _MOST_LACKING)
            told = [mapped("an answer", answer) for answer in answers]
        except BotRefused as error:
            raise BotFailed(f"{name}: {error}") from None
        return told, [*map(sentence_of, lacking)]

    def _invoke(self, name: str, payload: bytes) -> Any:
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=payload)
            said = json.loads(answer["Payload"].read() or b"null")
        except ClientError as error:
            told = error.response["Error"]
            kind = SandboxBusy if told["Code"] == _NO_ROOM else SandboxUnavailable
            raise kind(
                f"the function {self._function} cannot be called: {told['Code']}:"
                f" {told.get('Message', '')}"
            ) from error
        except (BotoCoreError, OSError, ValueError) as error:
            raise SandboxUnavailable(
                f"the function {self._function} did not answer: {error}"
            ) from error
        if "FunctionError" in answer:
            self._explain(name, said if isinstance(said, dict) else {})
        return said

    def _explain(self, name: str, said: dict[str, Any]) -> None:
        kind, text = str(said.get("errorType", "")), str(said.get("errorMessage", ""))
        if _TIMED_OUT in text:
            kind = "Sandbox.Timedout"
        if kind in _BY_ITS_CODE:
            raise BotFailed(f"{name}: {_BY_ITS_CODE[kind]}")
        raise SandboxUnavailable(
            f"the function {self._function} failed: {sentence_of(f'{kind}: {text}')}"
        )


def imports_of(source: str) -> list[str]:
    """What has to be loaded before its process can load nothing any more.

    All of it would take a tenth of a second; _strptime is what datetime imports by itself.
    """
    return [each for each in (*IMPORTS, "_strptime") if each.strip("_") in source]
