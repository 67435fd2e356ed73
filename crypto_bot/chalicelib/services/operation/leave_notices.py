"""Notices of stages that do not send: stored, so that the next tick tells the owner."""

from collections.abc import Iterable

from chalicelib.domain.operation.notice import Notice
from chalicelib.ports import NoticeStore


def leave_notices(notices: NoticeStore, found: Iterable[Notice | None]) -> None:
    """Each occasion is stored once; None is nothing to tell."""
    for notice in found:
        if notice is not None:
            notices.add(notice)
