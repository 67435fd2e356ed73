"""What the owner hears of a bot whose code stopped: the whole notice, with what to type."""

from datetime import UTC, datetime, timedelta

from chalicelib.domain.operation.bot_notices import bot_stopped, deployment_stopped
from chalicelib.domain.operation.notice import Notice, Severity

NOON = datetime(2024, 8, 9, 12, tzinfo=UTC)
STOPPED = "sma at BTC/USDT 12:00: division by zero"


def test_a_bot_of_the_worker_begins_again_with_it() -> None:
    notice = bot_stopped(STOPPED, NOON)
    assert notice == Notice(
        key=f"bot stopped {STOPPED}",
        severity=Severity.P1,
        sentence=(
            f"{STOPPED}. The bot has stopped there, the others go on; it begins again with"
            " crypto-bot worker bots"
        ),
        at=NOON,
    )
    assert bot_stopped(STOPPED, NOON + timedelta(days=1)).key == notice.key


def test_a_deployment_waits_until_its_owner_has_seen_to_it() -> None:
    notice = deployment_stopped("trend", STOPPED, NOON)
    assert notice == Notice(
        key=f"deployment stopped {STOPPED}",
        severity=Severity.P1,
        sentence=(
            f"{STOPPED}. It asks for nothing there until you have seen to it; the others go on."
            " crypto-bot bots show trend; then bots update trend, or bots start trend"
        ),
        at=NOON,
    )
    assert deployment_stopped("trend", STOPPED, NOON + timedelta(days=1)).key == notice.key
