"""A POST to AWS -> the headers that prove who sent it (Signature Version 4)."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from chalicelib.drivers.function_access import Access

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


def signed(
    headers: Mapping[str, str], body: bytes, access: Access, service: str, at: str
) -> dict[str, str]:
    """`headers`, `host` among them and all names in lower case, and those of the signature.

    `at` is the time as 20240810T120000Z; AWS refuses what is five minutes old.
    """
    complete = dict(headers) | {"x-amz-date": at}
    if access.token:
        complete["x-amz-security-token"] = access.token
    names = sorted(complete)
    lines = "".join(f"{name}:{complete[name].strip()}\n" for name in names)
    request = f"POST\n/\n\n{lines}\n{';'.join(names)}\n{sha256(body).hexdigest()}"
    scope = f"{at[:8]}/{access.region}/{service}/aws4_request"
    text = f"{_ALGORITHM}\n{at}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"AWS4{access.secret}".encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    proof = _mac(key, text).hex()
    complete["authorization"] = (
        f"{_ALGORITHM} Credential={access.key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={proof}"
    )
    return complete


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
