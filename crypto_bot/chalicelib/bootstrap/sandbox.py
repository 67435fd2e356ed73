"""Where the code of bots runs that nobody has to trust."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.ports.sandbox import Sandbox

if TYPE_CHECKING:
    from chalicelib.adapters.sandboxes.function_caller import FunctionCaller
    from chalicelib.adapters.sandboxes.function_whole import WholeRunsInFunction

# The function ends by itself after its own time, which is a minute or less.
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 5.0, "read_timeout": 70.0, "attempts": 1}


def sandbox() -> Sandbox:
    """A new one, which the caller closes."""
    from chalicelib.adapters.sandboxes.sandbox import ProcessSandbox

    return ProcessSandbox()


def function_sandbox() -> Sandbox:
    """The same in the stage's own function for it."""
    from chalicelib.adapters.sandboxes.function_sandbox import FunctionSandbox

    return FunctionSandbox(function_caller())


def whole_runs() -> "WholeRunsInFunction":
    """The same, of which a backtest or a check is a call or two."""
    from chalicelib.adapters.sandboxes.function_whole import WholeRunsInFunction

    return WholeRunsInFunction(function_caller())


@bootstrap.made_once
def function_caller() -> "FunctionCaller":
    """Who calls that function. Threads may share it."""
    from chalicelib.adapters.sandboxes.function_caller import FunctionCaller
    from chalicelib.domain.deployment.bot_functions import BOT_SANDBOX
    from chalicelib.domain.deployment.policies import deployed_name

    name = deployed_name(BOT_SANDBOX, bootstrap.settings().stage)
    return FunctionCaller(bootstrap.aws("lambda", **_PATIENCE), name)


def in_this_function(event: object, *, seconds: float, memory: int) -> Mapping[str, Any]:
    """What runs here is whatever somebody wrote: it finds no credentials, not even useless ones."""
    from chalicelib.adapters.sandboxes.function import converse
    from chalicelib.drivers.function_access import forget_credentials, interpreter_needs

    forget_credentials()
    return converse(event, seconds=seconds, memory=memory, environment=interpreter_needs())
