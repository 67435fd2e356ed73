"""An account's keys and venue, tried without trading: what its exchange answers, one by one."""

from dataclasses import dataclass

from chalicelib.domain.errors import ActionRefused, CryptoBotError
from chalicelib.domain.trading.account import Account, Configuration, Mode
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.ask_venue import Asked, ask_venue

_EXCHANGE = "exchange"
_PERMISSIONS = "permissions"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCheck:
    """`ok` None: it cannot be told."""

    name: str
    ok: bool | None
    detail: str


def check_venue(
    ports: TradingPorts, account: Account, configuration: Configuration
) -> list[VenueCheck]:
    """ActionRefused while the venue wants silence."""
    state = ports.plans.state(account.name)
    if state.is_blocked(ports.clock.now()):
        raise ActionRefused(
            f"the venue of account {account.name} is not asked anything: {state.blocked_because}"
        )
    try:
        exchange = ports.exchanges.open(account)
    except CryptoBotError as error:
        return [VenueCheck(name=_EXCHANGE, ok=False, detail=str(error))]
    asked = Asked(
        ports=ports,
        account=account,
        configuration=configuration,
        exchange=exchange,
        symbols=configuration.symbols_of(account.name),
    )
    known = VenueCheck(name=_EXCHANGE, ok=True, detail=f"{account.exchange} is known")
    return [
        known,
        *(
            VenueCheck(name=what, ok=ok, detail=detail)
            for what, (ok, detail) in ask_venue(asked)
            if what != _PERMISSIONS or account.mode is not Mode.VIRTUAL
        ),
    ]
