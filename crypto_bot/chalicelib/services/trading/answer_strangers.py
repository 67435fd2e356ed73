"""The owner looks at orders that may be another bot's, cancels them or says that they may stay."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.order import OrderIntent
from chalicelib.domain.trading.stranger import Stranger
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.notice_strangers import look_for_strangers
from chalicelib.services.trading.owner_desk import owner_desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The venue's ids of the orders to cancel, and of those that may stay."""

    cancel: Collection[str] = ()
    mine: Collection[str] = ()


def answer_strangers(
    ports: TradingPorts, account: str, answer: Answer, *, owner: str, dry_run: bool
) -> Sequence[Stranger]:
    """What rests there, asked of the venue now, and after the answer unless it is a dry run.

    ActionRefused where no such order rests, where the venue does not list its orders, and for an
    account that waits to be reopened.
    """
    with owner_desk(ports, account, owner) as desk:
        if ports.plans.state(account).restored_from is not None:
            raise ActionRefused(
                f"account {account} came out of a backup, and its orders are compared when it is "
                f"reopened: crypto-bot accounts reopen {account}"
            )
        found = {s.order.venue_order_id: s for s in _rests(desk)}
        for name in (*answer.cancel, *answer.mine):
            if name not in found:
                raise ActionRefused(
                    f"no order {name} of that kind rests on account {account}; crypto-bot accounts "
                    f"strangers {account} lists them"
                )
        if dry_run or not (answer.cancel or answer.mine):
            return tuple(found.values())
        for name in answer.cancel:
            desk.exchange.cancel(_as_intent(account, found[name]), name)
        _let_stay(desk, answer.mine)
        return _rests(desk)


def _rests(desk: Desk) -> Sequence[Stranger]:
    state = look_for_strangers(desk)
    if state is None:
        raise ActionRefused(
            f"{desk.account.exchange} lists no open orders in which the bot's could be told from "
            "others: look at its own page"
        )
    return state.strangers


def _let_stay(desk: Desk, names: Collection[str]) -> None:
    state = desk.ports.plans.state(desk.name)
    known = tuple(
        replace(s, mine=True) if s.order.venue_order_id in names else s for s in state.strangers
    )
    desk.ports.plans.save_state(replace(state, strangers=known))


def _as_intent(account: str, stranger: Stranger) -> OrderIntent:
    """Names the order to the venue; nothing of it is ever sent."""
    order = stranger.order
    return OrderIntent(
        id="",
        client_order_id=order.client_order_id,
        account=account,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        limit_price=order.limit_price,
        shares=(),
    )
