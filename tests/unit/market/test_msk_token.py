"""The token for MSK is the signed address that AWS's own signer makes."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

from chalicelib.adapters.buses.msk_token import msk_token
from chalicelib.adapters.clock import ReplayClock
from chalicelib.domain.errors import StoreUnavailable

NOON = datetime(2024, 8, 9, 12, tzinfo=UTC)


def test_it_is_an_address_signed_for_fifteen_minutes() -> None:
    session = Session()
    session.set_credentials("AKIDEXAMPLE", "made-up", "made-up-token")
    token, good_until = msk_token(session, "eu-west-1", ReplayClock(NOON))("")
    assert good_until == NOON.timestamp() + 900
    assert "=" not in token
    address = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("https", "kafka.eu-west-1.amazonaws.com")
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert asked["Action"] == "kafka-cluster:Connect"
    assert asked["X-Amz-Expires"] == "900"
    assert asked["X-Amz-Security-Token"] == "made-up-token"
    scope = asked["X-Amz-Credential"].split("/", 2)[2]
    assert scope == "eu-west-1/kafka-cluster/aws4_request"
    assert asked["User-Agent"] == "crypto-bot"
    assert asked["X-Amz-Signature"] == _signature(session, asked["X-Amz-Date"])


def _signature(session: Session, signed_at: str) -> str:
    """Made anew for the same second."""
    request = AWSRequest(
        method="GET", url="https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect"
    )
    request.context["timestamp"] = signed_at
    auth = SigV4QueryAuth(session.get_credentials(), "kafka-cluster", "eu-west-1", expires=900)
    auth._modify_request_before_signing(request)  # noqa: SLF001 - add_auth would take the time of now
    canonical = auth.canonical_request(request)
    return str(auth.signature(auth.string_to_sign(request, canonical), request))


def test_without_credentials_there_is_no_token() -> None:
    class Poor:
        def get_credentials(self) -> None:
            return None

    sign = msk_token(Poor(), "eu-west-1", ReplayClock(NOON))
    with pytest.raises(StoreUnavailable, match="no AWS credentials"):
        sign("")
