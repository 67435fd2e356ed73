"""A quarantined alert -> the signal that it becomes now that the owner has mended the cause."""

from dataclasses import dataclass, replace

from chalicelib.domain.errors import ActionRefused, SignalRejected
from chalicelib.domain.trading.account import Configuration
from chalicelib.domain.trading.alerts.address import choose_strategy, named_by
from chalicelib.domain.trading.alerts.alert import Alert, alert_from
from chalicelib.domain.trading.alerts.body import read_body
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.alerts.redaction import shortened
from chalicelib.domain.trading.alerts.signal_from import signal_from
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import TradingPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """`earlier` says that the signal is stored already: the alert arrived again by itself."""

    signal: Signal
    earlier: bool


def replay_alert(ports: TradingPorts, alert_id: str, *, dry_run: bool) -> Replayed:
    """Take it as it arrived, with its own fire time, and drop it from the quarantine.

    It is judged by the strategies of now, so an entry that has become too late is skipped as any
    other. ActionRefused if there is no such alert, or if it still cannot become a signal.
    """
    kept = ports.signals.quarantined_alert(alert_id)
    if kept is None:
        raise ActionRefused(
            f"there is no alert {alert_id} in quarantine; crypto-bot quarantine list shows them"
        )
    if not kept.body:
        raise ActionRefused(
            f"alert {alert_id} was kept without its body, because nobody could read it, or take "
            "the credentials out of it; send it anew"
        )
    try:
        signal = _signal(ports, kept)
    except SignalRejected as problem:
        raise ActionRefused(f"alert {alert_id} is still no signal: {problem}") from problem
    earlier = ports.signals.get(signal.id) if dry_run else ports.signals.add(signal)
    if earlier is not None and earlier.body_digest != kept.digest:
        raise ActionRefused(
            f"signal {signal.id} is stored with another body and stands: "
            f"crypto-bot quarantine drop {alert_id} --yes"
        )
    if dry_run:
        return Replayed(signal=earlier or signal, earlier=earlier is not None)
    ports.signals.keep_alert(signal.id, shortened(kept.body))
    ports.signals.drop_quarantined(alert_id)
    return Replayed(signal=earlier or signal, earlier=earlier is not None)


def _signal(ports: TradingPorts, kept: QuarantinedAlert) -> Signal:
    """Without a fire time of its own, the alert fired when it first arrived."""
    configuration = ports.strategies.configuration()
    alert = alert_from(read_body(kept.body.encode()))
    if alert.fired_at is None:
        alert = replace(alert, fired_at=kept.received_at)
    strategy = _strategy(configuration, kept, alert)
    return signal_from(alert, strategy, received_at=ports.clock.now(), body_digest=kept.digest)


def _strategy(configuration: Configuration, kept: QuarantinedAlert, alert: Alert) -> Strategy:
    """One of those that the alert's credential opened when it arrived, as it is configured now."""
    known = configuration.strategies
    opened = [known[name] for name in kept.opened if name in known]
    if not opened:
        raise ActionRefused(
            f"alert {kept.id} was for {', '.join(kept.opened)}, and there is no such strategy: "
            "crypto-bot strategies apply FILE with it"
        )
    named = named_by(alert, opened, None)
    if not named:
        raise ActionRefused(
            f"alert {kept.id} names strategy {alert.strategy}, and its credential speaks for "
            f"{', '.join(kept.opened)}; send it anew with that strategy's token"
        )
    return choose_strategy(named, alert)
