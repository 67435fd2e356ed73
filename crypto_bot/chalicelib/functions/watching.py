"""After a tick: look at what it left, show the figures, tell the owner.

The trade is done by then, and stands whatever becomes of this: no failure here is a failed tick.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from chalicelib import bootstrap
from chalicelib.bootstrap.operation import operation, telemetry
from chalicelib.domain.operation.figures import FigureName, figures_of
from chalicelib.domain.operation.observation import AccountTrouble, Observation, TickEnd
from chalicelib.services.operation.notify_owner import notify_owner
from chalicelib.services.operation.observe_trading import observe_trading
from chalicelib.services.trading.tick import TickReport

_WORKED: Final = "worked"
_IDLE: Final = "idle"
_NEEDED: Final = timedelta(seconds=8)
# While ticks are idle. Only what other processes leave (a quarantined alert, a halt) and the time
# itself (silence, the summary's hour) can be news then.
_LOOK_EVERY: Final = timedelta(minutes=5)

_LOG = logging.getLogger(__name__)


@bootstrap.made_once
def _last_look() -> list[Observation]:
    """What this process saw last, where nothing was left to be done about it.

    A hint, and lost with the process: without it the stores are looked at.
    """
    return []


def after_tick(
    report: TickReport | None,
    failure: BaseException | None = None,
    *,
    owner: str,
    left: timedelta | None = None,
) -> None:
    """`report` of a good tick, or what it raised; neither: a look without a tick.

    `left` is the time there still is, if that is bounded. Takes a few reads and, where something
    is to be told, about 3 s for all channels at most; mostly none after an idle tick.
    """
    end = _end(report, failure)
    standing = _standing(report, end)
    if standing is not None:
        _show(standing, report)
        return
    _last_look().clear()
    try:
        ports = operation()
        seen = observe_trading(ports.trading, ports.notices.watch(), end)
        _show(seen, report)
    except Exception:  # noqa: BLE001 - the stores do not answer, or nobody foresaw it
        _LOG.exception("nothing could be observed after the tick")
        figures = {FigureName.TICK_HEARTBEAT: 1} if end.good else {}
        telemetry().ticked(figures, _details(report, end))
        return
    try:
        notify_owner(ports, seen, owner=owner, may_send=left is None or left > _NEEDED)
        if seen.is_settled and not ports.notices.undone(1):
            _last_look().append(seen)
    except Exception:  # noqa: BLE001 - nothing in here is worth a trade
        _LOG.exception("the owner could not be told; the next tick tries again")


def _standing(report: TickReport | None, end: TickEnd) -> Observation | None:
    """How things stand after an idle tick by the last look; None where a look is due."""
    if report is None or report.outcome != _IDLE or not _last_look():
        return None
    [seen] = _last_look()
    now = bootstrap.clock().now()
    return seen.without_news(now, end) if _is_fresh(seen, now) else None


def _is_fresh(seen: Observation, now: datetime) -> bool:
    return timedelta(0) <= now - seen.at < _LOOK_EVERY


def _end(report: TickReport | None, failure: BaseException | None) -> TickEnd:
    accounts = () if report is None else report.accounts
    return TickEnd(
        good=report is not None,
        failure="" if failure is None else f"{type(failure).__name__}: {failure}",
        troubles=tuple(
            AccountTrouble(account=a.account, status=a.status, detail=a.detail)
            for a in accounts
            if a.status != _WORKED
        ),
        interval=bootstrap.settings().tick_interval,
    )


def _show(seen: Observation, report: TickReport | None) -> None:
    telemetry().ticked(figures_of(seen), _details(report, seen.tick))
    for signal in seen.ended:
        plans = sorted({outcome.plan_id for outcome in signal.outcomes if outcome.plan_id})
        about = {
            "signal_id": signal.id,
            "strategy": signal.strategy,
            "symbol": signal.symbol,
            "plans": ",".join(plans),
        }
        # Tells the story without its fields, too: an embedded log has lines of words.
        _LOG.info(
            "signal %s of %s for %s ended %s: %s",
            signal.id,
            signal.strategy,
            signal.symbol,
            signal.status,
            signal.reason,
            extra=about,
        )


def _details(report: TickReport | None, end: TickEnd) -> Mapping[str, object]:
    """What stands in the log beside the figures; amounts of work, no names of coins."""
    accounts = () if report is None else report.accounts
    return {
        "message": f"tick {report.outcome}" if report else "tick failed" if end.failure else "look",
        "accounts": len(accounts),
        "plans": sum(a.plans for a in accounts),
        "orders_sent": sum(a.orders_sent for a in accounts),
        "fills_booked": sum(a.fills_booked for a in accounts),
        "troubles": ", ".join(f"{t.account} {t.status}" for t in end.troubles),
    }
