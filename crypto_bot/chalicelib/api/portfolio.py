"""Reading routes for the owner: what became of the alerts, what is on its way, what is held."""

from collections.abc import Callable, Sequence
from typing import Final

from chalice import Blueprint, Response

blueprint = Blueprint(__name__)

_ROWS: Final = 100
_SCHEME: Final = "Bearer "


@blueprint.route("/signals", methods=["GET"])
def list_signals() -> Response:
    """The newest signals with their outcomes."""
    from chalicelib import bootstrap

    return _answer("signals", lambda: bootstrap.signals().recent(_ROWS))


@blueprint.route("/orders", methods=["GET"])
def list_orders() -> Response:
    """The newest orders with their fills."""
    from chalicelib import bootstrap

    return _answer("orders", lambda: bootstrap.trading().orders.recent(_ROWS))


@blueprint.route("/portfolios", methods=["GET"])
def list_portfolios() -> Response:
    """Cash and positions of every account, as the books have them."""
    return _answer("portfolios", _portfolios)


def _portfolios() -> Sequence[object]:
    from chalicelib import bootstrap

    accounts = bootstrap.strategies().configuration().accounts
    ledger = bootstrap.trading().ledger
    return [ledger.portfolio(name, accounts[name].quote) for name in sorted(accounts)]


def _answer(name: str, read: Callable[[], Sequence[object]]) -> Response:
    if not _is_owner():
        refusal = {"status": "refused", "error": "send the header Authorization: Bearer TOKEN"}
        return Response(body=refusal, status_code=401)
    import msgspec

    return Response(body={name: msgspec.to_builtins(list(read()))})


def _is_owner() -> bool:
    from chalicelib.bootstrap.owner import is_owner

    offered = blueprint.current_request.headers.get("authorization") or ""
    return offered.startswith(_SCHEME) and is_owner(offered.removeprefix(_SCHEME))
