"""Exchange id -> ccxt's asynchronous class, without running the import of all the others.

ccxt's package imports a hundred exchanges. Bare module objects with the package's path stand in for
the two packages, so that one exchange is found without them; where that fails, ccxt is imported
as it wants to be.
"""

import importlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Final

from chalicelib.adapters.venues.ccxt.lighter_import import lighter_import
from chalicelib.domain.errors import SettingsError

_BASES: Final = ("ccxt.base.errors", "ccxt.base.decimal_to_precision", "ccxt.base.precise")
# package -> the modules whose names it offers as its own
_PACKAGES: Final = {
    "ccxt": ("ccxt.base.exchange", *_BASES),
    "ccxt.async_support": ("ccxt.async_support.base.exchange", *_BASES),
}
_lock = Lock()


def exchange_class(exchange_id: str) -> type[Any]:
    """The class. SettingsError for an exchange that ccxt does not have, with names like it."""
    with _lock:
        check_known(exchange_id)
        return _load(exchange_id)


def pro_exchange_class(exchange_id: str) -> type[Any]:
    """The same exchange with its streams."""
    exchange_class(exchange_id)
    with _lock:
        if _are_stand_ins():
            _stand_in("ccxt.pro", list(sys.modules["ccxt"].__path__))
        try:
            module = importlib.import_module(f"ccxt.pro.{exchange_id}")
        except ModuleNotFoundError:
            raise SettingsError(
                f"ccxt has no streams of {exchange_id}; choose a venue that ccxt.pro has"
            ) from None
    streaming: type[Any] = getattr(module, exchange_id)
    return streaming


def check_known(exchange_id: str) -> None:
    """The same SettingsError, without loading anything of ccxt."""
    known = known_exchanges()
    if exchange_id not in known:
        raise SettingsError(_unknown(exchange_id, known))


def error_class(name: str) -> type[Exception]:
    """One of ccxt's exceptions; an exchange must have been loaded before."""
    found: type[Exception] = getattr(importlib.import_module("ccxt.base.errors"), name)
    return found


def known_exchanges() -> list[str]:
    """Ids of all exchanges in the installed ccxt, read from the folder."""
    folder = Path(_locations("ccxt", None)[0]) / "async_support"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def _unknown(exchange_id: str, known: list[str]) -> str:
    import difflib  # loaded for a mistake, not by every cold function

    close = difflib.get_close_matches(exchange_id.lower(), known, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "its id is the name ccxt gives it."
    return (
        f"exchange {exchange_id!r} is unknown: {hint} "
        "A class of your own is named 'package.module:ClassName'; paper trading is 'virtual'."
    )


def _load(exchange_id: str) -> type[Any]:
    stand_in = not any(name in sys.modules for name in _PACKAGES) or _are_stand_ins()
    if not stand_in:
        return _from_package(exchange_id)
    try:
        with lighter_import():
            return _from_stand_ins(exchange_id)
    except (ImportError, AttributeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "ccxt"]:
            del sys.modules[name]
        return _from_package(exchange_id)


def _from_package(exchange_id: str) -> type[Any]:
    found: type[Any] = getattr(importlib.import_module("ccxt.async_support"), exchange_id)
    return found


def _from_stand_ins(exchange_id: str) -> type[Any]:
    package = _stand_in("ccxt", None)
    inner = _stand_in("ccxt.async_support", list(package.__path__))
    package.async_support = inner  # type: ignore[attr-defined]
    found: type[Any] = getattr(
        importlib.import_module(f"ccxt.async_support.{exchange_id}"), exchange_id
    )
    # The import system has just put the submodule here, where everybody expects the class.
    setattr(inner, exchange_id, found)
    return found


def _are_stand_ins() -> bool:
    return all(isinstance(sys.modules.get(name), _StandIn) for name in _PACKAGES)


class _StandIn(ModuleType):
    """A package whose __init__ never ran: attributes come from the base modules or submodules."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        for offered in _PACKAGES[self.__name__]:
            module = importlib.import_module(offered)
            if name in vars(module):
                return vars(module)[name]
        return self._submodule(name)

    def _submodule(self, name: str) -> Any:
        full = f"{self.__name__}.{name}"
        try:
            module = importlib.import_module(full)
        except ModuleNotFoundError as error:
            if error.name == full:
                raise AttributeError(name) from None
            raise
        found = getattr(module, name, module)
        setattr(self, name, found)  # the import has just put the submodule in the class's place
        return found


def _stand_in(name: str, search: list[str] | None) -> ModuleType:
    if isinstance(sys.modules.get(name), _StandIn):
        return sys.modules[name]
    module = _StandIn(name)
    module.__path__ = _locations(name, search)
    module.__spec__ = PathFinder.find_spec(name, search)
    sys.modules[name] = module
    return module


def _locations(name: str, search: list[str] | None) -> list[str]:
    spec = PathFinder.find_spec(name, search)
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            f"the package {name!r} is not installed: run `make setup` or "
            "`pip install -r requirements.txt`"
        )
    return list(spec.submodule_search_locations)
