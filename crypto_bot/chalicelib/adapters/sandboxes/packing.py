"""What goes into a function and comes out of it: JSON, packed, because Lambda takes 6 MB of it.

`{"version": 1, "packed": BASE64}`, where BASE64 is JSON as zlib packs it.
"""

import json
import zlib
from base64 import b64decode, b64encode
from binascii import Error as OddBase64
from typing import Any, Final

from chalicelib.domain.bots.refusals import BotRefused

MOST_PACKED: Final = 6_000_000  # bytes; Lambda's limit is 6,291,456, and there is JSON around it
_MOST_UNPACKED: Final = 64_000_000
_VERSION: Final = 1


def packed(message: object) -> dict[str, Any]:
    """BotRefused where Lambda would not take it."""
    text = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    if len(text) > _MOST_UNPACKED:
        raise BotRefused(f"{len(text)} bytes are said at once; {_MOST_UNPACKED} are possible")
    body = b64encode(zlib.compress(text)).decode()
    if len(body) > MOST_PACKED:
        raise BotRefused(
            f"{len(body)} bytes are said at once, packed; a function takes {MOST_PACKED}"
        )
    return {"version": _VERSION, "packed": body}


def unpacked(said: object) -> dict[str, Any]:
    """Whoever packed it: BotRefused for what is none of ours, or grows without end."""
    body = said.get("packed") if isinstance(said, dict) else None
    if not isinstance(said, dict) or said.get("version") != _VERSION or not isinstance(body, str):
        raise BotRefused(f"what was said is not packed as version {_VERSION} is")
    try:
        text = zlib.decompressobj().decompress(b64decode(body, validate=True), _MOST_UNPACKED)
        found = json.loads(text)
    except (OddBase64, zlib.error, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BotRefused("what was packed is no JSON object")
    return found
