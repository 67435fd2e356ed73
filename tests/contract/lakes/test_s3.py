"""What S3 refuses for good is a setting; what may be better the next time is not."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.domain.errors import SettingsError, StoreUnavailable


def test_a_bucket_that_is_not_there_is_a_wrong_setting(s3: Any) -> None:
    with pytest.raises(SettingsError, match=r"bucket nobodys \(NoSuchBucket\); check the bucket"):
        S3Lake(s3, "nobodys").put("trades/a", b"")


@pytest.mark.parametrize("code", ["SlowDown", "InternalError", "503"])
def test_a_busy_s3_is_asked_again_later(s3: Any, s3_lake: S3Lake, code: str) -> None:
    def refuse(**_: object) -> tuple[Any, dict[str, Any]]:
        return _Answer(), {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 503}}

    s3.meta.events.register("before-call.s3.PutObject", refuse)
    try:
        with pytest.raises(StoreUnavailable, match=f"failed: {code}"):
            s3_lake.put("trades/a", b"")
    finally:
        s3.meta.events.unregister("before-call.s3.PutObject", refuse)


def test_no_connection_is_no_answer(s3: Any, s3_lake: S3Lake) -> None:
    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://s3")

    s3.meta.events.register("before-call.s3.GetObject", fail)
    try:
        with pytest.raises(StoreUnavailable, match="Could not connect"):
            s3_lake.get("trades/a")
    finally:
        s3.meta.events.unregister("before-call.s3.GetObject", fail)


class _Answer:
    status_code = 503
