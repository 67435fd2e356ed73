"""Where the code of bots runs that nobody has to trust."""

from chalicelib.ports.sandbox import Sandbox


def sandbox() -> Sandbox:
    """A new one, which the caller closes."""
    from chalicelib.adapters.sandboxes.sandbox import ProcessSandbox

    return ProcessSandbox()
