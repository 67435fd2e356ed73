"""What can go wrong, grouped by what the caller does about it.

CryptoBotError
    SignalRejected         the sender is told: an HTTP status and a sentence
    SettingsError          refuse to start, exit code 2
        SecretMissing      there is no such secret, or nothing in it
    ActionRefused          the owner's command does not fit the state of things; nothing changed
    ExchangeError
        OrderRejected      the venue said no: final, booked as REJECTED
        OrderNotPlaced     refused before acceptance (429, nonce, stale permit): may be sent again
        OutcomeUnknown     the order may exist: stays SUBMITTED, is reconciled, never resent blindly
        ExchangeUnavailable a read failed: the next tick asks again, after `retry_at` where given
            KeysRefused    the venue does not take the account's keys: the owner has to act
    StoreConflict          a conditional write lost: someone else did it
    StoreUnavailable       nothing is known to be stored: the sender may try again
    SandboxUnavailable     where a bot's code runs, it cannot be run now: tried again later
    NotDelivered           a channel did not take a message: tried again later
    LedgerUnbalanced       the books do not add up: trading halts
"""

from datetime import datetime


class CryptoBotError(Exception):
    """Base of every error this program raises on purpose."""


class SignalRejected(CryptoBotError):
    """An alert that cannot become a signal; `status` is the HTTP answer, `field` what was wrong."""

    def __init__(self, status: int, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.field = field


class SettingsError(CryptoBotError):
    """A setting, file or option that makes it unsafe to start."""


class SecretMissing(SettingsError):
    """There is no secret of that name, or it holds nothing yet."""


class ActionRefused(CryptoBotError):
    """What the owner asked for does not fit the state of things; nothing was changed."""


class ExchangeError(CryptoBotError):
    """Something between us and a venue."""


class OrderRejected(ExchangeError):
    """The venue refused the order for good; `code` is ours, the text is the venue's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class OrderNotPlaced(ExchangeError):
    """The order certainly never reached the book; it may be sent after `retry_at`."""

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class OutcomeUnknown(ExchangeError):
    """The venue may or may not have accepted; only a lookup by client order id can tell."""


class ExchangeUnavailable(ExchangeError):
    """A read did not succeed; nothing was changed by it. Before `retry_at` nothing may be asked."""

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class KeysRefused(ExchangeUnavailable):
    """The venue answered that the keys are wrong, or may not do this."""


class StoreConflict(CryptoBotError):
    """A conditional write found another version than the one it was based on."""


class StoreUnavailable(CryptoBotError):
    """The store refused or did not answer, and the write cannot be taken as done."""


class SandboxUnavailable(CryptoBotError):
    """Nothing is known of the bot: what was to run it was not there, or had no room for it."""


class SandboxBusy(SandboxUnavailable):
    """All that may run at once are running."""


class NotDelivered(CryptoBotError):
    """A notification channel did not take the message; the text holds no address and no token."""


class LedgerUnbalanced(CryptoBotError):
    """An entry whose legs do not cancel out per asset, or a fold that contradicts the books."""
