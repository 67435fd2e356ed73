"""What waits for the owner, or cannot go on without him: doctor's second half."""

from collections.abc import Iterator

from chalicelib import bootstrap
from chalicelib.cli.checks import Check
from chalicelib.cli.words import iso
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.account import Configuration, Subscription
from chalicelib.domain.trading.plan import Breaker

_NEWEST = 100


def check_attention(configuration: Configuration) -> Iterator[Check]:
    """Held orders, quarantined alerts, who follows nothing, and what an account may not do."""
    yield _held()
    yield _quarantined()
    yield from _subscriptions(configuration)
    for name in sorted(configuration.accounts):
        yield from _frozen(name)
        yield from _breakers(name)
        yield from _blocked(name)
        yield from _restored(name)


def frozen_on(account: str) -> dict[str, str]:
    """Symbols of which the account buys nothing, with the reason."""
    return bootstrap.trading().plans.state(account).barred


def breakers_of(account: str) -> list[Breaker]:
    """What keeps the account from buying now."""
    now = bootstrap.clock().now()
    breakers = bootstrap.trading().plans.state(account).breakers
    return [breaker for breaker in breakers if breaker.is_open(now)]


def silence_of(account: str) -> str:
    """Until when the account's venue must not be asked, and why; '' while it may be."""
    state = bootstrap.trading().plans.state(account)
    if state.blocked_until is None or not state.is_blocked(bootstrap.clock().now()):
        return ""
    return f"until {iso(state.blocked_until)}: {state.blocked_because}"


def refuse_while_silent(account: str) -> None:
    """ActionRefused while the account's venue must not be asked."""
    silence = silence_of(account)
    if silence:
        raise ActionRefused(f"the venue of account {account} is not asked anything {silence}")


def waits_after_restore(account: str) -> bool:
    """Whether the account came out of a backup and has not been compared with its exchange."""
    return bootstrap.trading().plans.state(account).restored_from is not None


def _restored(account: str) -> Iterator[Check]:
    if waits_after_restore(account):
        detail = f"decides nothing: crypto-bot accounts reopen {account}"
        yield Check(name=f"account {account}: restored", ok=False, detail=detail)


def _held() -> Check:
    held = bootstrap.trading().orders.held(_NEWEST)
    if not held:
        return Check(name="held orders", ok=True, detail="no order waits for your word")
    detail = (
        f"{_count(len(held), 'order')} of unknown fate, HELD; see what the venue shows: "
        f"crypto-bot resolve {held[0].intent.id} (crypto-bot orders --held lists them)"
    )
    return Check(name="held orders", ok=False, detail=detail)


def _quarantined() -> Check:
    store = bootstrap.signals()
    refused = len(store.quarantined(_NEWEST))
    given_up = sum(bool(signal.quarantined_by) for signal in store.recent(_NEWEST))
    said = []
    if refused:
        said.append(f"{_count(refused, 'alert')} could not become signals")
    if given_up:
        said.append(f"{_count(given_up, 'signal')} could not be planned")
    if not said:
        return Check(name="quarantine", ok=True, detail="no alert is in it")
    detail = f"{', '.join(said)}: crypto-bot quarantine list"
    return Check(name="quarantine", ok=None, detail=detail)


def _count(count: int, what: str) -> str:
    """`_NEWEST` were asked for: that many may be more."""
    more = " or more" if count == _NEWEST else ""
    return f"{count}{more} {what}{'' if count == 1 else 's'}"


def _frozen(account: str) -> Iterator[Check]:
    name = f"account {account}: frozen"
    frozen = frozen_on(account)
    for symbol, reason in sorted(frozen.items()):
        yield Check(name=name, ok=False, detail=f"nothing is bought of {symbol}: {reason}")
    if not frozen:
        yield Check(name=name, ok=True, detail="no instrument is")


def _breakers(account: str) -> Iterator[Check]:
    name = f"account {account}: breakers"
    breakers = breakers_of(account)
    for breaker in breakers:
        detail = f"open since {iso(breaker.opened_at)}: {breaker.reason} ({breaker.code})"
        yield Check(name=name, ok=False, detail=detail)
    if not breakers:
        yield Check(name=name, ok=True, detail="none is open")


def _blocked(account: str) -> Iterator[Check]:
    silence = silence_of(account)
    if silence:
        name = f"account {account}: venue"
        yield Check(name=name, ok=False, detail=f"it is not asked anything {silence}")


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
