"""Ports that a test names now and that are listened on later."""

import os
import socket
from itertools import count

# Below those that the system gives to whoever asks for any: another test's connection takes none.
_PORTS = range(20_000, 32_000)
_named = count()


def steady_port() -> int:
    """One that nobody uses, another one each time; where the search begins differs by process."""
    start = os.getpid() * 7919
    for _ in _PORTS:
        port = _PORTS[(start + next(_named)) % len(_PORTS)]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("every port is taken")
