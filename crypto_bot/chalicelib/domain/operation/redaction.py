"""Log lines and messages -> the same without credentials, wherever those came from."""

import re
from typing import Final

from chalicelib.domain.trading.alerts.redaction import redacted

_BLANK: Final = "[blanked]"

# What stands before a credential, and the credential. The webhook's own address holds a token.
# No pattern begins with a repetition: a long word must not be tried from each of its letters.
_PLACES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(/hook/[^/\s\"']+/)([^\s\"'?#,;]+)",
        r"(?i)([?&](?:[\w-]{0,40}token|sign|[\w-]{0,40}key|[\w-]{0,40}secret|auth)=)([^&\s\"'#]+)",
        r"(?i)(\b(?:bearer|basic)\s)([\w.~+/=-]{6,})",
        r"(?i)((?:signature|api-?key|api-sign|api-?secret|authorization|passphrase)[\"']?"
        r"\s{0,4}[:=]\s{0,4}+(?:b?[\"'])?+)((?!bearer |basic |\[)[^\s\"',;&}]+)",
        r"(/bot)(\d+:[\w-]+)",  # Telegram's address
        r"(?i)(//hooks\.slack\.com/)([^\s\"',;]+)",
        r"(?i)(discord(?:app)?\.com/api/webhooks/)([^\s\"',;]+)",
    )
)


def without_credentials(text: str) -> str:
    """Blanks tokens in addresses, signatures, and the values of names that hold credentials."""
    for place in _PLACES:
        text = place.sub(lambda found: f"{found[1]}{_BLANK}", text)
    return redacted(text, "")
