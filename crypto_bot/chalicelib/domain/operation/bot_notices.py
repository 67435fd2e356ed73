"""What the owner has to know of bots. A wish that is refused is in quarantine as any alert."""

from datetime import datetime

from chalicelib.domain.operation.notice import Notice, Severity


def bot_stopped(sentence: str, at: datetime) -> Notice:
    """Its code stopped at a candle: it asks for nothing until the worker is started again."""
    return Notice(
        key=f"bot stopped {sentence}",
        severity=Severity.P1,
        sentence=(
            f"{sentence}. The bot has stopped there, the others go on; it begins again with"
            " crypto-bot worker bots"
        ),
        at=at,
    )


def deployment_stopped(name: str, sentence: str, at: datetime) -> Notice:
    """A deployment's code stopped, on one of its instruments or on all."""
    return Notice(
        key=f"deployment stopped {sentence}",
        severity=Severity.P1,
        sentence=(
            f"{sentence}. It asks for nothing there until you have seen to it; the others go on."
            f" crypto-bot bots show {name}; then bots update {name}, or bots start {name}"
        ),
        at=at,
    )
