"""The owner's channels, put in force whole."""

from dataclasses import replace

from chalicelib.domain.operation.channel import Notifications
from chalicelib.ports import NoticeStore


def apply_notifications(store: NoticeStore, wanted: Notifications) -> bool:
    """Whether anything changes. StoreConflict if somebody else changed it meanwhile."""
    current = store.notifications()
    wanted = replace(wanted, version=current.version)
    if wanted == current:
        return False
    store.save_notifications(wanted)
    return True
