"""What the next tick would decide."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import Asked, Routes
from chalicelib.api.answers import Refused
from chalicelib.api.named import known_account

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chalicelib.domain.trading.plan import Plan, Step, Trigger, Verdict

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_TEXT: Final = {"type": "string"}


@routes.reads(
    "/plan/{account}",
    answer={"properties": {"account": _TEXT, "steps": _ROWS}},
)
def preview(_asked: Asked, account: str) -> dict[str, Any]:
    """What the next tick would decide for an account by the prices of now; nothing is stored.

    Asks the account's exchange. The API on AWS has no keys, so there only virtual accounts can be
    looked at; crypto-bot preview --stage shows the others.
    """
    from chalicelib import bootstrap
    from chalicelib.domain.trading.account import Mode
    from chalicelib.services.trading.preview_plan import preview_plan

    known = known_account(account)
    is_function = bootstrap.is_deployed() and not bootstrap.choices().from_outside
    if is_function and known.mode is not Mode.VIRTUAL:
        stage = bootstrap.settings().stage
        raise Refused(
            409,
            f"the API on AWS holds no keys of exchanges: crypto-bot preview {account} "
            f"--stage {stage}",
        )
    plans = preview_plan(bootstrap.trading(), account)
    return {"account": account, "steps": [step for plan in plans for step in _steps(plan)]}


def _steps(plan: "Plan") -> "Sequence[Mapping[str, object]]":
    orders = [
        {
            "what": "order",
            "step": plan.step,
            "strategies": [share.strategy for share in intent.shares],
            "symbol": intent.symbol,
            "side": intent.side,
            "quantity": intent.quantity,
            "price": intent.limit_price,
            "reason": intent.because,
        }
        for intent in plan.intents
    ]
    crosses = [
        {
            "what": "internal cross",
            "step": plan.step,
            "strategies": [cross.seller, cross.buyer],
            "symbol": cross.symbol,
            "quantity": cross.quantity,
            "price": cross.price,
            "reason": f"{cross.seller} hands over to {cross.buyer}",
        }
        for cross in plan.crosses
    ]
    triggered = [_other("protection", plan.step, trigger) for trigger in plan.triggers]
    judged = [_other(str(each.status).lower(), plan.step, each) for each in plan.verdicts]
    return [*orders, *crosses, *triggered, *judged]


def _other(what: str, step: "Step", row: "Trigger | Verdict") -> dict[str, Any]:
    return {
        "what": what,
        "step": step,
        "strategies": [row.strategy],
        "symbol": row.symbol,
        "reason": row.reason,
    }
