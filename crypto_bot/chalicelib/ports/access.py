"""Who may use the API, and what they did there."""

from collections.abc import Callable
from typing import Protocol

from chalicelib.domain.operation.deed import Deed
from chalicelib.domain.operation.role import AccessToken


class AccessTokenStore(Protocol):
    """What the tokens of the API hash to; the tokens themselves are stored nowhere."""

    def tokens(self) -> tuple[AccessToken, ...]:
        """The newest of each name first; none where the owner has made none."""
        ...

    def change(self, edit: Callable[[tuple[AccessToken, ...]], tuple[AccessToken, ...]]) -> None:
        """From now on those that `edit` makes of these, and no others.

        It is asked again where somebody else has changed them meanwhile, so that no token that was
        ended comes back.
        """
        ...


class DeedStore(Protocol):
    """What was done over the API, and by whom; never rewritten once it is over."""

    def begin(self, deed: Deed) -> Deed | None:
        """Write it down before it is done. None if it is new, else the one under its id."""
        ...

    def end(self, deed: Deed) -> None:
        """Write down how it ended."""
        ...

    def recent(self, limit: int, before: str | None = None) -> list[tuple[str, Deed]]:
        """Newest first, each with its place; `before` is the place of the last one of a page."""
        ...
