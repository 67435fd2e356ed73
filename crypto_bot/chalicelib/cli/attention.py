"""What waits for the owner, or cannot go on without him: doctor's second half."""

from collections.abc import Iterator

from chalicelib import bootstrap
from chalicelib.cli.checks import Check
from chalicelib.domain.trading.account import Configuration, Subscription

_NEWEST = 100


def check_attention(configuration: Configuration) -> Iterator[Check]:
    """Held orders, quarantined alerts, frozen instruments, and who follows nothing."""
    yield _held()
    yield _quarantined()
    yield from _subscriptions(configuration)
    for name in sorted(configuration.accounts):
        yield from _frozen(name)


def frozen_on(account: str) -> dict[str, str]:
    """Symbols that the account must not trade, with the reason."""
    return bootstrap.trading().plans.state(account).frozen


def _held() -> Check:
    held = bootstrap.trading().orders.held(_NEWEST)
    if not held:
        return Check(name="held orders", ok=True, detail="no order waits for your word")
    detail = (
        f"{_count(len(held), 'order')} of unknown fate, HELD; look at the venue's own page, "
        f"then: crypto-bot resolve {held[0].intent.id} --filled --price PRICE, or --absent "
        "(crypto-bot orders --held lists them)"
    )
    return Check(name="held orders", ok=False, detail=detail)


def _quarantined() -> Check:
    count = len(bootstrap.signals().quarantined(_NEWEST))
    if not count:
        return Check(name="quarantine", ok=True, detail="no alert is in it")
    detail = f"{_count(count, 'alert')} could not become signals: crypto-bot signals --quarantined"
    return Check(name="quarantine", ok=None, detail=detail)


def _count(count: int, what: str) -> str:
    """`_NEWEST` were asked for: that many may be more."""
    more = " or more" if count == _NEWEST else ""
    return f"{count}{more} {what}{'' if count == 1 else 's'}"


def _frozen(account: str) -> Iterator[Check]:
    name = f"account {account}: frozen"
    frozen = frozen_on(account)
    for symbol, reason in sorted(frozen.items()):
        yield Check(name=name, ok=False, detail=f"{symbol} is not traded: {reason}")
    if not frozen:
        yield Check(name=name, ok=True, detail="no instrument is")


def _subscriptions(configuration: Configuration) -> Iterator[Check]:
    broken = [
        (s, missing) for s in configuration.subscriptions for missing in _of(s, configuration)
    ]
    for subscription, missing in broken:
        detail = f"account {subscription.account} follows {subscription.strategy}, and {missing}"
        yield Check(name="subscriptions", ok=False, detail=detail)
    if not broken:
        yield Check(name="subscriptions", ok=True, detail="each has its account and its strategy")


def _of(subscription: Subscription, configuration: Configuration) -> Iterator[str]:
    if subscription.account not in configuration.accounts:
        yield f"there is no account {subscription.account}: crypto-bot accounts apply FILE with it"
    if subscription.strategy not in configuration.strategies:
        yield (
            f"there is no strategy {subscription.strategy}: crypto-bot strategies apply FILE "
            "with it, or accounts apply FILE without the subscription"
        )
