"""One exchange is loaded without the hundred others. Each case needs an interpreter of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.adapters.venues.ccxt import loading
from chalicelib.domain.errors import SettingsError

CRYPTO_BOT = Path(__file__).parents[3] / "crypto_bot"
PROBE = """
import json, sys
{before}
from chalicelib.adapters.venues.ccxt import loading
for name in {names}:
    found = loading.exchange_class(name)
    client = found({{"number": str}})
    assert client.id == name and issubclass(found, object)
{after}
error = loading.error_class("InsufficientFunds")
assert issubclass(error, loading.error_class("ExchangeError"))
print(json.dumps(sorted(m for m in sys.modules if m.partition(".")[0] == "ccxt")))
"""


def _modules_after(names: list[str], before: str = "", after: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(names=names, before=before, after=after)],
        cwd=CRYPTO_BOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules: list[str] = json.loads(done.stdout)
    return modules


def test_three_exchanges_load_and_no_other() -> None:
    modules = _modules_after(["binance", "gemini", "kraken"])

    assert len(modules) < 40
    assert "ccxt.async_support.kraken" in modules
    assert "ccxt.async_support.kucoin" not in modules
    assert "ccxt.binance" not in modules


def test_ordinary_uses_of_the_package_still_work_beside_the_shortcut() -> None:
    after = """
import ccxt
assert ccxt.kraken is ccxt.kraken and isinstance(ccxt.kraken, type)
import ccxt.async_support as asynchronous
assert isinstance(asynchronous.kraken, type) and asynchronous.kraken is not ccxt.kraken
assert issubclass(ccxt.InsufficientFunds, ccxt.ExchangeError)
assert not hasattr(ccxt, "no_such_exchange")
"""
    modules = _modules_after(["gemini"], after=after)

    assert "ccxt.kucoin" not in modules


def test_the_whole_package_serves_where_it_is_loaded_already() -> None:
    modules = _modules_after(["gemini"], before="import ccxt.async_support")

    assert "ccxt.async_support.kucoin" in modules


def test_the_whole_package_serves_where_the_shortcut_fails() -> None:
    # A newer ccxt may ask its package for a name that the stand-in cannot give.
    broken = """
from chalicelib.adapters.venues.ccxt import loading
def fail(self, name):
    raise AttributeError(name)
loading._StandIn.__getattr__ = fail
"""
    modules = _modules_after(["gemini"], before=broken)

    assert "ccxt.async_support.kucoin" in modules


@pytest.mark.parametrize(
    ("name", "hint"),
    [("binanse", "did you mean binance"), ("Kraken", "kraken"), ("zzzzzz", "virtual")],
)
def test_an_unknown_exchange_is_refused_with_names_like_it(name: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=hint):
        loading.exchange_class(name)


def test_the_folder_is_no_exchange() -> None:
    with pytest.raises(SettingsError):
        loading.exchange_class("base")
