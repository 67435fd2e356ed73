"""What watches over the trading: notices, the owner's channels, and where figures go."""

from typing import TYPE_CHECKING

from chalicelib import bootstrap
from chalicelib.ports import NoticeStore, OperationPorts, Telemetry

if TYPE_CHECKING:  # a function on AWS does without
    from chalicelib.adapters.telemetry.gauges import Gauges


@bootstrap.made_once
def notices() -> NoticeStore:
    """What the owner was told and is to be told."""
    from chalicelib.adapters.stores.notices import TableNoticeStore

    return TableNoticeStore(bootstrap.table())


@bootstrap.made_once
def operation() -> OperationPorts:
    """Everything that the operation services may touch."""
    from chalicelib.bootstrap.notifiers import Channels

    return OperationPorts(
        trading=bootstrap.trading(),
        notices=notices(),
        notifiers=Channels(
            secrets=bootstrap.secrets,
            allows_loopback=not bootstrap.is_deployed(),
            alarm_topic=bootstrap.settings().alarm_topic,
        ),
        stage=bootstrap.settings().stage.value,
    )


@bootstrap.made_once
def gauges() -> "Gauges":
    """The figures of this process, for /metrics."""
    from chalicelib.adapters.telemetry.gauges import Gauges

    return Gauges()


@bootstrap.made_once
def telemetry() -> Telemetry:
    """CloudWatch where this process's output goes there, else its own memory."""
    chosen = bootstrap.choices()
    if not bootstrap.is_deployed() or (chosen.from_outside and not chosen.emits_metrics):
        return gauges()
    from chalicelib.adapters.telemetry.emf import EmbeddedMetrics

    settings = bootstrap.settings()
    return EmbeddedMetrics(
        settings.stage.value, bootstrap.clock(), are_metered=settings.cloudwatch_metrics
    )
