"""Loading one exchange brings nothing along that it does not use, and takes nothing from others."""

import os
import subprocess
import sys

CERTIFICATES = {"SSL_CERT_FILE": "/some/bundle.pem"}


def run(program: str, **environment: str) -> None:
    """In an interpreter that has loaded nothing yet."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith("SSL_")}  # noqa: TID251
    load = "from chalicelib.adapters.venues.ccxt.loading import exchange_class\n"
    subprocess.run(
        [sys.executable, "-c", load + program], env=kept | environment, check=True, timeout=120
    )


def test_requests_is_left_out_and_whoever_wants_it_gets_the_real_one() -> None:
    run("""
import sys
gemini = exchange_class("gemini")
assert not [name for name in sys.modules if name.partition(".")[0] in ("requests", "urllib3")]
import requests
assert requests.Session().headers["User-Agent"].startswith("python-requests")
""")


def test_requests_that_was_there_before_stays_the_real_one() -> None:
    run("""
import requests, sys
exchange_class("kraken")
assert sys.modules["ccxt.base.exchange"].Session is requests.Session
""")


def test_the_contexts_that_nobody_uses_trust_nobody() -> None:
    run("""
exchange_class("binance")
import ssl
from aiohttp import connector
for context in (connector._SSL_CONTEXT_VERIFIED, connector._SSL_CONTEXT_UNVERIFIED):
    assert context.cert_store_stats()["x509_ca"] == 0
assert connector._SSL_CONTEXT_VERIFIED.verify_mode is ssl.CERT_REQUIRED
assert connector._SSL_CONTEXT_VERIFIED.check_hostname
""")


def test_the_machines_authorities_are_found_again_afterwards() -> None:
    program = """
import os
before = {n: v for n, v in os.environ.items() if n.startswith("SSL_")}
exchange_class("gemini")
assert {n: v for n, v in os.environ.items() if n.startswith("SSL_")} == before
"""
    run(program)
    run(program, **CERTIFICATES)


def test_an_exchange_verifies_by_certifi_where_there_is_no_package() -> None:
    run("""
import asyncio, ssl
async def contexts():
    client = exchange_class("gemini")()
    client.open()
    yield_context = client.ssl_context
    await client.close()
    return yield_context
context = asyncio.run(contexts())
assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
assert context.cert_store_stats()["x509_ca"] > 100
""")
