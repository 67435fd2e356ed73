"""The token by which MSK lets in who has AWS credentials: a signed URL, good for 15 minutes.

As AWS's own signer makes it (SASL/OAUTHBEARER): the presigned GET of kafka-cluster:Connect, with
the name of who signed, in base64 without padding.
"""

import base64
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.ports import Clock

_LIFETIME: Final = 900
_SIGNER: Final = urlencode({"User-Agent": "crypto-bot"})


def msk_token(session: Session, region: str, clock: Clock) -> Callable[[str], tuple[str, float]]:
    """For librdkafka's oauth_cb: a token, and until when it is good in seconds since 1970."""

    def sign(_configuration: str) -> tuple[str, float]:
        credentials: Any = session.get_credentials()
        if credentials is None:
            raise StoreUnavailable("there are no AWS credentials to sign the token for MSK with")
        request = AWSRequest(
            method="GET",
            url=f"https://kafka.{region}.amazonaws.com/?Action=kafka-cluster%3AConnect",
        )
        good_until = clock.now().timestamp() + _LIFETIME
        SigV4QueryAuth(
            credentials.get_frozen_credentials(), "kafka-cluster", region, expires=_LIFETIME
        ).add_auth(request)
        address = f"{request.url}&{_SIGNER}"
        return base64.urlsafe_b64encode(address.encode()).decode().rstrip("="), good_until

    return sign
