"""Importing ccxt without what a single asynchronous exchange never uses.

That is half of the import: `requests`, which only ccxt's synchronous exchanges send with, and a
context for TLS that aiohttp fills with every certificate authority of the machine. ccxt gives
aiohttp a context of its own; the one left here trusts nobody, so that using it would fail.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

# module -> the names that ccxt imports from it
_REQUESTS: Final = {
    "requests": ("Session",),
    "requests.utils": ("default_user_agent",),
    "requests.exceptions": (
        "ConnectionError",
        "HTTPError",
        "RequestException",
        "Timeout",
        "TooManyRedirects",
    ),
}


@contextmanager
def lighter_import() -> Iterator[None]:
    """While ccxt's modules are loaded; whoever imports requests later gets the real one."""
    with _without_requests(), _without_authorities():
        yield


@contextmanager
def _without_requests() -> Iterator[None]:
    if "requests" in sys.modules:
        yield
        return
    for name, offered in _REQUESTS.items():
        module = ModuleType(name)
        for attribute in offered:
            setattr(module, attribute, type(attribute, (OSError,), {}))
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in _REQUESTS:
            sys.modules.pop(name, None)


@contextmanager
def _without_authorities() -> Iterator[None]:
    """OpenSSL looks up these variables whenever somebody asks for the machine's authorities."""
    nowhere = dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR"), os.devnull)
    before = {name: os.environ.get(name) for name in nowhere}
    os.environ.update(nowhere)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
